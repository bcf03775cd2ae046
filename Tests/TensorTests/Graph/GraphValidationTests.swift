import Testing

@testable import Tensor

@Suite("graph validation")
struct GraphValidationTests {
    private let x = Graph.Input(name: "x", elementType: .float32, dimensions: [nil, 3])
    private var type: ValueType { get throws { ValueType(.float32, try Shape([2, 3])) } }

    private func refuse(_ graph: Graph, _ word: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: TensorError.self, sourceLocation: sourceLocation) {
            try graph.types(binding: [try type])
        }
        #expect("\(String(describing: error))".contains(word), sourceLocation: sourceLocation)
    }

    @Test("a node that reads itself, a later value, a negative or a missing one is refused")
    func cycles() {
        for id in [1, 2, -1, Int.min, Int.max] {
            let nodes = [Graph.Node(.exp, [id]), Graph.Node(.exp, [0])]
            refuse(Graph(inputs: [x], constants: [], nodes: nodes, outputs: [2]), "not made before")
        }
    }

    @Test("outputs that are no values are refused")
    func outputs() {
        for id in [2, -1, Int.min, Int.max] {
            refuse(Graph(inputs: [x], constants: [], nodes: [Graph.Node(.exp, [0])], outputs: [id]), "output")
        }
    }

    @Test("a node with too few or too many inputs is refused")
    func arity() {
        for inputs in [[], [0, 0]] {
            refuse(
                Graph(inputs: [x], constants: [], nodes: [Graph.Node(.exp, inputs)], outputs: [0]), "reads")
        }
    }

    @Test("every limit holds")
    func limits() throws {
        var limits = Graph.limits
        let constant = try TensorValue([1, 2, 3] as [Float])
        let graph = Graph(
            inputs: [x], constants: [constant], nodes: [Graph.Node(.add, [0, 1])], outputs: [2, 0])
        let keys: [WritableKeyPath<Graph.Limits, Int>] = [
            \.nodes, \.inputs, \.outputs, \.constants, \.constantBytes, \.nameBytes, \.valueBytes,
        ]
        // Two values of 24 bytes and one of 12.
        let exact = [1, 1, 2, 1, 12, 1, 60]
        for (key, size) in zip(keys, exact) { limits[keyPath: key] = size }
        #expect(try graph.types(binding: [type], limits: limits).count == 3)
        for key in keys {
            var tight = limits
            tight[keyPath: key] -= 1
            let error = #expect(throws: TensorError.self) {
                try graph.types(binding: [try type], limits: tight)
            }
            guard case .limitExceeded? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test("hostile inputs are refused: two of one name, sizes below zero or beyond counting, too many axes")
    func inputs() {
        refuse(Graph(inputs: [x, x], constants: [], nodes: [], outputs: []), "two inputs")
        for sizes: [Int?] in [[-1], [Int.max, Int.max], [Int.min], [Int?](repeating: nil, count: 9)] {
            let input = Graph.Input(name: "x", elementType: .float32, dimensions: sizes)
            refuse(Graph(inputs: [input], constants: [], nodes: [], outputs: []), "invalid")
        }
    }

    @Test("bindings must be as many as inputs and of their types")
    func bindings() throws {
        let graph = Graph(inputs: [x], constants: [], nodes: [], outputs: [0])
        #expect(try graph.types(binding: [type]) == [type])
        let wrong = [
            [], [try type, try type], [ValueType(.int32, try Shape([2, 3]))],
            [ValueType(.float32, try Shape([2, 4]))],
            [ValueType(.float32, try Shape([3]))],
        ]
        for bindings in wrong { #expect(throws: TensorError.self) { try graph.types(binding: bindings) } }
        let error = #expect(throws: TensorError.self) { try graph.types(binding: wrong[3]) }
        #expect(error?.description == "x: expected float32 [?, 3], got float32 [2, 4]")
    }

    @Test("origins are none or one per node")
    func origins() {
        let graph = Graph(
            inputs: [x], constants: [], nodes: [Graph.Node(.exp, [0])], outputs: [1], origins: [nil, nil])
        refuse(graph, "origins")
    }

    @Test("random graphs throw or have a type for every value", arguments: 0..<200)
    func fuzz(_ seed: Int) throws {
        var random = Philox(seed: UInt64(seed), purpose: .samples)
        let nodes = (0..<6).map { _ in
            let sample = Operation.samples[Int(random.index(below: UInt32(Operation.samples.count)))]
            return Graph.Node(sample.operation, sample.types.map { _ in Int(random.index(below: 9)) - 1 })
        }
        let graph = Graph(inputs: [x], constants: [], nodes: nodes, outputs: [Int(random.index(below: 8))])
        if let types = try? graph.types(binding: [type]) { #expect(types.count == 7) }
        // Whatever the shapes, asking for a gradient answers or throws.
        for loss in -1...8 { _ = try? graph.gradient(of: loss, withRespectTo: [0, loss]) }
    }
}

@Suite("graph identity")
struct GraphIdentityTests {
    @Test("graphs are equal when they compute the same, wherever they were written")
    func equality() {
        let input = Graph.Input(name: "x", elementType: .float32, dimensions: [nil])
        let node = Graph.Node(.exp, [0])
        let written = Graph(
            inputs: [input], constants: [], nodes: [node], outputs: [1],
            origins: [Origin(file: #fileID, line: 1)])
        let read = Graph(inputs: [input], constants: [], nodes: [node], outputs: [1])
        #expect(written == read)
        #expect(written.hashValue == read.hashValue)
        #expect(read != Graph(inputs: [input], constants: [], nodes: [node], outputs: [0]))
        #expect(read != Graph(inputs: [input], constants: [], nodes: [Graph.Node(.log, [0])], outputs: [1]))
    }
}

@Suite("graph builder")
struct GraphBuilderTests {
    private let x = Graph.Input(name: "x", elementType: .float32, dimensions: [3])

    @Test("equal nodes and equal constants are made once")
    func sharing() throws {
        var builder = GraphBuilder()
        let id = builder.input(x)
        let two = builder.constant(2), again = builder.constant(2), other = builder.constant(3)
        #expect(two == again)
        #expect(two != other)
        let first = builder.append(.multiply, [id, two]), second = builder.append(.multiply, [id, again])
        #expect(first == second)
        #expect(builder.append(.multiply, [id, other]) != first)
        #expect(builder.append(.power(exponent: 2), [id]) != builder.append(.power(exponent: 3), [id]))
        let large = try TensorValue([Float](repeating: 1, count: 1_000))
        #expect(builder.constant(large) == builder.constant(large))
        #expect(builder.append(distinct: .multiply, [id, two]) != first)
    }

    @Test("finishing orders inputs, constants and nodes, and drops what no output needs")
    func finishing() throws {
        var builder = GraphBuilder()
        let id = builder.input(x)
        _ = builder.constant(7)
        _ = builder.append(.exp, [id])
        let sum = builder.append(.add, [id, builder.constant(2)])
        let later = builder.input(Graph.Input(name: "y", elementType: .float32, dimensions: [3]))
        let product = builder.append(.multiply, [sum, later])
        let graph = builder.finish(outputs: [product, id])
        #expect(graph.inputs.map(\.name) == ["x", "y"])
        #expect(graph.constants.count == 1)
        #expect(graph.nodes == [Graph.Node(.add, [0, 2]), Graph.Node(.multiply, [3, 1])])
        #expect(graph.outputs == [4, 0])
        try graph.validate()
    }
}
