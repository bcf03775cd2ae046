import Testing

@testable import Tensor

@Suite("operation shapes")
struct OperationShapeTests {
    @Test("the shape rule of every sample gives what the slow twin computes", arguments: Operation.samples)
    func twin(_ sample: Operation.Sample) throws {
        let types = try sample.operation.outputTypes(of: sample.types)
        let values = sample.operation.references(sample.inputs(seed: 1))
        #expect(types.map(\.shape.dimensions) == values.map(\.sizes))
        #expect(types.count == sample.operation.resultCount)
    }

    @Test("every sample refuses one input more and one less", arguments: Operation.samples)
    func arity(_ sample: Operation.Sample) throws {
        #expect(sample.operation.inputCounts.contains(sample.types.count))
        #expect(throws: TensorError.self) { try sample.operation.outputTypes(of: []) }
        // Joins as many as there are.
        if case .concatenate = sample.operation { return }
        #expect(throws: TensorError.self) {
            try sample.operation.outputTypes(of: sample.types + [sample.types[0]])
        }
        #expect(throws: TensorError.self) {
            try sample.operation.outputTypes(of: Array(sample.types.dropLast()))
        }
    }

    @Test("random shapes and attributes either fit the slow twin or throw", arguments: 0..<400)
    func property(_ seed: Int) throws {
        var random = Philox(seed: UInt64(seed), purpose: .samples)
        func sizes(_ rank: Int) -> [Int] {
            (0..<rank).map { _ in [1, 1, 2, 3][Int(random.index(below: 4))] }
        }
        func number() -> Int { Int(random.index(below: 5)) - 2 }
        let rank = Int(random.index(below: 4))
        let candidates: [Operation] = [
            .add, .addProduct, .sumLike, .matmul(transposeLeft: number() > 0, transposeRight: number() > 0),
            .sum(axes: [number(), number()], keepsDimensions: number() > 0),
            .max(axes: [number()], keepsDimensions: number() > 0), .argmax(axis: number()),
            .broadcastLike(axes: [number()], keepsDimensions: number() > 0, averaging: false),
            .reshape(to: (0..<rank).map { _ in number() }), .expand(to: (0..<rank).map { _ in number() }),
            .transpose(permutation: (0..<rank).map { _ in number() }), .softmax(axis: number()), .linear,
            .slice(
                starts: (0..<rank).map { _ in number() }, stops: (0..<rank).map { _ in number() },
                steps: (0..<rank).map { _ in number() + 2 }),
            .sliceGradient(starts: [number()], stops: [.max], steps: [number() + 2]),
            .topK(count: number(), axis: number()), .sort(axis: number(), descending: number() > 0),
            .concatenate(axis: number()), .splitLike(axis: number(), count: number()),
            .convolution(
                Convolution(
                    strides: [number()], padding: [number()], dilations: [number()], groups: number())),
            .convolution(Convolution(strides: [1, 1], padding: [1, 1], dilations: [1, 2])),
            .convolutionInputGradient(Convolution(strides: [1], padding: [1], dilations: [1])),
            .convolutionWeightGradient(Convolution(strides: [1], padding: [1], dilations: [1])),
            .maxPool(Pool(sizes: [number()], strides: [number()], padding: [number()])),
            .sumPool(Pool(sizes: [number(), 2], strides: [1, number()], padding: [0, 1])),
            .sumPoolGradient(Pool(sizes: [2], strides: [1], padding: [1])),
            .pad(before: [number(), 1], after: [number(), number()], value: 1),
            .cumulativeSum(axis: number(), reversed: number() > 0),
        ]
        for operation in candidates {
            let shapes = try (0..<operation.someInputCount).map { _ in
                try Shape(sizes(Int(random.index(below: 4))))
            }
            let types = shapes.map { ValueType(.float32, $0) }
            guard let results = try? operation.outputTypes(of: types) else { continue }
            let inputs = shapes.map { shape in ReferenceValue(shape.dimensions) { _ in 1 } }
            #expect(
                operation.references(inputs).map(\.sizes) == results.map(\.shape.dimensions),
                "\(operation), \(types)")
        }
    }

    static let refused: [(Operation, [ValueType])] = {
        func float(_ sizes: Int...) -> ValueType { ValueType(.float32, (try? Shape(sizes)) ?? .scalar) }
        func labels(_ sizes: Int...) -> ValueType { ValueType(.int64, (try? Shape(sizes)) ?? .scalar) }
        func convolution(
            _ strides: [Int], _ padding: [Int], _ dilations: [Int], _ groups: Int = 1
        ) -> Operation {
            .convolution(
                Convolution(strides: strides, padding: padding, dilations: dilations, groups: groups))
        }
        let huge = float(1 << 20, 1 << 10)
        return [
            (.add, [float(3), float(4)]), (.add, [labels(3), labels(3)]), (.exp, [labels(3)]),
            (.equal, [labels(3), float(3)]), (.add, [float(1 << 20, 1), float(1, 1 << 20)]),
            (.select, [float(2), float(3), float(3)]), (.reluGradient, [float(2), float(1)]),
            (.sum(axes: [], keepsDimensions: false), [float(3)]),
            (.sum(axes: [0, -2], keepsDimensions: false), [float(2, 2)]),
            (.sum(axes: [Int.min], keepsDimensions: false), [float(2)]),
            (.max(axes: nil, keepsDimensions: false), [float(0, 3)]), (.argmax(axis: 0), [float()]),
            (.argmax(axis: 1), [float(3, 0)]), (.argmax(axis: Int.max), [float(3)]),
            (.sumLike, [float(3), float(4)]), (.sumLike, [float(1), float(3)]),
            (.broadcastLike(axes: [0], keepsDimensions: false, averaging: false), [float(2), float(2, 3)]),
            (.reshapeLike, [float(5), float(2, 3)]),
            (.matmul(transposeLeft: false, transposeRight: false), [float(3, 4), float(5, 2)]),
            (.matmul(transposeLeft: false, transposeRight: false), [float(4), float(4, 2)]),
            (.matmul(transposeLeft: false, transposeRight: false), [float(2, 3, 4), float(3, 4, 2)]),
            (.matmul(transposeLeft: false, transposeRight: false), [float(1 << 20, 1), float(1, 1 << 20)]),
            (.linear, [float(4), float(5, 4), float(5)]), (.linear, [float(2, 3), float(5, 4), float(5)]),
            (.linear, [float(2, 4), float(5, 4), float(4)]), (.linear, [float(2, 4), float(4), float(4)]),
            (.reshape(to: [-1, -1]), [float(6)]), (.reshape(to: [4, -1]), [float(6)]),
            (.reshape(to: [-2, 3]), [float(6)]), (.reshape(to: [0, 0]), [float(6)]),
            (.reshape(to: [Int.max, Int.max]), [float(6)]),
            (.reshape(to: [Int](repeating: 1, count: 9)), [float(1)]),
            (.transpose(permutation: [0, 0]), [float(2, 3)]), (.transpose(permutation: [0]), [float(2, 3)]),
            (.transpose(permutation: [0, 2]), [float(2, 3)]),
            (.expand(to: [2, 3]), [float(2, 2)]), (.expand(to: [3]), [float(1, 3)]),
            (.expand(to: [0, 3]), [float(3)]),
            (.expand(to: [Int.max, 3]), [float(3)]), (.softmax(axis: 2), [float(2, 2)]),
            (.softmax(axis: 0), [float()]),
            (.slice(starts: [0], stops: [4], steps: [1]), [float(3)]),
            (.slice(starts: [4], stops: [.max], steps: [1]), [float(3)]),
            (.slice(starts: [-4], stops: [.max], steps: [1]), [float(3)]),
            (.slice(starts: [2], stops: [1], steps: [1]), [float(3)]),
            (.slice(starts: [-1], stops: [0], steps: [1]), [float(3)]),
            (.slice(starts: [0], stops: [3], steps: [0]), [float(3)]),
            (.slice(starts: [0], stops: [3], steps: [-1]), [float(3)]),
            (.slice(starts: [0], stops: [Int.max - 1], steps: [.max]), [float(3)]),
            (.slice(starts: [.min], stops: [.min], steps: [.min]), [float(3)]),
            (.slice(starts: [0], stops: [1], steps: [1]), [float()]),
            (.slice(starts: [0], stops: [1, 1], steps: [1]), [float(3, 3)]),
            (.slice(starts: [0, 0], stops: [1, 1], steps: [1]), [float(3, 3)]),
            (.sliceGradient(starts: [0], stops: [2], steps: [1]), [float(3), float(3)]),
            (.sliceGradient(starts: [0], stops: [4], steps: [1]), [float(4), float(3)]),
            (.softmaxCrossEntropy(.mean), [float(2, 3), labels(3)]),
            (.softmaxCrossEntropy(.mean), [float(2, 3), float(2)]),
            (.softmaxCrossEntropy(.mean), [float(6), labels(6)]),
            (.softmaxCrossEntropy(.mean), [float(2, 0), labels(2)]),
            (.softmaxCrossEntropyGradient(.none), [float(), float(2, 3), labels(2)]),
            (.pad(before: [1], after: [], value: 0), [float(2)]),
            (.pad(before: [-1], after: [1], value: 0), [float(2)]),
            (.pad(before: [.max], after: [.max], value: 0), [float(2)]),
            (.pad(before: [0, 1], after: [0, 1], value: 0), [float(2)]),
            (.pad(before: [1], after: [1], value: 0.5), [labels(2)]),
            (.takeRows, [float(), labels(2)]), (.takeRows, [float(3, 2), float(2)]),
            (.takeRows, [float(1, 1 << 20), labels(1 << 20)]),
            (.scatterRows, [float(2, 2), labels(2), float(3, 3)]),
            (.scatterRows, [float(2), labels(2), float()]),
            (.takePlanes(axes: 0), [float(2, 3), labels(2, 3)]),
            (.takePlanes(axes: 2), [float(2, 3), labels(2, 3)]),
            (.takePlanes(axes: .min), [float(2, 3), labels(2, 3)]),
            (.takePlanes(axes: 1), [float(2, 3), labels(1, 3)]),
            (.scatterPlanes(axes: 1), [float(2, 2), labels(2, 3), float(2, 3)]),
            (.cumulativeSum(axis: 1, reversed: false), [float(2)]),
            (convolution([1, 1], [0, 0], [1, 1]), [float(1, 2, 4, 4), float(3, 2, 5, 3)]),
            (convolution([1, 1], [0, 0], [1, 1]), [float(1, 2, 4, 4), float(3, 1, 3, 3)]),
            (convolution([1, 1], [0, 0], [1, 1]), [float(1, 2, 4, 4), float(3, 2, 0, 3)]),
            (convolution([1, 1], [0, 0], [1, 1]), [float(2, 4, 4), float(3, 2, 3, 3)]),
            (convolution([0, 1], [0, 0], [1, 1]), [float(1, 2, 4, 4), float(3, 2, 3, 3)]),
            (convolution([1, 1], [0, -1], [1, 1]), [float(1, 2, 4, 4), float(3, 2, 3, 3)]),
            (convolution([1, 1], [0, 0], [1, .max]), [float(1, 2, 4, 4), float(3, 2, 3, 3)]),
            (convolution([1, 1], [0], [1, 1]), [float(1, 2, 4, 4), float(3, 2, 3, 3)]),
            (convolution([], [], []), [float(1, 2), float(3, 2)]),
            (
                convolution([1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]),
                [float(1, 2, 4, 4, 4, 4), float(1, 2, 1, 1, 1, 1)]
            ),
            (convolution([1, 1], [0, 0], [1, 1], 0), [float(1, 2, 4, 4), float(3, 2, 3, 3)]),
            (convolution([1, 1], [0, 0], [1, 1], 2), [float(1, 2, 4, 4), float(3, 1, 3, 3)]),
            (convolution([1, 1], [65_536, 65_536], [1, 1]), [float(1, 1, 4, 4), float(1, 1, 1, 1)]),
            (
                .convolutionInputGradient(Convolution(strides: [1], padding: [0], dilations: [1])),
                [float(1, 2, 3), float(2, 1, 2), float(1, 1, 3)]
            ),
            (
                .convolutionWeightGradient(Convolution(strides: [1], padding: [0], dilations: [1])),
                [float(1, 1, 3), float(1, 2, 3), float(2, 1, 2)]
            ),
            (.maxPool(Pool(sizes: [2], strides: [2], padding: [2])), [float(1, 1, 4)]),
            (.maxPool(Pool(sizes: [2], strides: [2], padding: [1])), [float(1, 1, 0)]),
            (.maxPool(Pool(sizes: [5], strides: [1], padding: [0])), [float(1, 1, 4)]),
            (.maxPool(Pool(sizes: [], strides: [], padding: [])), [float(1, 1)]),
            (convolution([1], [0], [1]), [float(1, 1, 5000), float(1, 1, 4097)]),
            (.sumPool(Pool(sizes: [4097], strides: [1], padding: [0])), [float(1, 1, 5000)]),
            (.maxPool(Pool(sizes: [.max], strides: [1], padding: [0])), [float(1, 1, 4)]),
            (.sumPool(Pool(sizes: [2], strides: [0], padding: [0])), [float(1, 1, 4)]),
            (.sumPool(Pool(sizes: [2, 2], strides: [1, 1], padding: [0, 0])), [float(1, 1, 4)]),
            (
                .sumPoolGradient(Pool(sizes: [2], strides: [1], padding: [0])),
                [float(1, 1, 4), float(1, 1, 4)]
            ),
            (.oneHot(depth: 0), [labels(2)]), (.oneHot(depth: Int.max), [labels(2)]),
            (.oneHot(depth: 4), [float(2)]),
            (.oneHot(depth: 1 << 20), [ValueType(.int32, huge.shape)]),
        ]
    }()

    @Test("misfits throw an error that names the operation", arguments: refused)
    func misfits(_ operation: Operation, _ types: [ValueType]) {
        let error = #expect(throws: TensorError.self) { try operation.outputTypes(of: types) }
        #expect(error.map { "\($0)".hasPrefix("\(operation.name): ") } == true)
    }

    @Test("an empty batch keeps its shape")
    func emptyBatch() throws {
        let empty = ValueType(.float32, try Shape([0, 28, 28]))
        #expect(try Operation.reshape(to: [0, -1]).outputTypes(of: [empty])[0].shape.dimensions == [0, 784])
        #expect(
            try Operation.reshape(to: [-1, 0, 3]).outputTypes(of: [empty])[0].shape.dimensions == [0, 28, 3])
        #expect(throws: TensorError.self) { try Operation.reshape(to: [0, 3, -1]).outputTypes(of: [empty]) }
    }
}

