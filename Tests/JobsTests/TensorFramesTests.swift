import Ground
import Protocol
import Tensor
import Testing

@testable import Jobs

@Suite("Tensors in frames")
struct TensorFramesTests {
    @Test("small tensors share one frame, each at a multiple of 64 bytes")
    func packing() throws {
        let values = [
            try Samples.value(byteCount: 1), try Samples.value(byteCount: 64), TensorValue(scalar: 3),
            try Samples.value(byteCount: ProtocolLimits.packedTensorByteCountMaximum),
        ]
        var writer = TensorFrameWriter()
        for value in values { writer.add(value) }
        let (references, frames) = (writer.references, writer.frames)
        #expect(references.map(\.offset) == [0, 64, 128, 192])
        #expect(references.map(\.frame) == [0, 0, 0, 0])
        guard frames.count == 1, case .packed(let bytes) = frames[0] else {
            return #expect(Bool(false), "not one packed frame")
        }
        #expect(bytes.count == 192 + 16_384)
        #expect(bytes[1..<64].allSatisfy { $0 == 0 })
    }

    @Test("a large tensor goes out as the storage it is and is read as the frame it came in")
    func zeroCopy() throws {
        let large = try Samples.value(byteCount: ProtocolLimits.packedTensorByteCountMaximum + 1)
        let small = TensorValue(scalar: 1)
        let payload = Samples.result([large, small, large]).payload
        #expect(payload.frames.count == 3)
        guard case .packed = payload.frames[0], case .whole(let first) = payload.frames[1],
            case .whole(let second) = payload.frames[2]
        else { return #expect(Bool(false), "frames are in another order") }
        #expect(first === large.storage && second === large.storage)

        let received = payload.received
        let back = try JobResult(decoding: payload.body, frames: received)
        #expect(back.outputs[0].value.storage === received[1])
        #expect(back.outputs[2].value.storage === received[2])
        #expect(back.outputs.map(\.value) == [large, small, large])
    }

    @Test("more large tensors than frames share the last one, at the price of a copy")
    func manyTensors() throws {
        let large = try Samples.value(byteCount: ProtocolLimits.packedTensorByteCountMaximum + 1)
        let values = Array(repeating: large, count: ProtocolLimits.attachmentsMaximum + 5)
        let payload = Samples.result(values).payload
        #expect(payload.frames.count + 1 <= ProtocolLimits.attachmentsMaximum)
        let back = try JobResult(decoding: payload.body, frames: payload.received)
        #expect(back.outputs.count == values.count)
        #expect(back.outputs.allSatisfy { $0.value == large })
    }

    @Test("tensors without elements, and none at all, come back")
    func empty() throws {
        let none = try TensorValue([] as [Float], shape: [0, 5])
        let payload = Samples.result([none, TensorValue(scalar: 2), none]).payload
        let back = try JobResult(decoding: payload.body, frames: payload.received)
        #expect(back.outputs.map(\.value) == [none, TensorValue(scalar: 2), none])
        #expect(Samples.result([]).payload.frames.isEmpty)
    }

    @Test("references to the same bytes take no more memory than the message: what is over is shared")
    func repeated() throws {
        let frame = Storage(copying: (0..<1_024).map { UInt8(truncatingIfNeeded: $0) })
        var reader = TensorFrameReader(frames: [frame])
        var copied = 0
        for index in 0..<4_000 {
            let offset = index % 8 * 64
            let place = TensorPlace(
                type: ValueType(.uint8, try Shape([512])), frame: 0, offset: UInt64(offset))
            let value = try reader.value(place)
            #expect(value.storage == Storage(copying: frame, from: offset, byteCount: 512))
            if !value.storage.isPart { copied += 512 }
            #expect(!value.compact.storage.isPart && value.compact == value)
        }
        #expect(copied == 1_024)
    }

    @Test("a reference outside its frame, off the grid, or to no frame is refused")
    func references() {
        var reader = TensorFrameReader(frames: [Storage(byteCount: 128)])
        func refusal(_ change: (inout JobTensorReference) -> Void) -> JobError? {
            var reference = made(JobTensorReference()) {
                $0.elementType = 1
                $0.dimensions = [16]
            }
            change(&reference)
            return errorOf { () throws(JobError) in try reader.value(TensorPlace(reference)) }
        }
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.offset = 64 } == nil)
        let message = "a tensor of float32 [16] at byte 32 does not fit its frame of 128 bytes"
        #expect(refusal { $0.offset = 32 } == .malformed(message))
        #expect(refusal { $0.offset = 128 } != nil)
        #expect(refusal { $0.offset = .max - 63 } != nil)
        #expect(refusal { $0.dimensions = [33] } != nil)
        #expect(refusal { $0.dimensions = [.max] } != nil)
        #expect(refusal { $0.dimensions = Array(repeating: 1, count: 9) } != nil)
        #expect(refusal { $0.elementType = 0 } == .malformed("unknown element type 0"))
        #expect(refusal { $0.elementType = 260 } == .malformed("unknown element type 260"))
        #expect(refusal { $0.frame = 1 } == .malformed("a tensor lies in frame 1 of 1"))
        #expect(refusal { $0.frame = .max } != nil)
    }

    @Test("how large frames will be is known from types alone")
    func sizes() throws {
        for sizes in [[], [1, 17, 4_096], [5_000, 3, 6_000], [Int](repeating: 4_100, count: 1_050)] {
            let types = try sizes.map { ValueType(.float32, try Shape([$0])) }
            var writer = TensorFrameWriter()
            for type in types { writer.add(TensorValue.zeros(type)) }
            let frames = writer.frames.map(\.byteCount)
            let told = ValueType.frameByteCounts(of: types)
            #expect(told.largest == frames.max() ?? 0 && told.total == frames.reduce(0, +))
        }
    }
}
