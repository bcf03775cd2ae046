import Testing

@testable import Tensor

/// A graph of inputs of fixed shapes, written value by value.
final class Sketch {
    private var builder = GraphBuilder()

    func input(_ name: String, _ sizes: [Int], _ type: ElementType = .float32) -> Int {
        builder.input(Graph.Input(name: name, elementType: type, dimensions: sizes.map { $0 }))
    }

    func input(_ input: Graph.Input) -> Int { builder.input(input) }

    func constant(_ scalar: Float) -> Int { builder.constant(scalar) }

    func constant(_ value: TensorValue) -> Int { builder.constant(value) }

    func callAsFunction(_ operation: Operation, _ inputs: Int...) -> Int {
        builder.append(operation, inputs)
    }

    func graph(_ outputs: [Int]) -> Graph { builder.finish(outputs: outputs) }
}

extension Plan {
    /// Compiles a graph whose inputs have no free sizes.
    init(_ graph: Graph, updates: [Update] = [], memoryLimit: Int = Plan.memoryLimit) throws {
        try self.init(graph, inputs: graph.fixedTypes(), updates: updates, memoryLimit: memoryLimit)
    }
}

extension Graph {
    /// The types of inputs without free sizes.
    func fixedTypes() throws -> [ValueType] {
        try inputs.map { ValueType($0.elementType, try Shape($0.dimensions.compactMap { $0 })) }
    }
}

@Suite("plan")
struct PlanTests {
    @Test("a plan gives what the slow twin gives, for random graphs", arguments: 0..<60)
    func randomGraphs(_ seed: Int) throws {
        let (graph, inputs) = try Self.randomGraph(seed: UInt64(seed))
        let twin = try graph.reference(try inputs.map { try ReferenceValue($0) })
        let execution = Execution(try Plan(graph))
        for (index, value) in inputs.enumerated() { try execution.bind(value, to: index) }
        // Twice: what one run leaves in memory must not show in the next.
        for _ in 0..<2 {
            try execution.run()
            for (index, expected) in twin.enumerated() {
                let got = try ReferenceValue(execution.output(index))
                #expect(got.sizes == expected.sizes)
                #expect(
                    zip(got.numbers, expected.numbers).allSatisfy { abs($0 - $1) <= 1e-4 + 1e-4 * abs($1) })
            }
        }
        for (index, value) in inputs.enumerated() { #expect(try execution.input(index) == value) }
    }

    /// Elementwise steps, views, reductions and products on values of a few shapes, many of them read more
    /// than once.
    static func randomGraph(seed: UInt64) throws -> (Graph, [TensorValue]) {
        var draw = Draw(seed: seed)
        let sketch = Sketch()
        let square = [4, 4]
        var values = (0..<3).map { sketch.input("\($0)", square) }
        values.append(sketch.constant(try draw.floats(square, in: -1...1)))
        let unary: [Operation] = [
            .tanh, .relu, .negate, .sigmoid, .transpose(permutation: [1, 0]), .softmax(axis: 1),
        ]
        let binary: [Operation] = [
            .add, .multiply, .subtract, .maximum, .reluGradient,
            .matmul(transposeLeft: false, transposeRight: true),
        ]
        for _ in 0..<25 {
            func any() -> Int { values[draw.number(below: values.count)] }
            switch draw.number(below: 5) {
            case 0: values.append(sketch(unary[draw.number(below: unary.count)], any()))
            case 1: values.append(sketch(.addProduct, any(), sketch.constant(0.25), any()))
            case 2:
                let flat = sketch(.reshape(to: [16]), any())
                values.append(sketch(.reshape(to: [4, 4]), sketch(.relu, flat)))
            case 3:
                let sum = sketch(.sum(axes: [draw.number(below: 2)], keepsDimensions: true), any())
                values.append(sketch(.multiply, any(), sketch(.tanh, sum)))
            default:
                values.append(sketch(.tanh, sketch(binary[draw.number(below: binary.count)], any(), any())))
            }
        }
        let outputs = [values.count - 1] + (0..<4).map { _ in draw.number(below: values.count) }
        return (sketch.graph(outputs.map { values[$0] }), try (0..<3).map { _ in try draw.floats(square) })
    }

