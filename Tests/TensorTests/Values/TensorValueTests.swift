import TestSupport
import Testing

@testable import Tensor

@Suite("tensor values")
struct TensorValueTests {
    @Test("elements come back as they went in, in every type")
    func roundTrip() throws {
        #expect(try TensorValue([1, -0.5] as [Float]).floats == [1, -0.5])
        #expect(try TensorValue([1, .min] as [Int32]).int32s == [1, .min])
        #expect(try TensorValue([1, .max] as [Int64], shape: [2, 1]).int64s == [1, .max])
        #expect(try TensorValue([0, 255] as [UInt8]).bytes == [0, 255])
        #expect(try TensorValue(scalar: 3).scalar() == 3)
        #expect(try TensorValue([Float](), shape: [0, 3]).floats.isEmpty)
        #expect(try TensorValue.zeros(ValueType(.int32, Shape([3]))).int32s == [0, 0, 0])
    }

    @Test("shapes that do not fit and types that are not there are refused")
    func refusals() throws {
        #expect(throws: TensorError.self) { try TensorValue([1, 2] as [Float], shape: [3]) }
        #expect(throws: TensorError.self) { try TensorValue([1] as [Float], shape: [-1]) }
        let value = try TensorValue([1, 2] as [Float])
        #expect(throws: TensorError.self) { try value.int32s }
        #expect(throws: TensorError.self) { try value.int64s }
        #expect(throws: TensorError.self) { try value.bytes }
        #expect(throws: TensorError.self) { try value.scalar() }
        #expect(throws: TensorError.self) { try TensorValue([1] as [UInt8]).floats }
    }

    @Test("values are equal when type and bytes are")
    func equality() throws {
        let value = try TensorValue([1, 2] as [Float])
        #expect(value == (try TensorValue([1, 2] as [Float])))
        #expect(value.hashValue == (try TensorValue([1, 2] as [Float])).hashValue)
        #expect(value != (try TensorValue([1, 3] as [Float])))
        #expect(value != (try TensorValue([1, 2] as [Float], shape: [2, 1])))
        #expect(TensorValue(scalar: .nan) == TensorValue(scalar: .nan))
        #expect(TensorValue(scalar: 0) != TensorValue(scalar: -0.0))
        #expect(TensorValue(scalar: 0) != TensorValue.zeros(ValueType(.int32, .scalar)))
    }
}
