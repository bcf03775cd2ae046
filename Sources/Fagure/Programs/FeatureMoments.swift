/// Sums over the rows of shards that one pass of `StatisticsProgram` gives.
public struct FeatureSums: Sendable, Hashable {
    /// The rows summed over.
    public var rows: Int
    /// For each output of the pass a sum of each feature, or one of all numbers of a column of bytes.
    public var values: [[Double]]

    /// Takes sums.
    public init(rows: Int = 0, values: [[Double]] = []) {
        self.rows = rows
        self.values = values
    }

    /// Adds sums to sums of the same pass; a count that would not fit stays at its largest.
    public static func += (left: inout FeatureSums, right: FeatureSums) {
        guard !left.values.isEmpty else { return left = right }
        let (rows, overflow) = left.rows.addingReportingOverflow(right.rows)
        left.rows = overflow ? .max : rows
        left.values = zip(left.values, right.values).map { zip($0, $1).map { $0 + $1 } }
    }
}

/// Where features lie and how far they spread, as passes over all shards find out.
///
/// The deviation is found without squares that leave float32, and without a minimum or maximum that would tell of
/// one row. First the mean; then the mean absolute deviation from it; then, for z = (x − mean) / that deviation,
/// the mean of z² less the square of the mean of z. The last also mends what rounding did to the mean.
public struct FeatureMoments: Sendable, Hashable {
    /// The rows that were there.
    public private(set) var rows = 0
    /// The mean of each feature; 0 where all its cells are missing.
    public private(set) var means: [Float]
    /// What stands in for missing cells: the mean as the first pass found it.
    public private(set) var fills: [Float]
    /// The mean absolute deviation of each feature; 1 where it is 0.
    public private(set) var deviations: [Float]
    /// What deviations from the mean are multiplied with to have deviation 1; 1 for a constant feature.
    public private(set) var scales: [Float]

    /// Nothing known of so many features.
    public init(count: Int) {
        means = [Float](repeating: 0, count: count)
        fills = means
        deviations = [Float](repeating: 1, count: count)
        scales = deviations
    }

    /// A variance this small, in mean absolute deviations, is rounding: the feature is constant.
    private static let varianceMinimum = 1e-6

    /// Takes what a pass gave.
    ///
    /// - Parameters:
    ///   - sums: of all shards, of as many features as this was made for.
    ///   - numbersPerSum: how many numbers of a row go into each sum.
    mutating func take(_ sums: FeatureSums, of pass: StatisticsProgram.Pass, numbersPerSum: Int) {
        rows = sums.rows
        for index in means.indices {
            func sum(_ output: Int) -> Double {
                output < sums.values.count && index < sums.values[output].count
                    ? sums.values[output][index] : 0
            }
            // Present cells are counted only where some may be missing.
            let counted = sums.values.count > 2
            let count = counted ? sum(2) : Double(sums.rows) * Double(numbersPerSum)
            guard count > 0 else { continue }
            switch pass {
            case .mean:
                means[index] = Float(FeatureMoments.wide(sum(0), sum(1)) / count)
                fills[index] = means[index]
            case .deviation:
                let deviation = Float(FeatureMoments.wide(sum(0), sum(1)) / count)
                deviations[index] = deviation > 0 && deviation.isFinite ? deviation : 1
            case .residual:
                settle(index, residual: sum(0) / count, square: sum(1) / count)
            }
        }
    }

    private mutating func settle(_ index: Int, residual: Double, square: Double) {
        let deviation = Double(deviations[index])
        let variance = square - residual * residual
        let mean = Float(Double(means[index]) + residual * deviation)
        if mean.isFinite { means[index] = mean }
        let scale = Float(1 / (variance.squareRoot() * deviation))
        scales[index] = variance > FeatureMoments.varianceMinimum && scale.isFinite && scale > 0 ? scale : 1
    }

    /// A sum, or where it left float32 the same sum of numbers made smaller before.
    private static func wide(_ sum: Double, _ small: Double) -> Double {
        sum.isFinite ? sum : small / Double(StatisticsProgram.smallness)
    }
}
