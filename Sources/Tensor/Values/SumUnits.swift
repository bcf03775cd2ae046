/// In what a sum counts: whole multiples of a power of two, of numbers up to a limit.
public struct SumUnits: Sendable, Hashable {
    /// The unit is two to this.
    public let exponent: Int
    /// Numbers whose magnitude is greater have no place in the sum.
    public let limit: Float

    /// Exponents of units that doubles can count in.
    public static let exponents = -512...512

    /// The units a worker is told; `nil` where there are no such units.
    public init?(exponent: Int, limit: Float) {
        guard SumUnits.exponents.contains(exponent), limit.isFinite, limit > 0 else { return nil }
        self.exponent = exponent
        self.limit = limit
    }

    /// The finest units in which numbers up to a limit, times weights of at most so much in all, can be counted.
    ///
    /// - Parameters:
    ///   - limit: Positive and finite; what is beyond is brought there.
    ///   - weight: Positive and finite; what is beyond is brought there.
    public init(limit: Double, weight: Double) {
        let limit = Swift.min(Swift.max(limit, 0x1p-100), 0x1p100)
        let weight = Swift.min(Swift.max(weight, 1), 0x1p60)
        // A product below 2^k has fewer than 51 bits in units of 2^(k - 51).
        exponent = Int((limit * weight).exponent) + 1 - ExactSum.termBits
        self.limit = Float(limit)
    }

    /// How many units make one.
    var perOne: Double { Double(sign: .plus, exponent: -exponent, significand: 1) }
}
