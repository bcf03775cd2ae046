import Protocol
package import Tensor

/// One frame after a body.
package enum TensorFrame: Sendable {
    /// Small tensors, one after the other at multiples of 64 bytes.
    case packed([UInt8])
    /// One tensor's bytes, sent without a copy.
    case whole(Storage)

    /// The number of bytes.
    package var byteCount: Int {
        switch self {
        case .packed(let bytes): bytes.count
        case .whole(let storage): storage.byteCount
        }
    }
}

/// A body and its tensor frames: what follows the header of a submit, dispatch or result.
package struct Payload: Sendable {
    /// The serialised `Job` or `Outcome`.
    package let body: [UInt8]
    /// The tensors' bytes.
    package let frames: [TensorFrame]
    /// The number of bytes of body and frames.
    package let byteCount: Int

    /// Puts a payload together.
    package init(body: [UInt8], frames: [TensorFrame]) {
        self.body = body
        self.frames = frames
        var byteCount = body.count
        for frame in frames { byteCount += frame.byteCount }
        self.byteCount = byteCount
    }
}

/// Lays tensors out in frames: large ones alone, so that they are never copied, small ones together.
struct TensorFrameWriter {
    private var packed: [UInt8] = []
    private var whole: [Storage] = []
    private var pending: [(reference: JobTensorReference, place: Place)] = []

    private enum Place {
        case packed(offset: Int)
        case whole(index: Int)
    }

    /// Adds a tensor.
    mutating func add(_ value: TensorValue) {
        var reference = JobTensorReference()
        reference.elementType = UInt32(value.elementType.rawValue)
        reference.dimensions = value.shape.dimensions.map { UInt64($0) }
        let fits = value.type.byteCount <= ProtocolLimits.packedTensorByteCountMaximum
        // One frame is kept for the packed tensors; past the limit the rest joins them, at the price of a
        // copy.
        if fits || whole.count >= ProtocolLimits.frameCountMaximum - 3 {
            while packed.count % Storage.alignment != 0 { packed.append(0) }
            pending.append((reference, .packed(offset: packed.count)))
            value.storage.append(to: &packed)
        } else {
            pending.append((reference, .whole(index: whole.count)))
            whole.append(value.storage)
        }
    }

    /// The references in the order tensors were added, and the frames they point into.
    consuming func finish() -> (references: [JobTensorReference], frames: [TensorFrame]) {
        let hasPacked = pending.contains { if case .packed = $0.place { true } else { false } }
        let firstWhole: UInt32 = hasPacked ? 1 : 0
        let references = pending.map { entry in
            var reference = entry.reference
            switch entry.place {
            case .packed(let offset): reference.offset = UInt64(offset)
            case .whole(let index): reference.frame = firstWhole + UInt32(index)
            }
            return reference
        }
        let frames = (hasPacked ? [TensorFrame.packed(packed)] : []) + whole.map { .whole($0) }
        return (references, frames)
    }
}

/// Reads tensors out of received frames.
struct TensorFrameReader {
    let frames: [Storage]

    /// The tensor a reference points to; a tensor that fills its frame shares it, a packed one is copied out.
    ///
    /// - Throws: `JobError.malformed` for an unknown element type, a bad shape, or bytes outside the frames.
    func value(_ reference: JobTensorReference) throws(JobError) -> TensorValue {
        let type = try ValueType(reference.elementType, reference.dimensions)
        guard Int(reference.frame) < frames.count else {
            throw .malformed("a tensor lies in frame \(reference.frame) of \(frames.count)")
        }
        let frame = frames[Int(reference.frame)]
        let (end, overflow) = reference.offset.addingReportingOverflow(UInt64(type.byteCount))
        guard !overflow, end <= UInt64(frame.byteCount), reference.offset % UInt64(Storage.alignment) == 0
        else {
            throw .malformed(
                "a tensor of \(type) at byte \(reference.offset) does not fit its frame of \(frame.byteCount) bytes"
            )
        }
        let offset = Int(reference.offset)
        let isWhole = offset == 0 && type.byteCount == frame.byteCount
        let storage = isWhole ? frame : Storage(copying: frame, from: offset, byteCount: type.byteCount)
        do {
            return try TensorValue(type, storage: storage)
        } catch {
            throw .malformed("\(error)")
        }
    }
}

extension ValueType {
    /// A type as it travels.
    init(_ elementType: UInt32, _ dimensions: [UInt64]) throws(JobError) {
        guard let code = UInt8(exactly: elementType), let elementType = ElementType(rawValue: code) else {
            throw .malformed("unknown element type \(elementType)")
        }
        do {
            self.init(elementType, try Shape(dimensions.map { Int(clamping: $0) }))
        } catch {
            throw .malformed("\(error)")
        }
    }
}
