import Tensor
import Testing

@Suite("modules for images")
struct ImageModuleTests {
    @Test("a chain of them computes what its operations do, and names its parameters as PyTorch does")
    func chain() throws {
        let model = Sequential(
            Unflatten(2, 6, 6), try Conv2d(2, 4, kernelSize: 3, padding: 1, groups: 2, seed: 3), ReLU(),
            MaxPool2d(2), try Conv2d(4, 3, kernelSize: 2, stride: 2, bias: false, seed: 4),
            AvgPool2d(1), Flatten())
        #expect(model.parameters.map(\.name) == ["1.weight", "1.bias", "4.weight"])
        #expect(
            model.parameters.map { $0.parameter.type.shape.dimensions } == [
                [4, 1, 3, 3], [4], [3, 4, 2, 2],
            ])
        let x = Tensor.random([5, 72], seed: 9)
        let weights = model.parameters.map(\.parameter.tensor)
        let image = x.reshaped(to: [0, 2, 6, 6])
        let first =
            image.convolution(weights[0], padding: [1, 1], groups: 2) + weights[1].reshaped(to: [4, 1, 1])
        let expected = first.relu().maxPool([2, 2]).values.convolution(weights[2], stride: [2, 2]).flattened()
        #expect(try model(x).value() == expected.value())
        #expect(try model(x).shape.dimensions == [5, 3])
        let copy = model.copy()
        try copy.parameters[0].parameter.update(
            to: .init([Float](repeating: 0, count: 36), shape: [4, 1, 3, 3]))
        #expect(try model(x).value() == expected.value())
    }

    @Test("a description tells the sizes they were made with")
    func description() throws {
        let model = Sequential(
            Unflatten(1, 28, 28), try Conv2d(1, 32, kernelSize: 5, padding: 2, seed: 1), MaxPool2d(2),
            try Conv2d(32, 4, kernelSize: 3, stride: 2, dilation: 2, groups: 4, bias: false, seed: 1),
            AvgPool2d(3, stride: 1, padding: 1))
        #expect(
            model.description == """
                Sequential(
                  (0): Unflatten(1, 28, 28)
                  (1): Conv2d(1, 32, kernelSize: 5, padding: 2), 832 parameters
                  (2): MaxPool2d(2)
                  (3): Conv2d(32, 4, kernelSize: 3, stride: 2, dilation: 2, groups: 4, bias: false), 288 parameters
                  (4): AvgPool2d(3, stride: 1, padding: 1)
                ), 1120 parameters
                """)
    }

    @Test("first weights are drawn as PyTorch draws them: within 1/√fan-in, the bias too")
    func initialization() throws {
        let layer = try Conv2d(8, 64, kernelSize: 3, groups: 2, seed: 5)
        let bound = 1 / Float(4 * 9).squareRoot()
        let weights = try layer.weight.tensor.value().floats,
            bias = try #require(layer.bias).tensor.value().floats
        #expect(weights.count == 64 * 36 && weights.allSatisfy { abs($0) <= bound })
        #expect(weights.contains { $0 > 0.9 * bound } && weights.contains { $0 < -0.9 * bound })
        #expect(bias.allSatisfy { abs($0) <= bound } && Set(bias).count == 64)
    }

    @Test("sizes no convolution has are refused")
    func refusals() throws {
        for (inputs, outputs, size, groups) in [
            (3, 4, 3, 2), (4, 3, 3, 2), (4, 4, 3, 0), (0, 4, 3, 1), (4, 4, 0, 1), (4, -4, 3, 1),
            (1 << 20, 1 << 20, 3, 1),
        ] {
            #expect(throws: TensorError.self) {
                try Conv2d(inputs, outputs, kernelSize: size, groups: groups, seed: 1)
            }
        }
    }

    @Test("what does not fit is told where a value is asked for")
    func misfits() throws {
        let layer = try Conv2d(3, 4, kernelSize: 3, seed: 1)
        #expect(throws: TensorError.self) { try layer(Tensor.zeros([2, 1, 8, 8])).value() }
        #expect(throws: TensorError.self) { try layer(Tensor.zeros([2, 3, 2, 8])).value() }
        #expect(throws: TensorError.self) {
            try MaxPool2d(2, padding: 2)(Tensor.zeros([1, 1, 4, 4])).value()
        }
        #expect(throws: TensorError.self) { try Unflatten(1, 3)(Tensor.zeros([2, 4])).value() }
    }
}
