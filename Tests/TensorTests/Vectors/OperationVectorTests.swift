import Foundation
import Tensor
import TestSupport
import Testing

/// One operation with attributes, inputs, output and, for a cotangent, the gradients, as PyTorch computes
/// them.
struct OperationVector: Decodable, CustomStringConvertible {
    let op: String
    let attributes: Attributes
    let inputs: [VectorTensor]
    let output: VectorTensor
    let cotangent: VectorTensor?
    let gradients: [VectorTensor?]?

    struct Attributes: Decodable {
        let exponent, slope, min, max, label_smoothing, delta, epsilon: Float?
        let axes, permutation, shape, starts, stops, steps: [Int]?
        let axis, depth, correction: Int?
        let keepdims: Bool?
        let approximate, reduction: String?
        let stride, padding, dilation, groups, kernel: Int?
        let before, after: [Int]?
        let value: Float?
    }

    var description: String { "\(op) \(inputs.map(\.shape))" }
}

@Suite("operation vectors")
struct OperationVectorTests {
    static let rows: [OperationVector] = (try? Fixtures.vectors("operations.json")) ?? []

    @Test("there are rows of all operations")
    func coverage() throws {
        #expect(OperationVectorTests.rows.count >= 114)
        #expect(Set(OperationVectorTests.rows.map(\.op)).count >= 61)
    }

    @Test("forward and gradient are PyTorch's", arguments: rows)
    func matches(_ row: OperationVector) throws {
        let inputs = try row.inputs.map { Tensor(try $0.value()) }
        let output = try #require(row.expression(inputs), "there is no \(row.op)")
        try expectEqual(output.value(), row.output, "\(row) output")
        guard let cotangent = row.cotangent, let expected = row.gradients else { return }
        let targets = inputs.indices.filter { expected[$0] != nil }
        let loss = (output * Tensor(try cotangent.value())).sum()
        let gradients = gradient(of: loss, withRespectTo: targets.map { inputs[$0] })
        for (target, gradient) in zip(targets, gradients) {
            guard let wanted = expected[target] else { continue }
            try expectEqual(gradient.value(), wanted, "\(row) gradient \(target)")
        }
    }
}

extension OperationVector {
    /// The row's function of its inputs, or nil where the closed set has none.
    func expression(_ x: [Tensor]) -> Tensor? {
        arithmetic(x) ?? reduction(x) ?? movement(x) ?? picked(x) ?? loss(x) ?? composite(x) ?? spatial(x)
    }

    private func arithmetic(_ x: [Tensor]) -> Tensor? {
        switch op {
        case "add": x[0] + x[1]
        case "subtract": x[0] - x[1]
        case "multiply": x[0] * x[1]
        case "divide": x[0] / x[1]
        case "maximum": x[0].maximum(x[1])
        case "minimum": x[0].minimum(x[1])
        case "power": x[0] ** (attributes.exponent ?? 0)
        case "negate": -x[0]
        case "exp": x[0].exp()
        case "log": x[0].log()
        case "sqrt": x[0].sqrt()
        case "reciprocal": x[0].reciprocal()
        case "tanh": x[0].tanh()
        case "erf": x[0].erf()
        case "sin": x[0].sin()
        case "cos": x[0].cos()
        case "sigmoid": x[0].sigmoid()
        case "relu": x[0].relu()
        case "abs": x[0].abs()
        case "where": x[0].select(x[1], otherwise: x[2])
        default: nil
        }
    }

