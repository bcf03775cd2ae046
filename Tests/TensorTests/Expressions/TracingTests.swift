import Testing

@testable import Tensor

@Suite("tracing")
struct TracingTests {
    @Test("inputs keep their order, used or not, and outputs theirs")
    func order() throws {
        let x = Tensor.input("x", dimensions: [nil]), y = Tensor.input("y", dimensions: [nil])
        let unused = Tensor.input("unused", .int64, dimensions: [])
        let graph = try Graph(inputs: [unused, y, x], outputs: [x - y, x])
        #expect(graph.inputs.map(\.name) == ["unused", "y", "x"])
        #expect(graph.nodes == [Graph.Node(.subtract, [2, 1])])
        #expect(graph.outputs == [3, 2])
    }

    @Test("equal steps written twice are computed once")
    func sharing() throws {
        let x = Tensor.input("x", dimensions: [nil])
        let graph = try Graph(inputs: [x], outputs: [(x * 2).exp() + (x * 2).exp()])
        #expect(graph.nodes.map(\.operation) == [.multiply, .exp, .add])
        #expect(graph.constants.count == 1)
    }

    @Test("what is used must be given, and what is given must be a placeholder of its own name")
    func undeclared() throws {
        let x = Tensor.input("x", dimensions: [nil]), y = Tensor.input("y", dimensions: [nil])
        let other = Tensor.input("x", dimensions: [3]), number: Tensor = [1]
        #expect(throws: TensorError.invalidGraph(reason: "placeholder 'y' is not among the inputs")) {
            try Graph(inputs: [x], outputs: [x + y])
        }
        #expect(throws: TensorError.self) { try Graph(inputs: [x, other], outputs: [x]) }
        #expect(throws: TensorError.self) { try Graph(inputs: [x], outputs: [x + other]) }
        #expect(throws: TensorError.self) { try Graph(inputs: [number], outputs: [number]) }
        let again = Tensor.input("x", dimensions: [nil])
        #expect(try Graph(inputs: [x], outputs: [x + again]).nodes == [Graph.Node(.add, [0, 0])])
    }

    @Test("parameters become named inputs after the placeholders")
    func parameters() throws {
        let layer = try Linear(3, 2, seed: 1)
        let model = Sequential(layer, ReLU())
        let x = Tensor.input("x", dimensions: [nil, 3])
        let graph = try Graph(inputs: [x], parameters: model.parameters, outputs: [model(x)])
        #expect(graph.inputs.map(\.name) == ["x", "0.weight", "0.bias"])
        #expect(graph.inputs[1].dimensions == [2, 3])
        #expect(graph.nodes == [Graph.Node(.linear, [0, 1, 2]), Graph.Node(.relu, [3])])
        #expect(throws: TensorError.self) { try Graph(inputs: [x], outputs: [model(x)]) }
        #expect(throws: TensorError.self) {
            try Graph(
                inputs: [x], parameters: [("a", layer.weight), ("b", layer.weight)], outputs: [model(x)])
        }
    }

    @Test("nodes keep their source lines")
    func origins() throws {
        let x = Tensor.input("x", dimensions: [nil])
        let line = #line + 1
        let graph = try Graph(inputs: [x], outputs: [x.exp()])
        #expect(graph.origins.map { $0?.line } == [line])
    }

    @Test("large values as constants are refused: they belong into inputs")
    func largeConstants() throws {
        let large = Tensor([Float](repeating: 0, count: 1_000_001))
        #expect(throws: TensorError.self) { try Graph(inputs: [], outputs: [large + 1]) }
    }
}

@Suite("tensor gradient")
struct TensorGradientTests {
    @Test("the tutorial's first step: loss and gradients by hand")
    func tutorial() throws {
        let data: Tensor = [[0, 0], [0, 1], [1, 0], [1, 1]], target: Tensor = [[0], [0], [1], [1]]
        let weight: Tensor = [[0.25, -0.5]], bias: Tensor = [0.125]
        let loss = ((data.linear(weight: weight, bias: bias) - target) ** 2).sum()
        #expect(try loss.value().scalar() == 1.8125)
        let slopes = gradient(of: loss, withRespectTo: [weight, bias])
        #expect(try slopes[0].value().floats == [-3.5, -3])
        #expect(try slopes[0].type() == weight.type())
        #expect(try slopes[1].value().floats == [-4])
    }

