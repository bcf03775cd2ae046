import Testing

@testable import Tensor

@Suite("gradient")
struct GradientTests {
    static let smooth = Operation.samples.filter { sample in
        let hasFloats = (try? sample.floatResults())?.isEmpty == false
        return hasFloats && !sample.smoothInputs.isEmpty
    }

    @Test("every operation's gradient is the slope a small step finds", arguments: smooth)
    func finiteDifferences(_ sample: Operation.Sample) throws {
        let graph = try sample.loss()
        let inputs = try sample.inputs(seed: 1) + sample.weights(seed: 2)
        try check(graph, inputs, sample.smoothInputs)
    }

    /// Where values tie, the first gradient jumps and has no slope.
    static let untied = smooth.filter { sample in
        sample.smoothInputs.allSatisfy { sample.domains[$0] != .flags }
    }

    @Test("gradients have gradients", arguments: untied)
    func secondOrder(_ sample: Operation.Sample) throws {
        let loss = try sample.loss()
        let targets = sample.smoothInputs
        let graph = try loss.gradient(of: loss.outputs[0], withRespectTo: targets)
        var builder = try GraphBuilder(graph)
        // A scalar in which every element of every gradient counts.
        let squares = graph.outputs.dropFirst().map {
            builder.append(.sum(axes: nil, keepsDimensions: false), [builder.append(.multiply, [$0, $0])])
        }
        let total = squares.dropFirst().reduce(squares[0]) { builder.append(.add, [$0, $1]) }
        let inputs = try sample.inputs(seed: 3) + sample.weights(seed: 4)
        try check(builder.finish(outputs: [total]), inputs, targets)
    }

    @Test("kernels agree with the slow twin on every gradient", arguments: smooth)
    func kernels(_ sample: Operation.Sample) throws {
        let loss = try sample.loss()
        let graph = try loss.gradient(of: loss.outputs[0], withRespectTo: sample.smoothInputs)
        let inputs = try sample.inputs(seed: 5) + sample.weights(seed: 6)
        let bound = try zip(graph.inputs, inputs).map { try $1.tensorValue($0.elementType) }
        let expected = try graph.reference(try bound.map(ReferenceValue.init))
        for (value, twin) in zip(try graph.evaluate(bound), expected) {
            let got = try ReferenceValue(value)
            #expect(got.sizes == twin.sizes)
            for (a, b) in zip(got.numbers, twin.numbers) {
                let tolerance = 1e-5 + 1e-4 * abs(b)
                #expect(abs(a - b) <= tolerance, "\(a), \(b)")
            }
        }
    }

    @Test("the same graph has the same gradient")
    func determinism() throws {
        let sample = try #require(GradientTests.smooth.last)
        let loss = try sample.loss()
        let first = try loss.gradient(of: loss.outputs[0], withRespectTo: sample.smoothInputs)
        let second = try loss.gradient(of: loss.outputs[0], withRespectTo: sample.smoothInputs)
        #expect(first.nodes == second.nodes)
        #expect(first.outputs == second.outputs)
    }

    @Test("gradients keep the graph's inputs and outputs, and serve any batch size")
    func polymorphicBatch() throws {
        let graph = Graph(
            inputs: [
                Graph.Input(name: "x", elementType: .float32, dimensions: [nil, 3]),
                Graph.Input(name: "labels", elementType: .int64, dimensions: [nil]),
                Graph.Input(name: "weight", elementType: .float32, dimensions: [2, 3]),
                Graph.Input(name: "bias", elementType: .float32, dimensions: [2]),
            ], constants: [],
            nodes: [Graph.Node(.linear, [0, 2, 3]), Graph.Node(.softmaxCrossEntropy(.mean), [4, 1])],
            outputs: [5])
        let gradient = try graph.gradient(of: 5, withRespectTo: [2, 3, 0])
        #expect(gradient.inputs == graph.inputs)
        for batch in [1, 4, 7] {
            let types = try gradient.types(binding: [
                ValueType(.float32, Shape([batch, 3])), ValueType(.int64, Shape([batch])),
                ValueType(.float32, Shape([2, 3])), ValueType(.float32, Shape([2])),
            ])
            let shapes = gradient.outputs.map { types[$0].shape.dimensions }
            #expect(shapes == [[], [2, 3], [2], [batch, 3]])
        }
    }

    @Test("a value the loss does not depend on gets zeros of its shape")
    func independent() throws {
        let graph = Graph(
            inputs: [
                Graph.Input(name: "x", elementType: .float32, dimensions: [3]),
                Graph.Input(name: "other", elementType: .float32, dimensions: [2, 2]),
            ], constants: [], nodes: [Graph.Node(.sum(axes: nil, keepsDimensions: false), [0])], outputs: [2])
        let gradient = try graph.gradient(of: 2, withRespectTo: [1])
        let results = try gradient.reference(
            [ReferenceValue([3], [1, 2, .infinity]), ReferenceValue([2, 2], [1, .nan, 3, 4])])
        #expect(results[1] == ReferenceValue([2, 2], [0, 0, 0, 0]))
    }

