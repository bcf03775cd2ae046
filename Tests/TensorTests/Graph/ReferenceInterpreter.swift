@testable import Tensor

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A tensor for the slow twin: every number a Double, whatever the element type.
struct ReferenceValue: Equatable {
    var sizes: [Int]
    var numbers: [Double]

    init(_ sizes: [Int], _ numbers: [Double]) {
        self.sizes = sizes
        self.numbers = numbers
    }

    init(_ sizes: [Int], at number: ([Int]) -> Double) {
        self.init(sizes, ReferenceValue.indices(sizes).map(number))
    }

    init(_ value: TensorValue) throws {
        sizes = value.shape.dimensions
        switch value.elementType {
        case .float32: numbers = try value.floats.map(Double.init)
        case .int32: numbers = try value.int32s.map(Double.init)
        case .int64: numbers = try value.int64s.map(Double.init)
        case .uint8: numbers = try value.bytes.map(Double.init)
        }
    }

    /// The number at an index of a shape this one broadcasts to.
    subscript(index: [Int]) -> Double {
        var flat = 0
        for (size, position) in zip(sizes, index.suffix(sizes.count)) {
            flat = flat * size + (size == 1 ? 0 : position)
        }
        return numbers[flat]
    }

    /// All indices of a shape in row-major order.
    static func indices(_ sizes: [Int]) -> [[Int]] {
        sizes.reduce([[]]) { prefixes, size in prefixes.flatMap { prefix in (0..<size).map { prefix + [$0] } }
        }
    }

    func tensorValue(_ type: ElementType) throws -> TensorValue {
        switch type {
        case .float32: try TensorValue(numbers.map { Float($0) }, shape: sizes)
        case .int32: try TensorValue(numbers.map { Int32($0) }, shape: sizes)
        case .int64: try TensorValue(numbers.map { Int64($0) }, shape: sizes)
        case .uint8: try TensorValue(numbers.map { UInt8($0) }, shape: sizes)
        }
    }
}

/// What every operation means, written as slowly and plainly as possible: the oracle for gradients and
/// kernels.
enum ReferenceInterpreter {
    static func run(_ graph: Graph, _ inputs: [ReferenceValue]) throws -> [ReferenceValue] {
        var values = inputs + (try graph.constants.map(ReferenceValue.init))
        for node in graph.nodes {
            values.append(apply(node.operation, node.inputs.map { values[$0] }))
        }
        return graph.outputs.map { values[$0] }
    }

