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
    }

    var description: String { "\(op) \(inputs.map(\.shape))" }
}

@Suite("operation vectors")
struct OperationVectorTests {
    /// What the closed set cannot express yet. Rows of any other operation must run.
    static let unsupported: Set = [
        "sin", "cos", "erf", "concatenate", "pad", "gather_rows", "take_along_axis", "cumsum",
        "conv2d",
        "max_pool2d", "avg_pool2d", "batch_norm_training", "group_norm", "lstm_cell",
    ]

    static let rows: [OperationVector] = (try? Fixtures.vectors("operations.json")) ?? []

    @Test("there are rows, and each one runs or is listed as unsupported")
    func coverage() throws {
        let placeholders = { (row: OperationVector) in row.inputs.map { _ in Tensor(0) } }
        let skipped = OperationVectorTests.rows.filter { $0.expression(placeholders($0)) == nil }
        let silent = skipped.filter { !$0.isListedAsUnsupported }
        #expect(silent.isEmpty, "neither run nor listed: \(silent)")
        let run = OperationVectorTests.rows.count - skipped.count
        #expect(run >= 50, "only \(run) rows of \(OperationVectorTests.rows.count) run")
    }

    @Test("forward and gradient are PyTorch's", arguments: rows)
    func matches(_ row: OperationVector) throws {
        let inputs = try row.inputs.map { Tensor(try $0.value()) }
        guard let output = row.expression(inputs) else {
            #expect(row.isListedAsUnsupported)
            return
        }
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
    var isListedAsUnsupported: Bool {
        OperationVectorTests.unsupported.contains(op) || (op == "gelu" && attributes.approximate == "none")
    }

    /// The row's function of its inputs, or nil where the closed set has none.
    func expression(_ x: [Tensor]) -> Tensor? {
        arithmetic(x) ?? reduction(x) ?? movement(x) ?? loss(x) ?? composite(x)
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
        case "gelu" where attributes.approximate == "tanh":
            x[0] * 0.5 * (1 + ((x[0] + x[0] ** 3 * 0.044715) * (2 / Float.pi).squareRoot()).tanh())
        case "layer_norm": layerNorm(x[0], attributes.axes ?? [-1]) * x[1] + x[2]
        case "scaled_dot_product_attention":
            (x[0].matmul(x[1], transposeRight: true) * (1 / Float(inputs[0].shape.last ?? 1).squareRoot()))
                .softmax().matmul(x[2])
        default: nil
        }
    }

    private func layerNorm(_ x: Tensor, _ axes: [Int]) -> Tensor {
        let centred = x - x.mean(axes: axes, keepsDimensions: true)
        let variance = (centred ** 2).mean(axes: axes, keepsDimensions: true)
        return centred / (variance + (attributes.epsilon ?? 0)).sqrt()
    }
}
