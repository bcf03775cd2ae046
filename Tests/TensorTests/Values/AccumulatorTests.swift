import Testing

@testable import Tensor

@Suite("accumulator")
struct AccumulatorTests {
    @Test("the mean is weighted")
    func weighted() throws {
        var accumulator = try Accumulator(ValueType(.float32, Shape([2])))
        try accumulator.add(TensorValue([1, 10] as [Float]), weight: 1)
        try accumulator.add(TensorValue([4, 40] as [Float]), weight: 2)
        #expect(accumulator.weight == 3)
        #expect(try accumulator.mean().floats == [3, 30])
    }

    @Test("equal values average to themselves, bit for bit")
    func fixedPoint() throws {
        var draw = Draw(seed: 51)
        let value = try draw.floats([3, 67])
        var accumulator = try Accumulator(value.type)
        for weight in [6_000.0, 1, 0.25, 12_345] { try accumulator.add(value, weight: weight) }
        #expect(try accumulator.mean() == value)
    }

    @Test("copies of a running sum go their own ways")
    func valueSemantics() throws {
        var first = try Accumulator(ValueType(.float32, .scalar))
        try first.add(TensorValue(scalar: 1), weight: 1)
        var second = first
        try second.add(TensorValue(scalar: 3), weight: 1)
        #expect(try first.mean().scalar() == 1)
        #expect(try second.mean().scalar() == 2)
    }

    @Test("what cannot be averaged is refused")
    func refusals() throws {
        #expect(throws: TensorError.self) { try Accumulator(ValueType(.int64, .scalar)) }
        var accumulator = try Accumulator(ValueType(.float32, Shape([2])))
        #expect(throws: TensorError.self) { try accumulator.mean() }
        #expect(throws: TensorError.self) { try accumulator.add(TensorValue(scalar: 1), weight: 1) }
        let value = try TensorValue([1, 2] as [Float])
        for weight in [0, -1, .infinity, .nan] {
            #expect(throws: TensorError.self) { try accumulator.add(value, weight: weight) }
        }
        #expect(throws: TensorError.self) { try accumulator.mean() }
    }
}