    static func apply(_ operation: Operation, _ inputs: [ReferenceValue]) -> ReferenceValue {
        let x = inputs[0]
        switch operation {
        case .add: return broadcast(inputs) { $0[0] + $0[1] }
        case .subtract: return broadcast(inputs) { $0[0] - $0[1] }
        case .multiply: return broadcast(inputs) { $0[0] * $0[1] }
        case .divide: return broadcast(inputs) { $0[0] / $0[1] }
        case .maximum: return broadcast(inputs) { max($0[0], $0[1]) }
        case .minimum: return broadcast(inputs) { min($0[0], $0[1]) }
        case .greater: return broadcast(inputs) { $0[0] > $0[1] ? 1 : 0 }
        case .equal: return broadcast(inputs) { $0[0] == $0[1] ? 1 : 0 }
        case .addProduct: return broadcast(inputs) { $0[0] + $0[1] * $0[2] }
        case .select: return broadcast(inputs) { $0[0] != 0 ? $0[1] : $0[2] }
        case .negate: return map(x) { -$0 }
        case .exp: return map(x) { exp($0) }
        case .log: return map(x) { log($0) }
        case .sqrt: return map(x) { $0.squareRoot() }
        case .reciprocal: return map(x) { 1 / $0 }
        case .tanh: return map(x) { tanh($0) }
        case .sigmoid: return map(x) { 1 / (1 + exp(-$0)) }
        case .relu: return map(x) { max($0, 0) }
        case .abs: return map(x) { Swift.abs($0) }
        case .sign: return map(x) { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
        case .power(let exponent): return map(x) { pow($0, Double(exponent)) }
        case .reluGradient: return broadcast(inputs) { $0[1] > 0 ? $0[0] : 0 }
        case .cast(let type): return map(x) { type == .float32 ? $0 : $0.rounded(.towardZero) }
        case .sum(let axes, let keeps): return reduce(x, axes, keeps) { $0.reduce(0, +) }
        case .mean(let axes, let keeps): return reduce(x, axes, keeps) { $0.reduce(0, +) / Double($0.count) }
        case .max(let axes, let keeps): return reduce(x, axes, keeps) { $0.max() ?? .nan }
        case .min(let axes, let keeps): return reduce(x, axes, keeps) { $0.min() ?? .nan }
        case .argmax(let axis):
            return reduce(x, [axis], false) { row in Double(row.firstIndex(of: row.max() ?? .nan) ?? -1) }
        case .sumLike: return sum(x, like: inputs[1].sizes)
        case .broadcastLike(let axes, let keeps, let averaging):
            return spread(x, axes, keeps, to: inputs[1].sizes, averaging)
        case .reshapeLike: return ReferenceValue(inputs[1].sizes, x.numbers)
        case .matmul(let transposeLeft, let transposeRight):
            return product(x, inputs[1], transposeLeft, transposeRight)
        case .linear:
            return broadcast([product(x, inputs[1], false, true), inputs[2]]) { $0[0] + $0[1] }
        case .reshape(let sizes): return ReferenceValue(reshaped(x.sizes, to: sizes), x.numbers)
        case .transpose(let permutation): return transposed(x, permutation)
        case .expand(let sizes):
            let target = sizes.enumerated().map { $1 == 0 ? x.sizes[$0 - sizes.count + x.sizes.count] : $1 }
            return ReferenceValue(target) { x[$0] }
        case .slice(let starts, let stops, let steps):
            let kept = positions(of: x.sizes, starts, stops, steps)
            return ReferenceValue(kept.map(\.count)) { index in x[zip(kept, index).map { $0[$1] }] }
        case .sliceGradient(let starts, let stops, let steps):
            let kept = positions(of: inputs[1].sizes, starts, stops, steps)
            return ReferenceValue(inputs[1].sizes) { index in
                let own = zip(kept, index).compactMap { $0.firstIndex(of: $1) }
                return own.count == index.count ? x[own] : 0
            }
        case .softmax(let axis): return softmax(x, axis)
        case .logSoftmax(let axis): return map(softmax(x, axis)) { log($0) }
        case .softmaxCrossEntropy(let reduction): return crossEntropy(x, inputs[1], reduction)
        case .softmaxCrossEntropyGradient(let reduction):
            return crossEntropyGradient(x, inputs[1], inputs[2], reduction)
        case .oneHot(let depth):
            return ReferenceValue(x.sizes + [depth]) { x[$0.dropLast()] == Double($0[$0.count - 1]) ? 1 : 0 }
        }
    }

    static func map(_ x: ReferenceValue, _ body: (Double) -> Double) -> ReferenceValue {
        ReferenceValue(x.sizes, x.numbers.map(body))
    }

    static func broadcast(_ inputs: [ReferenceValue], _ body: ([Double]) -> Double) -> ReferenceValue {
        let rank = inputs.map(\.sizes.count).max() ?? 0
        let sizes = (0..<rank).map { axis in
            let all = inputs.compactMap { input -> Int? in
                let own = axis - rank + input.sizes.count
                return own < 0 ? nil : input.sizes[own]
            }
            return all.first { $0 != 1 } ?? 1
        }
        return ReferenceValue(sizes) { index in body(inputs.map { $0[index] }) }
    }

    static func reduce(
        _ x: ReferenceValue, _ axes: [Int]?, _ keeps: Bool, _ body: ([Double]) -> Double
    ) -> ReferenceValue {
        let rank = x.sizes.count
        let gone = Set((axes ?? Array(0..<rank)).map { $0 < 0 ? $0 + rank : $0 })
        let kept = x.sizes.enumerated().map { gone.contains($0) ? 1 : $1 }
        let result = ReferenceValue(kept) { position in
            body(
                ReferenceValue.indices(x.sizes)
                    .filter { index in
                        (0..<rank).allSatisfy { gone.contains($0) || index[$0] == position[$0] }
                    }
                    .map { x[$0] })
        }
        let sizes = keeps ? kept : kept.enumerated().filter { !gone.contains($0.offset) }.map(\.element)
        return ReferenceValue(sizes, result.numbers)
    }

    static func sum(_ x: ReferenceValue, like sizes: [Int]) -> ReferenceValue {
        let extra = x.sizes.count - sizes.count
        let axes = x.sizes.indices.filter { $0 < extra || (sizes[$0 - extra] == 1 && x.sizes[$0] != 1) }
        let result = axes.isEmpty ? x : reduce(x, axes, true) { $0.reduce(0, +) }
        return ReferenceValue(sizes, result.numbers)
    }

    static func spread(
        _ x: ReferenceValue, _ axes: [Int]?, _ keeps: Bool, to sizes: [Int], _ averaging: Bool
    ) -> ReferenceValue {
        let gone = Set((axes ?? Array(sizes.indices)).map { $0 < 0 ? $0 + sizes.count : $0 })
        let kept = sizes.enumerated().map { gone.contains($0) ? 1 : $1 }
        let repeats = averaging ? gone.map { Double(sizes[$0]) }.reduce(1, *) : 1
        let placed = ReferenceValue(kept, x.numbers)
        return ReferenceValue(sizes) { placed[$0] / repeats }
    }

    static func product(
        _ left: ReferenceValue, _ right: ReferenceValue, _ transposeLeft: Bool, _ transposeRight: Bool
    ) -> ReferenceValue {
        let a = transposeLeft ? swapped(left) : left, b = transposeRight ? swapped(right) : right
        let rows = a.sizes[a.sizes.count - 2], inner = a.sizes[a.sizes.count - 1],
            columns = b.sizes[b.sizes.count - 1]
        let leftBatch = ReferenceValue(Array(a.sizes.dropLast(2))) { _ in 0 }
        let rightBatch = ReferenceValue(Array(b.sizes.dropLast(2))) { _ in 0 }
        let batch = broadcast([leftBatch, rightBatch]) { _ in 0 }.sizes
        return ReferenceValue(batch + [rows, columns]) { index in
            let position = Array(index.dropLast(2)), row = index[index.count - 2],
                column = index[index.count - 1]
            return (0..<inner).map { a[position + [row, $0]] * b[position + [$0, column]] }.reduce(0, +)
        }
    }

    static func swapped(_ x: ReferenceValue) -> ReferenceValue {
        var order = Array(x.sizes.indices)
        order.swapAt(order.count - 1, order.count - 2)
        return transposed(x, order)
    }

    static func transposed(_ x: ReferenceValue, _ permutation: [Int]) -> ReferenceValue {
        ReferenceValue(permutation.map { x.sizes[$0] }) { index in
            var source = [Int](repeating: 0, count: index.count)
            for (position, axis) in permutation.enumerated() { source[axis] = index[position] }
            return x[source]
        }
    }

    /// The indices a slice keeps along each axis.
    static func positions(of sizes: [Int], _ starts: [Int], _ stops: [Int], _ steps: [Int]) -> [[Int]] {
        sizes.enumerated().map { axis, size in
            guard axis < starts.count else { return Array(0..<size) }
            let start = starts[axis] < 0 ? size + starts[axis] : starts[axis]
            let stop = stops[axis] < 0 ? size + stops[axis] : min(size, stops[axis])
            return Array(stride(from: start, to: stop, by: steps[axis]))
        }
    }

    static func reshaped(_ sizes: [Int], to wanted: [Int]) -> [Int] {
        let kept = wanted.enumerated().map { $1 == 0 ? sizes[$0] : $1 }
        let given = kept.filter { $0 != -1 }.reduce(1, *)
        return kept.map { $0 == -1 ? sizes.reduce(1, *) / given : $0 }
    }

    static func softmax(_ x: ReferenceValue, _ axis: Int) -> ReferenceValue {
        let exponentials = map(x) { exp($0) }
        let total = reduce(exponentials, [axis], true) { $0.reduce(0, +) }
        return broadcast([exponentials, total]) { $0[0] / $0[1] }
    }

    static func crossEntropy(
        _ logits: ReferenceValue, _ labels: ReferenceValue, _ reduction: Reduction
    ) -> ReferenceValue {
        let probabilities = softmax(logits, 1)
        let rows = ReferenceValue(labels.sizes) { -log(probabilities[[$0[0], Int(labels[$0])]]) }
        switch reduction {
        case .none: return rows
        case .sum: return reduce(rows, nil, false) { $0.reduce(0, +) }
        case .mean: return reduce(rows, nil, false) { $0.reduce(0, +) / Double($0.count) }
        }
    }

    static func crossEntropyGradient(
        _ cotangent: ReferenceValue, _ logits: ReferenceValue, _ labels: ReferenceValue,
        _ reduction: Reduction
    ) -> ReferenceValue {
        let probabilities = softmax(logits, 1)
        let scale = reduction == .mean ? 1 / Double(labels.sizes[0]) : 1
        return ReferenceValue(logits.sizes) { index in
            let hit: Double = labels[[index[0]]] == Double(index[1]) ? 1 : 0
            return cotangent[[index[0]]] * scale * (probabilities[index] - hit)
        }
    }
}
