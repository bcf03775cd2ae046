import Tensor

/// How much larger an update's numbers are than those of the model it started from.
///
/// A mean follows whoever is largest, so that one damaged worker's 1e38 would be everybody's next model. What grew a
/// thousandfold in a round waits until the others have answered, and is left out where they did not grow so.
public enum Growth {
    /// So many times larger than before, or than the others, is suspicious.
    public static let maximum = 1_000.0

    /// The largest magnitude of the update by that of the model, which counts as at least 1; infinite where a value
    /// or the loss is no number.
    ///
    /// - Complexity: O(elements of the model).
    public static func of(_ update: Update, from model: ModelState) -> Double {
        update.metrics.isFinite ? of(largest(update.values), from: model) : .infinity
    }

    /// A magnitude by the largest of the model, which counts as at least 1.
    package static func of(_ magnitude: Double, from model: ModelState) -> Double {
        let base = largest(model.parameters)
        return magnitude / (base.isFinite ? max(1, base) : 1)
    }

    /// Whether an update that grew so much is left out beside others of its round.
    ///
    /// - Parameter round: the growth of every update of the round, in any order. Compared is with the median of
    ///   those that are numbers, the lower one of two; where none is, they are what the round gave.
    public static func isOutlier(_ growth: Double, in round: [Double]) -> Bool {
        let finite = round.filter(\.isFinite).sorted()
        guard !finite.isEmpty else { return false }
        return growth > maximum * max(1, finite[(finite.count - 1) / 2])
    }

    private static func largest(_ values: [NamedValue]) -> Double {
        values.reduce(0) { max($0, $1.value.largestMagnitude) }
    }
}
