import TestSupport
import Testing

@testable import Tensor

@Suite("operations with many results and operands")
struct ManyResultsTests {
    /// x [3, 4], its parts [3, 1] and [3, 3] swapped and joined again, and their product with what lends the sizes.
    private func swapped() -> Graph {
        let inputs = [("x", 4), ("a", 1), ("b", 3)].map {
            Graph.Input(name: $0.0, elementType: .float32, dimensions: [3, $0.1])
        }
        return Graph(
            inputs: inputs, constants: [TensorValue(scalar: 2)],
            nodes: [
                .init(.splitLike(axis: 1, count: 2), [0, 1, 2]), .init(.multiply, [5, 3]),
                .init(.concatenate(axis: 1), [6, 4]),
            ], outputs: [7, 5])
    }

    @Test("values are numbered through all results, and run as the slow twin says")
    func numbering() throws {
        let graph = swapped()
        try graph.validate()
        #expect(graph.valueCount == 8)
        #expect((0...3).map { graph.firstValue(ofNode: $0) } == [4, 6, 7, 8])
        #expect(graph.values(ofNode: 0) == 4..<6)
        var draw = Draw(seed: 3)
        let bound = try graph.inputs.map { try draw.floats($0.dimensions.map { $0 ?? 0 }) }
        let twins = try graph.reference(try bound.map { try ReferenceValue($0) })
        for (value, twin) in zip(try graph.evaluate(bound), twins) {
            #expect(try ReferenceValue(value) == twin)
        }
        // In the order of reading them, a value that comes later is refused.
        let later = Graph(
            inputs: graph.inputs, constants: [], nodes: [.init(.topK(count: 1, axis: 0), [4])], outputs: [3])
        #expect(throws: TensorError.self) { try later.validate() }
        let beyond = Graph(
            inputs: graph.inputs, constants: [], nodes: [.init(.topK(count: 1, axis: 0), [0])], outputs: [5])
        #expect(throws: TensorError.self) { try beyond.validate() }
    }

    @Test("a builder keeps numbers, makes equal nodes once, and drops what nobody needs")
    func builder() throws {
        let graph = swapped()
        var builder = try GraphBuilder(graph)
        #expect(builder.finish(outputs: graph.outputs) == graph)
        let again = builder.append(.splitLike(axis: 1, count: 2), [0, 1, 2])
        #expect(again == 4)
        let top = builder.append(.topK(count: 2, axis: 0), [again + 1])
        let places = builder.append(.cast(to: .float32), [top + 1])
        let small = builder.finish(outputs: [places])
        #expect(small.nodes.map(\.operation.name) == ["splitLike", "topK", "cast"])
        #expect(small.outputs == [7] && small.nodes[1].inputs == [4] && small.nodes[2].inputs == [6])
        try small.validate()
    }

    @Test(
        "gradients go through whichever results the loss needs, and through none where it needs places alone")
    func gradients() throws {
        let x = Tensor([[3, 1, 2], [4, 6, 5]]), (values, places) = x.topK(2)
        let loss = (values * Tensor([[1, 10], [100, 1_000]])).sum()
        #expect(try gradient(of: loss, withRespectTo: [x])[0].floats == [1, 0, 10, 0, 100, 1_000])
        #expect(try places.value().int64s == [0, 2, 1, 2])
        #expect(try x.take(along: 1, at: places).floats == values.floats)
        let blind = places.cast(to: .float32).sum() + x.sum() * 0
        #expect(try gradient(of: blind, withRespectTo: [x])[0].floats == [Float](repeating: 0, count: 6))
        // The second part alone.
        let parts = (0..<5).map { Tensor([Float($0), Float($0) + 0.5]) }
        let joined = Tensor.concatenated(parts)
        let weights = Tensor((0..<10).map { Float($0) })
        let slopes = gradient(of: (joined * weights).sum(), withRespectTo: [parts[1], parts[4]])
        #expect(try slopes[0].floats == [2, 3] && slopes[1].floats == [8, 9])
    }

    @Test("results nobody reads have memory of their own while they are written", arguments: 0..<40)
    func memory(_ seed: Int) throws {
        var draw = Draw(seed: UInt64(seed))
        var builder = GraphBuilder()
        let sizes = [4, 6]
        var values = (0..<3).map {
            builder.input(
                Graph.Input(name: "\($0)", elementType: .float32, dimensions: sizes.map(Optional.some)))
        }
        for _ in 0..<12 {
            let x = values[draw.number(below: values.count)], y = values[draw.number(below: values.count)]
            switch draw.number(below: 4) {
            case 0:
                values.append(
                    builder.append(.sort(axis: draw.number(below: 2), descending: draw.flag()), [x]))
            case 1:
                let places = builder.append(.topK(count: 4, axis: 0), [x]) + 1
                values.append(builder.append(.takeAlong(axis: 0), [y, places]))
            case 2:
                let all = builder.append(.concatenate(axis: 1), [x, y, x, y])
                let first = builder.append(.splitLike(axis: 1, count: 4), [all, x, y, x, y])
                values.append(first + draw.number(below: 4))
            default: values.append(builder.append(.add, [x, y]))
            }
        }
        let outputs = (0..<3).map { _ in values[draw.number(below: values.count)] }
        let graph = builder.finish(outputs: outputs)
        let bound = try (0..<3).map { _ in try draw.floats(sizes) }
        let twins = try graph.reference(try bound.map { try ReferenceValue($0) })
        for (value, twin) in zip(try graph.evaluate(bound), twins) {
            // Sums in float32 may put two elements in another order only where they are the same.
            let got = try ReferenceValue(value)
            #expect(got.sizes == twin.sizes)
            #expect(
                zip(got.numbers, twin.numbers).allSatisfy { abs($0 - $1) <= 1e-4 * Swift.max(1, abs($1)) })
        }
        // As states, each carried on by itself.
        let execution = Execution(
            try Plan(graph, updates: (0..<3).map { Plan.Update(output: $0, input: $0) }))
        for (index, value) in bound.enumerated() { try execution.bind(value, to: index) }
        try execution.run()
        #expect(try (0..<3).map { try execution.input($0) } == graph.evaluate(bound))
    }

    @Test("what hostile numbers ask for is refused before anything is made")
    func hostile() throws {
        let x = ValueType(.float32, try Shape([3, 4]))
        for operation: Operation in [
            .splitLike(axis: 0, count: .max), .splitLike(axis: 0, count: -1),
            .splitLike(axis: .min, count: 1),
            .topK(count: .max, axis: 0), .topK(count: -1, axis: 0), .topK(count: 1, axis: 2),
            .sort(axis: .max, descending: true), .concatenate(axis: 2), .takeAlong(axis: 0),
        ] {
            #expect((1...4_096).contains(operation.resultCount))
            let graph = Graph(
                inputs: [.init(name: "x", elementType: .float32, dimensions: [3, 4])], constants: [],
                nodes: [.init(operation, [Int](repeating: 0, count: operation.someInputCount))], outputs: [1])
            #expect(throws: TensorError.self) { try graph.types(binding: [x]) }
        }
        let many = Graph(
            inputs: [.init(name: "x", elementType: .float32, dimensions: [3, 4])], constants: [],
            nodes: [.init(.concatenate(axis: 0), [Int](repeating: 0, count: 4_097))], outputs: [1])
        #expect(throws: TensorError.self) { try many.validate() }
    }
}