    @Test("ties share: half and half for two values, evenly for a reduction")
    func ties() throws {
        let flat = Graph.Input(name: "x", elementType: .float32, dimensions: [4])
        let extreme = Graph(
            inputs: [flat], constants: [], nodes: [Graph.Node(.max(axes: nil, keepsDimensions: false), [0])],
            outputs: [1])
        let shared = try extreme.gradient(of: 1, withRespectTo: [0])
            .reference([ReferenceValue([4], [5, 1, 5, 5])])
        let third = 1.0 / 3
        #expect(shared[1].numbers == [third, 0, third, third])
        for kink in [Operation.relu, .abs] {
            let graph = Graph(
                inputs: [flat], constants: [],
                nodes: [Graph.Node(kink, [0]), Graph.Node(.sum(axes: nil, keepsDimensions: false), [1])],
                outputs: [2])
            let slopes = try graph.gradient(of: 2, withRespectTo: [0])
                .reference([ReferenceValue([4], [0, 0, 1, 0])])
            #expect(slopes[1].numbers == [0, 0, 1, 0])
        }
    }

    @Test("a loss that is no scalar is refused, early where sizes are known and late where they are not")
    func scalarLoss() throws {
        let free = Graph(
            inputs: [Graph.Input(name: "x", elementType: .float32, dimensions: [nil])], constants: [],
            nodes: [Graph.Node(.exp, [0])], outputs: [1])
        #expect(throws: TensorError.self) { try free.gradient(of: 1, withRespectTo: [0]) }
        // Seven elements do not fit the probe, so only the real shapes can tell.
        let odd = Graph(
            inputs: [Graph.Input(name: "x", elementType: .float32, dimensions: [nil])], constants: [],
            nodes: [Graph.Node(.reshape(to: [7]), [0])], outputs: [1])
        let late = try odd.gradient(of: 1, withRespectTo: [0])
        #expect(throws: TensorError.self) { try late.types(binding: [ValueType(.float32, Shape([7]))]) }
    }

    @Test("whole numbers have no gradient, and the error names the operation on the way")
    func wholeNumbers() throws {
        let input = Graph.Input(name: "x", elementType: .float32, dimensions: [2, 3])
        let graph = Graph(
            inputs: [input, Graph.Input(name: "labels", elementType: .int64, dimensions: [2])], constants: [],
            nodes: [
                Graph.Node(.argmax(axis: 1), [0]), Graph.Node(.cast(to: .float32), [2]),
                Graph.Node(.sum(axes: nil, keepsDimensions: false), [3]),
                Graph.Node(.softmaxCrossEntropy(.mean), [0, 2]),
                Graph.Node(.softmaxCrossEntropy(.mean), [0, 1]),
            ], outputs: [4])
        for (loss, target, name) in [
            (4, 0, "argmax"), (5, 0, "softmaxCrossEntropy"), (6, 1, "input 'labels'"),
        ] {
            let error = #expect(throws: TensorError.self) {
                try graph.gradient(of: loss, withRespectTo: [target])
            }
            guard case .notDifferentiable(let operation, _, _)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(operation == name)
        }
        #expect(throws: TensorError.self) { try graph.gradient(of: 9, withRespectTo: [0]) }
        #expect(throws: TensorError.self) { try graph.gradient(of: 4, withRespectTo: [-1]) }
    }

    /// Holds a scalar graph's gradient against central differences.
    private func check(_ graph: Graph, _ inputs: [ReferenceValue], _ targets: [Int]) throws {
        let gradient = try graph.gradient(of: graph.outputs[0], withRespectTo: targets)
        let bindings = try graph.inputs.map {
            ValueType($0.elementType, try Shape($0.dimensions.map { $0 ?? 0 }))
        }
        let types = try gradient.types(binding: bindings)
        let found = try gradient.reference(inputs).dropFirst()
        let step = 1e-5
        for ((target, slopes), output) in zip(zip(targets, found), gradient.outputs.dropFirst()) {
            #expect(types[output] == bindings[target])
            #expect(slopes.sizes == bindings[target].shape.dimensions)
            for element in slopes.numbers.indices {
                var up = inputs, down = inputs
                up[target].numbers[element] += step
                down[target].numbers[element] -= step
                let rise = try graph.reference(up)[0].numbers[0] - graph.reference(down)[0].numbers[0]
                let slope = rise / (2 * step), found = slopes.numbers[element]
                let tolerance = 1e-6 + 1e-5 * abs(slope)
                #expect(abs(found - slope) <= tolerance, "input \(target) at \(element): \(found), \(slope)")
            }
        }
    }
}