@Suite("operation on the wire")
struct OperationWireTests {
    @Test("every sample survives the wire", arguments: Operation.samples)
    func roundTrip(_ sample: Operation.Sample) throws {
        let operation = sample.operation
        #expect(try Operation(wireCode: operation.wireCode, attributes: operation.attributes) == operation)
    }

    @Test("every attribute missing, added or out of range throws", arguments: Operation.samples)
    func malformed(_ sample: Operation.Sample) throws {
        let code = sample.operation.wireCode, attributes = sample.operation.attributes
        var wrong: [OperationAttributes] = []
        let isList =
            switch sample.operation {
            case .reshape, .transpose, .expand, .slice, .sliceGradient, .pad, .maxPool, .sumPool,
                .sumPoolGradient:
                true
            default: false
            }
        let long = [Int64](repeating: 0, count: 20)
        wrong.append(OperationAttributes(integers: attributes.integers + long, floats: attributes.floats))
        wrong.append(OperationAttributes(integers: attributes.integers, floats: attributes.floats + [1]))
        if !attributes.integers.isEmpty, !isList {
            wrong.append(OperationAttributes(floats: attributes.floats))
        }
        if !attributes.floats.isEmpty { wrong.append(OperationAttributes(integers: attributes.integers)) }
        for attributes in wrong {
            #expect(throws: TensorError.self) { try Operation(wireCode: code, attributes: attributes) }
        }
    }

