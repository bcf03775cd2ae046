import Testing

@testable import Tensor

@Suite("Exact sums")
struct ExactSumTests {
    private let units = SumUnits(limit: 16, weight: 100_000)

    @Test("the mean is weighted")
    func weighted() throws {
        var sum = try ExactSum(ValueType(.float32, Shape([2])), in: units)
        try sum.add(TensorValue([1, 10] as [Float]), weight: 1)
        try sum.add(TensorValue([4, 1] as [Float]), weight: 2)
        #expect(try sum.mean(weight: 3).floats == [3, 4])
        #expect(try sum.mean(weight: 3, with: [30, -12]).floats == [13, 0])
    }

    @Test("order and grouping change no bit, and a sum of whole units is the exact one", arguments: 0..<40)
    func groups(seed: UInt64) throws {
        var draw = Draw(seed: seed)
        let values = try (0..<9).map { _ in try draw.floats([33]) }
        let weights = (0..<9).map { 1 + Double((seed * 31 + UInt64($0) * 977) % 9_000) }
        var all = try ExactSum(values[0].type, in: units)
        for index in 0..<9 { try all.add(values[index], weight: weights[index]) }
        var (left, right) = (try ExactSum(values[0].type, in: units), try ExactSum(values[0].type, in: units))
        for index in (0..<9).reversed() {
            if (seed + UInt64(index)).isMultiple(of: 3) {
                try left.add(values[index], weight: weights[index])
            } else {
                try right.add(values[index], weight: weights[index])
            }
        }
        try left.add(ExactSum(counts: right.value, in: units))
        #expect(left.value == all.value)
        // The naive twin: the same rounding, one number at a time.
        let perOne = Double(sign: .plus, exponent: -units.exponent, significand: 1)
        var counts = [Int64](repeating: 0, count: 33)
        for (value, weight) in zip(values, weights) {
            for (element, number) in try value.floats.enumerated() {
                counts[element] += Int64((Double(number) * weight * perOne).rounded(.toNearestOrEven))
            }
        }
        #expect(try all.value.int64s == counts)
    }

    @Test("equal values average to themselves, bit for bit, down to the unit")
    func fixedPoint() throws {
        var draw = Draw(seed: 51)
        let value = try draw.floats([3, 67])
        var sum = try ExactSum(value.type, in: units)
        for weight in [6_000.0, 1, 0.25, 12_345] { try sum.add(value, weight: weight) }
        #expect(sum.mean(weight: 18_346.25) == value)
    }

    @Test("units are as fine as 51 bits allow, at any size")
    func fineness() {
        for (limit, weight) in [
            (1.0, 1.0), (16, 60_000), (1e-30, 1), (1e30, 1e18), (0, 0), (.infinity, .infinity),
        ] {
            let units = SumUnits(limit: limit, weight: weight)
            #expect(SumUnits(exponent: units.exponent, limit: units.limit) == units)
            guard limit > 1e-29, limit < 1e29 else { continue }
            #expect(ExactSum.takes(limit * 0.999, weight: weight, in: units))
            #expect(limit * weight * units.perOne >= 0x1p50)
        }
        #expect(SumUnits(exponent: 600, limit: 1) == nil)
        for limit in [0, -1, .infinity, .nan] as [Float] {
            #expect(SumUnits(exponent: 0, limit: limit) == nil)
        }
    }

    @Test("what has no place is refused, and leaves the sum as it was")
    func refusals() throws {
        #expect(throws: TensorError.self) { try ExactSum(ValueType(.int64, .scalar), in: units) }
        var sum = try ExactSum(ValueType(.float32, Shape([2])), in: units)
        try sum.add(TensorValue([1, 2] as [Float]), weight: 3)
        let before = sum
        for value in [[17, 0], [.nan, 0], [0, -.infinity], [1], [1, 2, 3]] as [[Float]] {
            #expect(throws: TensorError.self) { try sum.add(TensorValue(value), weight: 1) }
        }
        for weight in [-1, .infinity, .nan, 1e9] {
            #expect(throws: TensorError.self) {
                try sum.add(TensorValue([1, 16] as [Float]), weight: weight)
            }
        }
        #expect(throws: TensorError.self) { try sum.add(ExactSum(ValueType(.float32, .scalar), in: units)) }
        let full = try ExactSum(counts: TensorValue([1 << 61, -(1 << 61)] as [Int64]), in: units)
        try sum.add(full)
        #expect(throws: TensorError.self) { try sum.add(full) }
        #expect(!sum.hasRoom(for: 1e40, weight: 1) && sum.hasRoom(for: 1, weight: 1))
        #expect(throws: TensorError.self) { try ExactSum(counts: TensorValue([Int64.min]), in: units) }
        #expect(throws: TensorError.self) { try ExactSum(counts: TensorValue([1] as [Float]), in: units) }
        #expect(before != sum)
    }
}
