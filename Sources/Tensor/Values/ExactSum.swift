import Ground

/// A weighted sum of float32 values under way, as federated averaging needs it.
///
/// DESIGN. Each number times its weight is rounded once to a whole multiple of a unit; whole numbers are added without
/// rounding. So the order in which values come, and how they are grouped into sums of sums, change no bit, and nothing
/// has to wait for its turn. A sum takes 8 bytes an element, as one in double precision does; a superaccumulator, which
/// needs no unit, takes 30 to 90.
package struct ExactSum: Sendable, Hashable {
    /// A term has fewer bits: doubles round it to whole numbers by adding and taking away one constant.
    static let termBits = 51
    /// What a sum may not reach, in units.
    static let bound = 0x1p62

    /// The type of what is added.
    package let type: ValueType
    /// What is counted in.
    package let units: SumUnits
    private var counts: [Int64]
    /// No count is greater.
    private var largest = 0.0

    /// Starts with nothing.
    ///
    /// - Throws: `TensorError.valueMismatch` for a type other than float32.
    package init(_ type: ValueType, in units: SumUnits) throws(TensorError) {
        guard type.elementType == .float32 else {
            throw .valueMismatch(name: "summed value", expected: "float32", got: "\(type)")
        }
        self.type = type
        self.units = units
        counts = [Int64](repeating: 0, count: type.shape.elementCount)
    }

    /// Takes up a sum that was counted elsewhere.
    ///
    /// - Throws: `TensorError.valueMismatch` for a value other than int64, or counts beyond what a sum may have.
    package init(counts value: TensorValue, in units: SumUnits) throws(TensorError) {
        type = ValueType(.float32, value.shape)
        self.units = units
        counts = try value.int64s
        for count in counts { largest = max(largest, Double(count.magnitude)) }
        guard largest < ExactSum.bound else {
            throw .valueMismatch(name: "sum", expected: "counts below 2^62", got: "\(largest)")
        }
    }

    /// Whether a value has a place in the sum under a weight.
    ///
    /// - Complexity: O(elements).
    package func takes(_ value: TensorValue, weight: Double) -> Bool {
        value.type == type && ExactSum.takes(value.largestMagnitude, weight: weight, in: units)
    }

    /// Whether numbers up to a magnitude have a place in a sum under a weight.
    package static func takes(_ magnitude: Double, weight: Double, in units: SumUnits) -> Bool {
        magnitude <= Double(units.limit) && weight >= 0 && magnitude * weight * units.perOne < 0x1p51
    }

    /// Whether numbers up to a magnitude have a place here under a weight, and room beside what is here.
    package func hasRoom(for magnitude: Double, weight: Double) -> Bool {
        ExactSum.takes(magnitude, weight: weight, in: units)
            && largest + (magnitude * weight * units.perOne).rounded(.up) < ExactSum.bound
    }

    /// Adds a value times its weight.
    ///
    /// - Throws: `TensorError.valueMismatch` for a value of another type or that has no place here, `limitExceeded`
    ///   where the sum has no room; the sum is then as it was.
    /// - Complexity: O(elements).
    package mutating func add(_ value: TensorValue, weight: Double) throws(TensorError) {
        guard value.type == type else {
            throw .valueMismatch(name: "summed value", expected: "\(type)", got: "\(value.type)")
        }
        let magnitude = value.largestMagnitude
        guard ExactSum.takes(magnitude, weight: weight, in: units) else {
            throw .valueMismatch(
                name: "summed value",
                expected: "numbers up to \(units.limit) under a weight from 0 that fits",
                got: "\(magnitude) under \(weight)")
        }
        try grow(by: (magnitude * weight * units.perOne).rounded(.up))
        value.storage.addCounts(to: &counts, weight: weight, perOne: units.perOne)
    }

    /// Adds another sum.
    ///
    /// - Throws: `TensorError.valueMismatch` for a sum of another type or in other units, `limitExceeded` where there
    ///   is no room; the sum is then as it was.
    /// - Complexity: O(elements).
    package mutating func add(_ other: ExactSum) throws(TensorError) {
        guard other.type == type, other.units == units else {
            throw .valueMismatch(
                name: "sum", expected: "\(type) in units of 2^\(units.exponent)",
                got: "\(other.type) in units of 2^\(other.units.exponent)")
        }
        try grow(by: other.largest)
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }

    private mutating func grow(by terms: Double) throws(TensorError) {
        guard largest + terms < ExactSum.bound else {
            throw .limitExceeded(what: "bits of a sum", got: 63, limit: 62)
        }
        largest += terms
    }

    /// The sum, in units, as int64.
    ///
    /// - Complexity: O(elements).
    package var value: TensorValue {
        TensorValue(ValueType(.int64, type.shape), filled: Storage(elements: counts))
    }

    /// The sum divided by a weight.
    ///
    /// - Parameter others: sums of what had no place here, added before.
    /// - Complexity: O(elements).
    package func mean(weight: Double, with others: [Double] = []) -> TensorValue {
        let unit = 1 / units.perOne
        let floats = counts.indices.map { index in
            let sum = Double(counts[index]) * unit
            return Float((others.isEmpty ? sum : sum + others[index]) / weight)
        }
        return TensorValue(type, filled: Storage(elements: floats))
    }
}
