import Protocol
public import Tensor

/// What the feature column goes through before the model sees it: `(x − mean) · scale`, in the graph, at the
/// worker.
///
/// Float columns are standardised number by number, columns of bytes (pixels) as one: mean 0 and deviation 1
/// over all rows of all shards present when training starts, found by passes of `StatisticsProgram` whose sums
/// are all that is released. Categories stay as they are, 0 or 1. Without standardisation bytes are divided by
/// 255 and floats stay as they are.
public struct Scaling: Sendable, Hashable {
    /// What is subtracted: a scalar, or a number per feature.
    public let mean: TensorValue
    /// What is multiplied with: of the same shape.
    public let scale: TensorValue
    /// What stands in for missing cells, before it is scaled; `nil` where a schema says that there are none.
    public let fill: TensorValue?

    /// Takes mean, scale and what stands in for missing cells.
    public init(mean: TensorValue, scale: TensorValue, fill: TensorValue? = nil) {
        self.mean = mean
        self.scale = scale
        self.fill = fill
    }

    /// The values as constants of a program, in the order of `ProgramInputs`.
    var constants: [TensorValue] { [mean, scale] + (fill.map { [$0] } ?? []) }

    /// No statistics: bytes into 0…1, floats untouched.
    ///
    /// - Parameter moments: where the features lie, which only missing cells need.
    public static func plain(
        for task: LearningTask, moments: FeatureMoments? = nil
    ) throws(TensorError) -> Scaling {
        let count = sumCount(of: task)
        let factor: Float = task.feature.type == .uint8 ? 1 / 255 : 1
        return Scaling(
            mean: try value([Float](repeating: 0, count: count), task),
            scale: try value([Float](repeating: factor, count: count), task),
            fill: try fill(task, moments))
    }

    /// Mean 0 and deviation 1. A feature that never changes is only shifted; categories are left alone.
    public static func standard(
        _ moments: FeatureMoments, for task: LearningTask
    ) throws(TensorError) -> Scaling {
        guard moments.rows > 0 else { return try plain(for: task, moments: moments) }
        var means = moments.means, scales = moments.scales
        for index in task.categoryElements {
            means[index] = 0
            scales[index] = 1
        }
        return Scaling(
            mean: try value(means, task), scale: try value(scales, task), fill: try fill(task, moments))
    }

    /// How many sums of each kind describe the feature column.
    static func sumCount(of task: LearningTask) -> Int {
        task.feature.type == .uint8 ? 1 : task.featureCount
    }

    /// The size of mean and scale, as an input of a graph.
    static func dimensions(for task: LearningTask) -> [Int] {
        sumCount(of: task) == 1 ? [] : [task.featureCount]
    }

    static func value(_ elements: [Float], _ task: LearningTask) throws(TensorError) -> TensorValue {
        try TensorValue(elements, shape: dimensions(for: task))
    }

    private static func fill(
        _ task: LearningTask, _ moments: FeatureMoments?
    ) throws(TensorError) -> TensorValue? {
        guard task.missing == .mean else { return nil }
        let means = moments.map(\.fills) ?? [Float](repeating: 0, count: sumCount(of: task))
        return try value(means, task)
    }
}