    @Test("starts, stops and steps of a slice travel as three lists of one length")
    func slices() throws {
        let slice = Operation.slice(starts: [0, -3], stops: [.max, 7], steps: [1, 2])
        #expect(slice.attributes.integers == [0, -3, .max, 7, 1, 2])
        for count in 0..<40 {
            let attributes = OperationAttributes(integers: [Int64](repeating: 1, count: count))
            for code in [123, 124] as [UInt16] {
                let operation = try? Operation(wireCode: code, attributes: attributes)
                #expect((operation != nil) == (count % 3 == 0 && count / 3 <= Shape.rankMaximum))
            }
        }
    }

    @Test("every code that means something has a sample, and no two operations share one")
    func codes() {
        // Each operation can be read from one of these.
        let attempts: [OperationAttributes] = [
            OperationAttributes(), OperationAttributes(integers: [1]), OperationAttributes(integers: [1, 1]),
            OperationAttributes(integers: [1, 1, 1]), OperationAttributes(floats: [1]),
        ]
        let readable = Set(
            (UInt16.min...UInt16.max).filter { code in
                attempts.contains { (try? Operation(wireCode: code, attributes: $0)) != nil }
            })
        let sampled = Dictionary(grouping: Operation.samples, by: \.operation.wireCode)
        #expect(readable == Set(sampled.keys))
        for (code, samples) in sampled {
            #expect(Set(samples.map(\.operation.name)).count == 1, "code \(code)")
        }
        #expect(Set(Operation.samples.map(\.operation.name)).count == sampled.count)
    }