    private func reduction(_ x: [Tensor]) -> Tensor? {
        let axes = attributes.axes, keeps = attributes.keepdims ?? false
        return switch op {
        case "sum": x[0].sum(axes: axes, keepsDimensions: keeps)
        case "mean": x[0].mean(axes: axes, keepsDimensions: keeps)
        case "max": x[0].max(axes: axes, keepsDimensions: keeps)
        case "min": x[0].min(axes: axes, keepsDimensions: keeps)
        case "argmax": x[0].argmax(axis: attributes.axis ?? -1)
        case "softmax": x[0].softmax(axis: attributes.axis ?? -1)
        case "log_softmax": x[0].logSoftmax(axis: attributes.axis ?? -1)
        case "logsumexp":
            (x[0] - x[0].max(axes: axes, keepsDimensions: true)).exp().sum(axes: axes).log()
                + x[0].max(axes: axes)
        case "variance": variance(x[0], axes, correction: Float(attributes.correction ?? 0))
        default: nil
        }
    }

    private func variance(_ x: Tensor, _ axes: [Int]?, correction: Float) -> Tensor {
        let centred = x - x.mean(axes: axes, keepsDimensions: true)
        let count = Float((axes ?? []).map { inputs[0].shape[$0] }.reduce(1, *))
        return (centred ** 2).sum(axes: axes) / (count - correction)
    }

    private func movement(_ x: [Tensor]) -> Tensor? {
        switch op {
        // PyTorch's product of two vectors is a scalar; here they are made matrices first.
        case "matmul" where inputs.allSatisfy { $0.shape.count == 1 }:
            x[0].reshaped(to: [1, -1]).matmul(x[1].reshaped(to: [-1, 1])).reshaped(to: [])
        case "matmul" where inputs[1].shape.count == 1:
            x[0].matmul(x[1].reshaped(to: [-1, 1])).reshaped(to: Array(inputs[0].shape.dropLast()))
        case "matmul": x[0].matmul(x[1])
        case "linear": x[0].linear(weight: x[1], bias: x[2])
        case "transpose": x[0].transposed(attributes.permutation ?? [])
        case "reshape": x[0].reshaped(to: attributes.shape ?? [])
        case "expand": x[0].expanded(to: attributes.shape ?? [])
        case "slice":
            x[0].sliced(
                starts: attributes.starts ?? [], stops: attributes.stops ?? [], steps: attributes.steps)
        case "one_hot": x[0].oneHot(depth: attributes.depth ?? 0).cast(to: .int64)
        default: nil
        }
    }

    private func picked(_ x: [Tensor]) -> Tensor? {
        switch op {
        case "concatenate": .concatenated(x, axis: attributes.axis ?? 0)
        case "pad":
            x[0].padded(
                before: attributes.before ?? [], after: attributes.after ?? [], with: attributes.value ?? 0)
        case "gather_rows": x[0].rows(at: x[1])
        case "take_along_axis": x[0].take(along: attributes.axis ?? 0, at: x[1])
        case "cumsum": x[0].cumulativeSum(axis: attributes.axis ?? 0)
        default: nil
        }
    }

    private func loss(_ x: [Tensor]) -> Tensor? {
        switch op {
        case "mse": meanOfSquares(x[0], x[1])
        case "sse": sumOfSquares(x[0], x[1])
        case "cross_entropy": crossEntropy(x[0], x[1])
        case "huber": huber(x[0] - x[1], attributes.delta ?? 1)
        case "bce_with_logits":
            (x[0].relu() - x[0] * x[1] + (1 + (-x[0].abs()).exp()).log()).mean()
        default: nil
        }
    }

    private func crossEntropy(_ logits: Tensor, _ labels: Tensor) -> Tensor {
        let reduction = attributes.reduction == "sum" ? Reduction.sum : .mean
        let plain = softmaxCrossEntropy(logits, labels, reduction: reduction)
        guard let smoothing = attributes.label_smoothing else { return plain }
        let spread = -logits.logSoftmax().mean(axes: [1])
        return plain * (1 - smoothing) + (reduction == .sum ? spread.sum() : spread.mean()) * smoothing
    }

    private func huber(_ difference: Tensor, _ delta: Float) -> Tensor {
        let size = difference.abs()
        return Tensor(delta).greater(than: size)
            .select(difference ** 2 * 0.5, otherwise: (size - delta * 0.5) * delta).mean()
    }