    @Test("what no output needs is not computed, what only constants need is computed once")
    func pruningAndFolding() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [2])
        let constant = sketch(.exp, sketch(.add, sketch.constant(1), sketch.constant(2)))
        let y = sketch(.multiply, x, constant)
        let built = sketch.graph([y, constant])
        // The builder drops dead nodes itself; a graph from elsewhere may have them.
        let graph = Graph(
            inputs: built.inputs, constants: built.constants, nodes: built.nodes + [Graph.Node(.tanh, [0])],
            outputs: built.outputs)
        let plan = try Plan(graph)
        #expect(plan.steps.count == 1)
        let outputs = try graph.evaluate([TensorValue([1, 2] as [Float])])
        #expect(try abs(outputs[1].scalar() - 20.085537) < 1e-4)
        #expect(try outputs[0].floats == [outputs[1].scalar(), 2 * outputs[1].scalar()])
    }

    @Test("views and sums over nothing cost no step")
    func aliases() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [2, 3])
        let flat = sketch(.reshape(to: [6]), x)
        let model = sketch(.reshapeLike, flat, x)
        let likes = sketch(.sumLike, sketch(.cast(to: .float32), model), x)
        let row = sketch(.transpose(permutation: [1, 0]), sketch(.reshape(to: [1, 6]), likes))
        let graph = sketch.graph([row, flat, x])
        #expect(try Plan(graph).steps.isEmpty)
        let value = try Draw.counting([2, 3])
        let outputs = try graph.evaluate([value])
        #expect(outputs.map(\.shape.dimensions) == [[6, 1], [6], [2, 3]])
        #expect(try outputs.allSatisfy { try $0.floats == value.floats })
    }

    @Test("linear and the relu behind it are one step, with the same numbers")
    func linearRelu() throws {
        let sketch = Sketch()
        var draw = Draw(seed: 61)
        let x = sketch.input("x", [5, 7]), weight = sketch.input("weight", [3, 7]),
            bias = sketch.input("bias", [3])
        let linear = sketch(.linear, x, weight, bias), relu = sketch(.relu, linear)
        let inputs = try [draw.floats([5, 7]), draw.floats([3, 7]), draw.floats([3])]
        let fused = sketch.graph([relu])
        let both = sketch.graph([relu, linear])
        #expect(try Plan(fused).steps.count == 1)
        #expect(try Plan(both).steps.count == 2)
        #expect(try fused.evaluate(inputs)[0] == both.evaluate(inputs)[0])
    }

    @Test("memory is used again once nobody reads it")
    func reuse() throws {
        let sketch = Sketch()
        var value = sketch.input("x", [1_000])
        for index in 0..<50 {
            // Sums along the way keep elementwise steps from simply overwriting their input.
            value = sketch(index % 2 == 0 ? .tanh : .softmax(axis: 0), value)
        }
        let plan = try Plan(sketch.graph([value]))
        #expect(plan.arenaByteCount <= 3 * 4_096)
    }

    @Test("a plan that would take too much memory is refused before it takes any")
    func memoryLimit() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [1])
        var total = x
        for size in 1...4 {
            total = sketch(
                .add, total,
                sketch(.sum(axes: nil, keepsDimensions: false), sketch(.expand(to: [500_000_000 + size]), x)))
        }
        let graph = sketch.graph([total])
        let error = #expect(throws: TensorError.self) { try Plan(graph, memoryLimit: 1 << 30) }
        #expect(error?.description.contains("the limit is 1073741824") == true)
        #expect(try Plan(graph).byteCount > 1 << 30)
    }

    @Test("constants that are computed while compiling have a limit too")
    func foldingLimit() throws {
        let sketch = Sketch()
        let one = sketch.constant(1)
        let wide = sketch(.expand(to: [100_000_000]), one)
        let graph = sketch.graph([sketch(.sum(axes: nil, keepsDimensions: false), wide)])
        let plan = try Plan(graph)
        #expect(plan.steps.count == 2)
    }

    @Test("the estimate of work counts products")
    func estimate() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [32, 784]), weight = sketch.input("w", [200, 784]),
            bias = sketch.input("b", [200])
        let plan = try Plan(sketch.graph([sketch(.linear, x, weight, bias)]))
        #expect(plan.operationEstimate == 2 * 32 * 784 * 200)
    }

    @Test("what is wrong with a graph is found before anything runs")
    func invalidGraphs() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [2, 3])
        let graph = sketch.graph([sketch(.add, x, x)])
        #expect(throws: TensorError.self) { try Plan(graph, inputs: [ValueType(.float32, Shape([2, 4]))]) }
        #expect(throws: TensorError.self) { try Plan(graph, inputs: []) }
        let cycle = Graph(inputs: [], constants: [], nodes: [Graph.Node(.negate, [0])], outputs: [0])
        #expect(throws: TensorError.self) { try Plan(cycle, inputs: []) }
    }
}

extension Draw {
    /// 0, 1, 2, … in a shape.
    static func counting(_ shape: [Int]) throws -> TensorValue {
        try TensorValue((0..<shape.reduce(1, *)).map { Float($0) }, shape: shape)
    }
}
