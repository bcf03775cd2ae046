import Protocol
public import Tensor

/// What the feature column goes through before the model sees it: `shift + scale · x`, in the graph, at the
/// worker.
///
/// Float columns are standardised number by number, columns of bytes (pixels) as one: mean 0 and deviation 1
/// over all rows of all shards present when training starts, found by a `StatisticsProgram` whose sums are
/// all that is released. Without standardisation bytes are divided by 255 and floats stay as they are.
public struct Scaling: Sendable, Hashable {
    /// What is added: a scalar, or a number per feature.
    public let shift: TensorValue
    /// What is multiplied with: of the same shape.
    public let scale: TensorValue

    /// Takes shift and scale.
    public init(shift: TensorValue, scale: TensorValue) {
        self.shift = shift
        self.scale = scale
    }

    /// A variance this small beside the mean square is rounding: the feature is constant.
    private static let varianceShareMinimum = 1e-7

    /// No statistics: bytes into 0…1, floats untouched.
    public static func plain(for task: LearningTask) throws(TensorError) -> Scaling {
        let count = statisticsCount(of: task)
        let factor: Float = task.feature.type == .uint8 ? 1 / 255 : 1
        return Scaling(
            shift: try value([Float](repeating: 0, count: count), task),
            scale: try value([Float](repeating: factor, count: count), task))
    }

    /// Mean 0 and deviation 1, from sums over examples.
    ///
    /// A feature that never changes is only shifted.
    public static func standard(_ statistics: Statistics, for task: LearningTask) throws(TensorError)
        -> Scaling
    {
        guard statistics.examples > 0 else { return try plain(for: task) }
        // Of bytes there is one sum over all numbers of a row.
        let numbersPerSum = task.featureCount / statisticsCount(of: task)
        let count = Double(statistics.examples) * Double(numbersPerSum)
        var shifts: [Float] = [], scales: [Float] = []
        for (sum, sumOfSquares) in zip(statistics.sums, statistics.sumsOfSquares) {
            let mean = sum / count, meanSquare = sumOfSquares / count
            let variance = meanSquare - mean * mean
            let isConstant = !(variance > varianceShareMinimum * meanSquare)
            let scale = isConstant ? 1 : 1 / variance.squareRoot()
            scales.append(Float(scale))
            shifts.append(Float(-mean * scale))
        }
        return Scaling(shift: try value(shifts, task), scale: try value(scales, task))
    }

    /// How many sums of each kind describe the feature column.
    static func statisticsCount(of task: LearningTask) -> Int {
        task.feature.type == .uint8 ? 1 : task.featureCount
    }

    /// The size of shift and scale, as an input of a graph.
    static func dimensions(for task: LearningTask) -> [Int] {
        statisticsCount(of: task) == 1 ? [] : [task.featureCount]
    }

    private static func value(_ elements: [Float], _ task: LearningTask) throws(TensorError) -> TensorValue {
        try TensorValue(elements, shape: dimensions(for: task))
    }
}

/// Sums over the rows of shards that describe the feature column.
public struct Statistics: Sendable, Hashable {
    /// The rows summed over.
    public var examples = 0
    /// The sum of each feature, or of all numbers of a column of bytes.
    public var sums: [Double] = []
    /// The sum of their squares.
    public var sumsOfSquares: [Double] = []

    /// Sums of nothing.
    public init() {}

    /// Sums of what is given.
    public init(examples: Int, sums: [Double], sumsOfSquares: [Double]) {
        self.examples = examples
        self.sums = sums
        self.sumsOfSquares = sumsOfSquares
    }

    /// Adds sums to sums of the same features.
    public static func += (left: inout Statistics, right: Statistics) {
        guard !left.sums.isEmpty else { return left = right }
        left.examples += right.examples
        left.sums = zip(left.sums, right.sums).map { $0 + $1 }
        left.sumsOfSquares = zip(left.sumsOfSquares, right.sumsOfSquares).map { $0 + $1 }
    }
}
