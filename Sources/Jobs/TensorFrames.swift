import Ground
import Protocol
package import Tensor

/// Lays tensors out in frames: large ones alone, so that they are never copied, small ones together.
struct TensorFrameWriter {
    /// Tensors that may have a frame of their own: the body and the packed ones may be attached as well.
    static let wholeCountMaximum = ProtocolLimits.attachmentsMaximum - 2

    private var packed: [UInt8] = []
    private var whole: [Storage] = []
    private var entries: [Entry] = []
    private var hasPacked = false

    /// Where a tensor was put: at an offset of the packed frame, or alone, as the `index`-th of its kind.
    private struct Entry {
        let type: ValueType
        let isPacked: Bool
        let position: Int
    }

    /// Adds a tensor.
    mutating func add(_ value: TensorValue) {
        let fits = value.type.byteCount <= ProtocolLimits.packedTensorByteCountMaximum
        // One frame is kept for the packed tensors; past the limit the rest joins them, at the price of a
        // copy.
        if fits || whole.count >= TensorFrameWriter.wholeCountMaximum {
            let rest = packed.count % Storage.alignment
            if rest != 0 { packed.append(contentsOf: repeatElement(0, count: Storage.alignment - rest)) }
            entries.append(Entry(type: value.type, isPacked: true, position: packed.count))
            value.storage.append(to: &packed)
            hasPacked = true
        } else {
            entries.append(Entry(type: value.type, isPacked: false, position: whole.count))
            whole.append(value.storage)
        }
    }

    /// The frames, the packed one first.
    var frames: [TensorFrame] {
        (hasPacked ? [TensorFrame.packed(packed)] : []) + whole.map { .whole($0) }
    }

    /// Where each tensor lies, in the order they were added: a function of their types alone.
    var references: [JobTensorReference] {
        entries.map { entry in
            var reference = JobTensorReference()
            reference.elementType = UInt32(entry.type.elementType.rawValue)
            reference.dimensions = entry.type.shape.dimensions.map { UInt64($0) }
            if entry.isPacked {
                reference.offset = UInt64(entry.position)
            } else {
                reference.frame = UInt32(entry.position) + (hasPacked ? 1 : 0)
            }
            return reference
        }
    }
}

extension ValueType {
    /// The bytes of the largest frame, and of all, that values of some types travel in, told before they are made.
    package static func frameByteCounts(of types: [ValueType]) -> (largest: Int, total: Int) {
        var largest = 0, packed = 0, whole = 0, count = 0
        for type in types {
            let fits = type.byteCount <= ProtocolLimits.packedTensorByteCountMaximum
            if fits || count >= TensorFrameWriter.wholeCountMaximum {
                let rest = packed % Storage.alignment
                packed = packed.addingSaturated(rest == 0 ? 0 : Storage.alignment - rest)
                    .addingSaturated(type.byteCount)
            } else {
                count += 1
                largest = max(largest, type.byteCount)
                whole = whole.addingSaturated(type.byteCount)
            }
        }
        return (max(largest, packed), whole.addingSaturated(packed))
    }
}

/// Reads tensors out of received frames.
struct TensorFrameReader {
    let frames: [Storage]
    private let allowance: Allowance

    /// What may be copied out of the frames: as many bytes as they have. Several references may name the same
    /// bytes, and a message of one frame and thousands of references must not become thousands of frames.
    private final class Allowance {
        var byteCount: Int

        init(_ frames: [Storage]) { byteCount = frames.reduce(0) { $0.addingSaturated($1.byteCount) } }
    }

    init(frames: [Storage]) {
        self.frames = frames
        allowance = Allowance(frames)
    }

    /// The tensor a reference points to; a tensor that fills its frame shares it, a packed one is copied out,
    /// unless the references name more bytes than there are: then they share them, too.
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
        let storage = isWhole ? frame : part(of: frame, from: offset, byteCount: type.byteCount)
        do {
            return try TensorValue(type, storage: storage)
        } catch {
            throw .malformed("\(error)")
        }
    }

    private func part(of frame: Storage, from offset: Int, byteCount: Int) -> Storage {
        guard byteCount <= allowance.byteCount else {
            return Storage(partOf: frame, from: offset, byteCount: byteCount)
        }
        allowance.byteCount -= byteCount
        return Storage(copying: frame, from: offset, byteCount: byteCount)
    }
}

extension ValueType {
    /// A type as it travels.
    init(_ elementType: UInt32, _ dimensions: [UInt64]) throws(JobError) {
        let elementType = try ElementType(wire: elementType, of: "")
        do {
            self.init(elementType, try Shape(dimensions.map { Int(clamping: $0) }))
        } catch {
            throw .malformed("\(error)")
        }
    }
}

extension ElementType {
    /// What later versions will know, by the codes that stand for it.
    private static let reserved: [UInt32: String] = [
        5: "float64", 6: "bool", 7: "float16", 8: "bfloat16", 9: "int8",
    ]

    /// A type as it travels; `subject` is whose it is, such as `input x has `.
    init(wire code: UInt32, of subject: String) throws(JobError) {
        if let name = ElementType.reserved[code] {
            throw .malformed("\(subject)element type \(code) (\(name)), which is reserved, not supported yet")
        }
        guard let small = UInt8(exactly: code), let known = ElementType(rawValue: small) else {
            throw .malformed("\(subject)unknown element type \(code)")
        }
        self = known
    }
}
