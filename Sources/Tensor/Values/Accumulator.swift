import Ground

/// A weighted mean of float32 values under way, as federated averaging needs it.
///
/// Sums are in double and only the current sum is held, however many values come. The order of adding decides
/// the last bits: add in a fixed order (by shard, say) where the same inputs must give the same bytes.
package struct Accumulator: Sendable {
    /// The type of what is added and of the mean.
    package let type: ValueType
    /// The sum of the weights so far.
    package private(set) var weight = 0.0
    private var sums: [Double]

    /// Starts with nothing.
    ///
    /// - Throws: `TensorError.valueMismatch` for a type other than float32.
    package init(_ type: ValueType) throws(TensorError) {
        guard type.elementType == .float32 else {
            throw .valueMismatch(name: "averaged value", expected: "float32", got: "\(type)")
        }
        self.type = type
        self.sums = [Double](repeating: 0, count: type.shape.elementCount)
    }

    /// Adds a value times its weight.
    ///
    /// - Parameter weight: positive and finite, such as a number of examples.
    /// - Throws: `TensorError.valueMismatch` for a value of another type, or another weight.
    /// - Complexity: O(elements).
    package mutating func add(_ value: TensorValue, weight: Double) throws(TensorError) {
        guard value.type == type else {
            throw .valueMismatch(name: "averaged value", expected: "\(type)", got: "\(value.type)")
        }
        guard weight > 0, weight.isFinite else {
            throw .valueMismatch(name: "weight", expected: "a positive number", got: "\(weight)")
        }
        value.storage.addFloats(to: &sums, weight: weight)
        self.weight += weight
    }

    /// The sum of values times weights, divided by the sum of weights.
    ///
    /// - Throws: `TensorError.valueMismatch` when nothing was added.
    /// - Complexity: O(elements).
    package func mean() throws(TensorError) -> TensorValue {
        guard weight > 0 else {
            throw .valueMismatch(name: "averaged value", expected: "at least one value", got: "none")
        }
        return TensorValue(type, filled: Storage(sums, dividedBy: weight))
    }
}
