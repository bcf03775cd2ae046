import Testing

@testable import Tensor

@Suite("modules")
struct ModuleTests {
    @Test("parameters have PyTorch's names and layouts")
    func names() throws {
        var random = Philox(seed: 1, purpose: .initialization)
        let model = Sequential(
            Flatten(), try Linear(4, 3, using: &random), ReLU(),
            Sequential(try Linear(3, 2, bias: false, using: &random), Sigmoid()), Tanh())
        #expect(model.parameters.map(\.name) == ["1.weight", "1.bias", "3.0.weight"])
        #expect(model.parameters.map(\.parameter.type.shape.dimensions) == [[3, 4], [3], [2, 3]])
        let x = Tensor.input("x", dimensions: [5, 2, 2])
        #expect(try model(x).type().shape.dimensions == [5, 2])
    }

    @Test("layers apply what they say")
    func layers() throws {
        let layer = try Linear(2, 1, seed: 1)
        try layer.update(to: [
            ("weight", TensorValue([2, -1] as [Float], shape: [1, 2])),
            ("bias", TensorValue([10] as [Float])),
        ])
        let x: Tensor = [[1, 2], [3, 4]]
        #expect(try layer(x).value().floats == [10, 12])
        let bare = try Linear(2, 1, bias: false, initialization: .zeros, seed: 1)
        #expect(try bare(x).value().floats == [0, 0])
        #expect(try ReLU()(-x).value().floats == [0, 0, 0, 0])
        #expect(try Tanh()(x - x).value().floats == [0, 0, 0, 0])
        #expect(try Sigmoid()(x - x).value().floats == [0.5, 0.5, 0.5, 0.5])
        #expect(try Flatten()(x.reshaped(to: [1, 2, 2])).type().shape.dimensions == [1, 4])
    }

    @Test("an expression keeps the value a parameter had when it was recorded")
    func versions() throws {
        let parameter = Parameter("weight", try TensorValue([1] as [Float]))
        let twice = parameter.tensor * 2
        #expect(try twice.value().floats == [2])
        try parameter.update(to: TensorValue([5] as [Float]))
        #expect(try twice.value().floats == [2])
        #expect(try (parameter.tensor * 2).value().floats == [10])
        #expect(throws: TensorError.self) { try parameter.update(to: TensorValue([5, 6] as [Float])) }
        let slope = gradient(of: (parameter.tensor * 2).sum(), withRespectTo: [parameter.tensor])[0]
        #expect(try slope.value().floats == [2])
    }

    @Test("updating a module is all or nothing")
    func updating() throws {
        let model = Sequential(try Linear(2, 1, seed: 1))
        let before = try model.values.map(\.value)
        let weight = try TensorValue([1, 2] as [Float], shape: [1, 2]), bias = try TensorValue([3] as [Float])
        let wrong: [[(name: String, value: TensorValue)]] = [
            [], [("0.weight", weight)], [("0.weight", weight), ("0.bias", weight)],
            [("0.weight", weight), ("0.weight", weight), ("0.bias", bias)],
            [("0.weight", weight), ("0.bias", bias), ("1.bias", bias)],
        ]
        for values in wrong { #expect(throws: TensorError.self) { try model.update(to: values) } }
        #expect(try model.values.map(\.value) == before)
        try model.update(to: [("0.bias", bias), ("0.weight", weight)])
        #expect(try model.values.map(\.value) == [weight, bias])
    }

    @Test("first weights have the bounds and variance their rule says", arguments: Initialization.allCases)
    func initialization(_ rule: Initialization) throws {
        let fanIn = 200, fanOut = 100
        let layer = try Linear(fanIn, fanOut, initialization: rule, seed: 9)
        let weights = try layer.weight.value.floats.map(Double.init)
        let variance = weights.map { $0 * $0 }.reduce(0, +) / Double(weights.count)
        let largest = weights.map(abs).max() ?? 0
        let inward = Double(fanIn), both = Double(fanIn + fanOut)
        let (expected, bound): (Double, Double) =
            switch rule {
            case .kaimingUniform: (1 / (3 * inward), (1 / inward).squareRoot())
            case .heUniform: (2 / inward, (6 / inward).squareRoot())
            case .heNormal: (2 / inward, .infinity)
            case .glorotUniform: (2 / both, (6 / both).squareRoot())
            case .glorotNormal: (2 / both, .infinity)
            case .zeros: (0, 0)
            }
        #expect(abs(variance - expected) <= 0.05 * expected)
        #expect(largest <= bound * 1.000001)
        let bias = try layer.bias?.value.floats ?? []
        #expect(bias.contains { $0 != 0 } == (rule == .kaimingUniform))
        #expect(bias.allSatisfy { Double(abs($0)) <= (1 / inward).squareRoot() })
    }

    @Test("a seed gives the same weights, a shared generator different layers")
    func seeds() throws {
        let first = try Linear(3, 3, seed: 1), again = try Linear(3, 3, seed: 1),
            other = try Linear(3, 3, seed: 2)
        #expect(try first.weight.value == again.weight.value)
        #expect(try first.weight.value != other.weight.value)
        var random = Philox(seed: 1, purpose: .initialization)
        let one = try Linear(3, 3, using: &random), two = try Linear(3, 3, using: &random)
        #expect(try one.weight.value == first.weight.value)
        #expect(try one.weight.value != two.weight.value)
    }

    @Test("sizes that make no layer are refused")
    func sizes() {
        for (input, output) in [(-1, 2), (2, -1), (1 << 20, 1 << 20), (Int.max, Int.max), (.min, 1)] {
            #expect(throws: TensorError.self) { try Linear(input, output, seed: 1) }
        }
    }
}

@Suite("training")
struct TrainingTests {
    /// What PyTorch finds for four rows, Linear(2, 1), the sum of squares and SGD with rate 0.1.
    static let losses: [Float] = [
        1.8125, 0.402_499_97, 0.231_499_97, 0.169_867_98, 0.128_453_6, 0.097_539_894, 0.074_165_49,
        0.056_444_496,
        0.042_990_267, 0.032_763_857, 0.024_983_486, 0.019_059_302, 0.014_545_396, 0.011_104_084,
        0.008_479_228,
        0.006_476_308, 0.004_947_439, 0.003_780_094, 0.002_888_561_5, 0.002_207_540_4,
    ]

