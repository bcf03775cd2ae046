package import Ground

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