    @Test("the samples of a definition are of its operation, and there is one at least")
    func definitions() {
        for definition in Operation.definitions {
            #expect(!definition.samples.isEmpty, "\(definition.name)")
            for sample in definition.samples {
                #expect(type(of: sample.operation.definition) == definition, "\(sample)")
                #expect(sample.operation.name == definition.name)
            }
        }
        let codes = Operation.definitions.map { $0.code }
        #expect(Set(codes).count == codes.count)
    }

    @Test("random attributes throw or make an operation that survives the wire", arguments: 0..<200)
    func fuzz(_ seed: Int) throws {
        var random = Philox(seed: UInt64(seed), purpose: .samples)
        for code in Set(Operation.samples.map(\.operation.wireCode)).sorted() {
            let extremes: [Int64] = [0, 1, 2, -1, 3, 7, .min, .max]
            let integers = (0..<random.index(below: 5)).map { _ in extremes[Int(random.index(below: 8))] }
            let floats = (0..<random.index(below: 2)).map { _ in random.uniform() }
            let attributes = OperationAttributes(integers: integers, floats: floats)
            guard let operation = try? Operation(wireCode: code, attributes: attributes) else { continue }
            #expect(operation.wireCode == code)
            #expect(operation.attributes == attributes)
            // Whatever was read, the shape rule answers without trapping.
            let types = [ValueType](
                repeating: ValueType(.float32, try Shape([2, 3])), count: operation.someInputCount)
            #expect((1...4_096).contains(operation.resultCount))
            _ = try? operation.outputTypes(of: types)
        }
    }
}