    private func composite(_ x: [Tensor]) -> Tensor? {
        switch op {
        case "rsqrt": x[0].sqrt().reciprocal()
        case "elu": x[0].relu() + x[0].minimum(0).exp() - 1
        case "silu": x[0] * x[0].sigmoid()
        case "softplus": x[0].relu() + (1 + (-x[0].abs()).exp()).log()
        case "leaky_relu": x[0].maximum(x[0] * (attributes.slope ?? 0))
        case "clamp": x[0].maximum(Tensor(attributes.min ?? 0)).minimum(Tensor(attributes.max ?? 0))
        case "gelu" where attributes.approximate == "none":
            x[0] * 0.5 * (1 + (x[0] * Float(0.5).squareRoot()).erf())
        case "gelu" where attributes.approximate == "tanh":
            x[0] * 0.5 * (1 + ((x[0] + x[0] ** 3 * 0.044715) * (2 / Float.pi).squareRoot()).tanh())
        case "layer_norm": layerNorm(x[0], attributes.axes ?? [-1]) * x[1] + x[2]
        case "scaled_dot_product_attention":
            (x[0].matmul(x[1], transposeRight: true) * (1 / Float(inputs[0].shape.last ?? 1).squareRoot()))
                .softmax().matmul(x[2])
        default: nil
        }
    }

    private func spatial(_ x: [Tensor]) -> Tensor? {
        let pair = { (number: Int?) in [number ?? 1, number ?? 1] }
        switch op {
        case "conv2d":
            return x[0].convolution(
                x[1], stride: pair(attributes.stride), padding: pair(attributes.padding),
                dilation: pair(attributes.dilation), groups: attributes.groups ?? 1) + channels(x[2])
        case "max_pool2d":
            return x[0].maxPool(
                pair(attributes.kernel), stride: pair(attributes.stride), padding: pair(attributes.padding)
            ).values
        case "avg_pool2d":
            return x[0].averagePool(
                pair(attributes.kernel), stride: pair(attributes.stride), padding: pair(attributes.padding))
        case "batch_norm_training":
            return layerNorm(x[0], [0, 2, 3]) * channels(x[1]) + channels(x[2])
        case "group_norm":
            let sizes = inputs[0].shape, groups = attributes.groups ?? 1
            let grouped = x[0].reshaped(to: [sizes[0], groups, -1])
            return layerNorm(grouped, [2]).reshaped(to: sizes) * channels(x[1]) + channels(x[2])
        case "lstm_cell":
            return longShortTermMemory(x)
        default: return nil
        }
    }

    /// A number for each channel, to be broadcast over rows and space.
    private func channels(_ x: Tensor) -> Tensor { x.reshaped(to: [-1, 1, 1]) }

    /// Gates i, f, g, o of x, h, c, the weights of x and h, and a bias; h and c side by side.
    private func longShortTermMemory(_ x: [Tensor]) -> Tensor {
        let size = inputs[1].shape[1]
        let gates = x[0].linear(weight: x[3], bias: x[5]) + x[1].matmul(x[4], transposeRight: true)
        func gate(_ index: Int) -> Tensor {
            gates.sliced(starts: [0, index * size], stops: [.max, (index + 1) * size])
        }
        let cell = gate(1).sigmoid() * x[2] + gate(0).sigmoid() * gate(2).tanh()
        return .concatenated([gate(3).sigmoid() * cell.tanh(), cell], axis: 1)
    }

    private func layerNorm(_ x: Tensor, _ axes: [Int]) -> Tensor {
        let centred = x - x.mean(axes: axes, keepsDimensions: true)
        let variance = (centred ** 2).mean(axes: axes, keepsDimensions: true)
        return centred / (variance + (attributes.epsilon ?? 0)).sqrt()
    }
}
