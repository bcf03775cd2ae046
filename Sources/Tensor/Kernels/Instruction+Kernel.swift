import Ground

extension Instruction {
    /// What runs it.
    var kernel: Kernel {
        switch self {
        case .unary(let function, let count): function.kernel(count)
        case .binary(let function, let walk): function.kernel(walk)
        case .ternary(let function, let walk): function.kernel(walk)
        case .equal(let elementType, let walk): .equal(elementType, walk)
        case .cast(let source, let target, let count): .cast(from: source, to: target, count: count)
        case .sum(let geometry, let divisor): .sum(geometry, dividedBy: divisor)
        case .max(let geometry): .max(geometry)
        case .min(let geometry): .min(geometry)
        case .argmax(let shape, let axis): .argmax(shape, axis: axis)
        case .product(let product, let batches): .product(product, batches: batches)
        case .linear(let x, let weight, let rectifies): .linear(x: x, weight: weight, rectifies: rectifies)
        case .convolution(let work): .convolution(work)
        case .maxPool(let geometry): .maxPool(geometry)
        case .sumPool(let geometry): .sumPool(geometry)
        case .sumPoolGradient(let geometry): .sumPoolGradient(geometry)
        case .cumulativeSum(let shape, let axis, let isReversed):
            .cumulativeSum(shape, axis: axis, isReversed: isReversed)
        case .copy(let byteCount): .copy(byteCount: byteCount)
        case .move(let elementType, let walk): .move(elementType, walk)
        case .spread(let walk, let divisor): .move(walk, dividingBy: divisor)
        case .slice(let elementType, let geometry): .slice(elementType, geometry)
        case .sliceGradient(let elementType, let geometry, let byteCount):
            .sliceGradient(elementType, geometry, byteCount: byteCount)
        case .pad(let elementType, let geometry, let count, let value):
            .pad(elementType, geometry, count: count, value)
        case .takeRows(let table, let indices): .takeRows(table, indices: indices)
        case .scatterRows(let shape, let indices): .scatterRows(into: shape, indices: indices)
        case .order(let shape, let axis, let count, let isDescending):
            .order(shape, axis: axis, count: count, isDescending: isDescending)
        case .takeAlong(let elementType, let shape, let axis, let indices):
            .takeAlong(elementType, from: shape, axis: axis, indices: indices)
        case .scatterAlong(let shape, let axis, let indices):
            .scatterAlong(into: shape, axis: axis, indices: indices)
        case .concatenate(let elementType, let shapes, let axis):
            .concatenate(elementType, shapes, axis: axis)
        case .split(let elementType, let shapes, let axis): .split(elementType, shapes, axis: axis)
        case .oneHot(let depth, let labels): .oneHot(depth: depth, labels: labels)
        case .softmax(let shape, let axis): .softmax(shape, axis: axis)
        case .logSoftmax(let shape, let axis): .logSoftmax(shape, axis: axis)
        case .crossEntropy(let reduction, let logits, let labels):
            .crossEntropy(reduction, logits: logits, labels: labels)
        case .crossEntropyGradient(let reduction, let logits, let labels):
            .crossEntropyGradient(reduction, logits: logits, labels: labels)
        }
    }

    /// What it needs beside its operands while it runs, as bytes: one more result, that nobody reads.
    var scratchType: ValueType? {
        guard case .convolution(let work) = self, !work.shapes.isEmpty else { return nil }
        let byteCount = work.scratchByteCount
        return ValueType(.uint8, Shape(checked: [byteCount], elementCount: byteCount))
    }

    /// Runs once, outside any plan: what folding constants needs.
    func evaluate(
        _ inputs: [TensorValue], outputs types: [ValueType], _ flag: CancelFlag
    ) throws(TensorError) -> [TensorValue] {
        ComputeThread.prepare()
        let all = types + (scratchType.map { [$0] } ?? [])
        let storages = all.map { Storage(byteCount: $0.byteCount) }
        let results = storages.map { Memory($0) }, operands = inputs.map { Memory($0.storage) }
        func operand(_ index: Int) -> Memory {
            index < operands.count ? operands[index] : operands.first ?? results[0]
        }
        let more = results.dropFirst() + operands.dropFirst(3)
        let others = OtherMemories(count: more.count, results[0])
        for (index, memory) in more.enumerated() { others[index] = memory }
        try kernel.run(
            Operands(
                output: results[0], first: operand(0), second: operand(1), third: operand(2),
                others: others.from(0),
                flag: flag))
        try flag.check()
        return zip(types, storages).map { TensorValue($0, filled: $1) }
    }
}
