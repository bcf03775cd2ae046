import Protocol
public import Tensor

/// What a model's outputs are worth, row by row: the loss that is descended on average, and summed for reports.
public struct Loss: Sendable {
    /// The mean over the rows of a batch, a scalar.
    let mean: @Sendable (_ outputs: Tensor, _ labels: Tensor) -> Tensor
    /// The sum over them, a scalar.
    let sum: @Sendable (_ outputs: Tensor, _ labels: Tensor) -> Tensor
    /// Whether it is never below zero, so that whoever answers with less has not computed it.
    let isNonnegative: Bool

    /// A loss of one's own.
    ///
    /// - Parameter perRow: gives a value for each row, of shape [rows], from the model's outputs and the labels:
    ///   classes as int64 [rows], numbers as float32 [rows, numbers of a row].
    public init(perRow: @escaping @Sendable (_ outputs: Tensor, _ labels: Tensor) -> Tensor) {
        mean = { perRow($0, $1).mean() }
        sum = { perRow($0, $1).sum() }
        isNonnegative = false
    }

    private init(
        mean: @escaping @Sendable (Tensor, Tensor) -> Tensor,
        sum: @escaping @Sendable (Tensor, Tensor) -> Tensor
    ) {
        self.mean = mean
        self.sum = sum
        isNonnegative = true
    }

    /// −log softmax at the row's class.
    public static let crossEntropy = Loss(
        mean: { softmaxCrossEntropy($0, $1, reduction: .mean) },
        sum: { softmaxCrossEntropy($0, $1, reduction: .sum) })

    /// The mean of squares over a row's numbers, so that the batch's is the mean over all: PyTorch's MSELoss.
    public static let squares = Loss(
        mean: { meanOfSquares($0, $1) }, sum: { (($0 - $1) ** 2).mean(axes: [1]).sum() })
}

/// Something counted or measured for each row beside the loss, and reported as its mean.
public struct Metric: Sendable {
    /// The name it is reported by.
    public let name: String
    let perRow: @Sendable (_ outputs: Tensor, _ labels: Tensor) -> Tensor

    /// Names a metric.
    ///
    /// - Parameter perRow: as for `Loss`.
    public init(
        _ name: String, perRow: @escaping @Sendable (_ outputs: Tensor, _ labels: Tensor) -> Tensor
    ) {
        self.name = name
        self.perRow = perRow
    }
}

/// What is learned from a model's outputs: the loss, and what is measured beside it.
public struct Objective: Sendable {
    /// The loss; `nil` takes cross entropy for classes and squares for numbers.
    public var loss: Loss?
    /// What is measured beside the loss and, for classes, right answers.
    public var metrics: [Metric]

    /// The usual loss of classes or numbers, unless told otherwise.
    public init(loss: Loss? = nil, metrics: [Metric] = []) {
        self.loss = loss
        self.metrics = metrics
    }

    /// Whether the loss is known never to be below zero.
    var isLossNonnegative: Bool { loss?.isNonnegative ?? true }
}

/// The graph of an objective over one batch.
struct ObjectiveGraph {
    /// The loss of the batch on average, a scalar.
    let meanLoss: Tensor
    /// The sum of losses, then for classes the number of right ones, then other metrics' sums; scalars.
    let metrics: [Tensor]
    /// Their names.
    let names: [String]

    init(_ objective: Objective, _ task: LearningTask, outputs: Tensor, label: Tensor) {
        let isClassification = task.isClassification
        let labels =
            isClassification
            ? label.cast(to: .int64).reshaped(to: [-1]) : label.cast(to: .float32).flattened()
        let loss = objective.loss ?? (isClassification ? .crossEntropy : .squares)
        meanLoss = loss.mean(outputs, labels)
        let counts = isClassification ? [correctCount(outputs, labels)] : []
        metrics =
            [loss.sum(outputs, labels)] + counts + objective.metrics.map { $0.perRow(outputs, labels).sum() }
        names =
            ["loss"] + (isClassification ? ["correct"] : []) + objective.metrics.map { "metric.\($0.name)" }
    }
}