    @Test("the tutorial's losses are PyTorch's, computed by one graph")
    func tutorial() throws {
        let model = try Linear(2, 1, seed: 1)
        try model.update(to: [
            ("weight", TensorValue([0.25, -0.5] as [Float], shape: [1, 2])),
            ("bias", TensorValue([0.125] as [Float])),
        ])
        let data: Tensor = [[0, 0], [0, 1], [1, 0], [1, 1]], target: Tensor = [[0], [0], [1], [1]]
        let loss = sumOfSquares(model(data), target)
        let tensors = model.parameters.map(\.parameter.tensor)
        let slopes = gradient(of: loss, withRespectTo: tensors)
        let next = try SGDRule().step(parameters: tensors, gradients: slopes, learningRate: 0.1).parameters
        let graph = try Graph(inputs: [], parameters: model.parameters, outputs: [loss] + next)
        var state = try model.values.map(\.value)
        #expect(try Tensor.values(of: [loss] + next) == graph.evaluate(state))
        for expected in TrainingTests.losses {
            let results = try graph.evaluate(state)
            #expect(abs(try results[0].scalar() - expected) <= 1e-6 + 1e-5 * expected)
            state = Array(results.dropFirst())
        }
        let weight: [Float] = [0.970_505_2, -0.026_612_474]
        for (got, want) in zip(try state[0].floats, weight) { #expect(abs(got - want) < 1e-5) }
    }
}

@Suite("losses")
struct LossTests {
    @Test("squares are summed and averaged")
    func squares() throws {
        let prediction: Tensor = [1, 2, 3], target: Tensor = [1, 0, 0]
        #expect(try sumOfSquares(prediction, target).value().scalar() == 13)
        #expect(abs(try meanOfSquares(prediction, target).value().scalar() - 13.0 / 3) < 1e-6)
    }

    @Test("cross entropy of even logits is the logarithm of the number of classes")
    func crossEntropy() throws {
        let logits: Tensor = [[0, 0, 0, 0], [5, 5, 5, 5]], labels = Tensor(labels: [1, 3])
        let expected: Float = 1.386_294_4
        for (reduction, results) in [
            (Reduction.mean, [expected]), (.sum, [2 * expected]), (.none, [expected, expected]),
        ] {
            let values = try softmaxCrossEntropy(logits, labels, reduction: reduction).value().floats
            #expect(values.count == results.count)
            for (value, result) in zip(values, results) { #expect(abs(value - result) < 1e-5) }
        }
    }

    @Test("correct rows are counted for labels of any integer type")
    func accuracy() throws {
        let logits: Tensor = [[0, 1], [1, 0], [3, 2], [0, 9]]
        #expect(try correctCount(logits, Tensor(labels: [1, 0, 1, 1])).value().scalar() == 3)
        let stored = try [TensorValue([1, 0, 1, 1] as [Int32]), TensorValue([1, 0, 1, 1] as [UInt8])]
        for labels in stored { #expect(try correctCount(logits, Tensor(labels)).value().scalar() == 3) }
    }
}