    @Test("targets may be leaves or steps, scalars too, and equal leaves are told apart")
    func targets() throws {
        let x = Tensor(3), same = Tensor(3)
        let square = x * x
        let slopes = gradient(of: square * same + 3, withRespectTo: [x, same, square])
        #expect(try slopes.map { try $0.value().scalar() } == [18, 9, 3])
    }

    @Test("equal steps written twice are told apart")
    func distinctSteps() throws {
        let x: Tensor = [2]
        let first = x * 3, second = x * 3
        let slopes = gradient(of: (first * second).sum(), withRespectTo: [first, second, x])
        #expect(try slopes.map { try $0.value().floats } == [[6], [6], [36]])
    }

    @Test("gradients of gradients")
    func secondOrder() throws {
        let x: Tensor = [2, -1]
        let first = gradient(of: (x ** 3).sum(), withRespectTo: [x])[0]
        let second = gradient(of: first.sum(), withRespectTo: [x])[0]
        #expect(try first.value().floats == [12, 3])
        #expect(try second.value().floats == [12, -6])
    }

    @Test("one implementation: recorded and traced, the gradient is the one the graph finds itself")
    func oneImplementation() throws {
        let x = Tensor.input("x", dimensions: [nil, 3]),
            labels = Tensor.input("labels", .int64, dimensions: [nil])
        let model = Sequential(try Linear(3, 4, seed: 1), Tanh(), try Linear(4, 2, seed: 2))
        let loss = softmaxCrossEntropy(model(x), labels)
        let tensors = model.parameters.map(\.parameter.tensor)
        let recorded = try Graph(
            inputs: [x, labels], parameters: model.parameters,
            outputs: [loss] + gradient(of: loss, withRespectTo: tensors))
        let forward = try Graph(inputs: [x, labels], parameters: model.parameters, outputs: [loss])
        let found = try forward.gradient(of: forward.outputs[0], withRespectTo: [2, 3, 4, 5])
        #expect(recorded.inputs == found.inputs)
        #expect(recorded.nodes.count == found.nodes.count)
        #expect(Set(recorded.nodes.map(\.operation)) == Set(found.nodes.map(\.operation)))
        let bindings: [TensorValue] = [
            try TensorValue([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
            try TensorValue([0, 1] as [Int64]),
        ]
        let values = try model.values.map(\.value)
        #expect(try recorded.evaluate(bindings + values) == found.evaluate(bindings + values))
    }

    @Test("a loss that is no scalar, and a target of whole numbers, name the line that asked")
    func refused() throws {
        let x: Tensor = [1, 2], labels = Tensor(labels: [1, 2])
        let line = #line + 1
        let slope = gradient(of: x * 2, withRespectTo: [x])[0]
        let error = #expect(throws: TensorError.self) { try slope.value() }
        let text = error?.description ?? ""
        #expect(text.hasSuffix("TensorTests/TracingTests.swift:\(line))"), "\(text)")
        #expect(text.hasPrefix("multiply is not differentiable"), "\(text)")
        let sum = labels.cast(to: .float32).sum()
        #expect(throws: TensorError.self) {
            try gradient(of: sum, withRespectTo: [labels])[0].value()
        }
    }

    @Test("a value the loss does not depend on gets zeros, even one recorded later")
    func independent() throws {
        let x: Tensor = [1, 2], other = Tensor([1, .nan], shape: [1, 2])
        let slopes = gradient(of: x.sum(), withRespectTo: [other, x.exp()])
        #expect(try slopes.map { try $0.value().floats } == [[0, 0], [0, 0]])
    }
}
