#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension Philox {
    /// A number from 0 up to 1, one of 2²⁴ evenly spaced.
    public mutating func uniform() -> Float {
        Float(nextWord() >> 8) * 0x1p-24
    }

    /// Numbers evenly distributed within ±bound.
    public mutating func uniform(_ count: Int, within bound: Double) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(count)
        let scale = Float(bound)
        for _ in 0..<count { numbers.append((2 * uniform() - 1) * scale) }
        return numbers
    }

    /// Numbers normally distributed around 0.
    ///
    /// Source: Box and Muller, "A note on the generation of random normal deviates", 1958.
    public mutating func normal(_ count: Int, deviation: Double = 1) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(count + 1)
        while numbers.count < count {
            // From above 0 up to 1, so that the logarithm exists.
            let first = (Double(nextWord()) + 1) * 0x1p-32
            let second = Double(nextWord()) * 0x1p-32
            let radius = deviation * (-2 * log(first)).squareRoot()
            let angle = 2 * Double.pi * second
            numbers.append(Float(radius * cos(angle)))
            numbers.append(Float(radius * sin(angle)))
        }
        if numbers.count > count { numbers.removeLast() }
        return numbers
    }

    /// A number from 0 up to a bound, all equally likely.
    ///
    /// Source: Lemire, "Fast random integer generation in an interval", 2019.
    @inline(__always)
    public mutating func index(below bound: UInt32) -> UInt32 {
        var product = UInt64(nextWord()) &* UInt64(bound)
        if UInt32(truncatingIfNeeded: product) < bound {
            let threshold = (0 &- bound) % Swift.max(bound, 1)
            while UInt32(truncatingIfNeeded: product) < threshold {
                product = UInt64(nextWord()) &* UInt64(bound)
            }
        }
        return UInt32(truncatingIfNeeded: product >> 32)
    }

    /// The numbers from 0 up to a count in random order, all orders equally likely (Fisher and Yates).
    ///
    /// - Precondition: The count is neither negative nor over 2³¹ − 1.
    public mutating func permutation(_ count: Int) -> [Int32] {
        precondition(count >= 0 && count <= Int(Int32.max), "a permutation's count fits 31 bits")
        var order = [Int32](0..<Int32(count))
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, Int(index(below: UInt32(last + 1))))
        }
        return order
    }
}
