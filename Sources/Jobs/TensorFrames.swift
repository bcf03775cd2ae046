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
    var places: [TensorPlace] {
        entries.map { entry in
            entry.isPacked
                ? TensorPlace(type: entry.type, frame: 0, offset: UInt64(entry.position))
                : TensorPlace(
                    type: entry.type, frame: UInt32(entry.position) + (hasPacked ? 1 : 0), offset: 0)
        }
    }

    /// The places as they travel.
    var references: [JobTensorReference] { places.map(\.wire) }
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

/// Where a tensor lies among received frames.
struct TensorPlace {
    let type: ValueType
    let frame: UInt32
    let offset: UInt64

    init(type: ValueType, frame: UInt32, offset: UInt64) {
        self.type = type
        self.frame = frame
        self.offset = offset
    }

    var wire: JobTensorReference {
        var reference = JobTensorReference()
        reference.elementType = UInt32(type.elementType.rawValue)
        reference.dimensions = type.shape.dimensions.map { UInt64($0) }
        reference.frame = frame
        reference.offset = offset
        return reference
    }

    /// - Throws: `JobError.malformed` for an unknown element type or a bad shape.
    init(_ wire: JobTensorReference) throws(JobError) {
        self.init(
            type: try ValueType(wire.elementType, wire.dimensions), frame: wire.frame, offset: wire.offset)
    }
}

/// Reads tensors out of received frames.
struct TensorFrameReader {
    let frames: [Storage]
    /// What may still be copied out of the frames: as many bytes as they have. Several references may name the same
    /// bytes, and a message of one frame and thousands of references must not become thousands of frames.
    private var allowance: Int

    init(frames: [Storage]) {
        self.frames = frames
        allowance = 0
        for frame in frames { allowance = allowance.addingSaturated(frame.byteCount) }
    }

    /// The tensor at a place; one that fills its frame shares it, a packed one is copied out, unless the places name
    /// more bytes than there are: then they share them, too.
    ///
    /// - Throws: `JobError.malformed` for bytes outside the frames.
    mutating func value(_ place: TensorPlace) throws(JobError) -> TensorValue {
        let type = place.type
        guard Int(place.frame) < frames.count else {
            throw .malformed("a tensor lies in frame \(place.frame) of \(frames.count)")
        }
        let frame = frames[Int(place.frame)]
        let (end, overflow) = place.offset.addingReportingOverflow(UInt64(type.byteCount))
        guard !overflow, end <= UInt64(frame.byteCount), place.offset % UInt64(Storage.alignment) == 0
        else {
            throw .malformed(
                "a tensor of \(type) at byte \(place.offset) does not fit its frame of \(frame.byteCount) bytes"
            )
        }
        let offset = Int(place.offset)
        let isWhole = offset == 0 && type.byteCount == frame.byteCount
        let storage = isWhole ? frame : part(of: frame, from: offset, byteCount: type.byteCount)
        do {
            return try TensorValue(type, storage: storage)
        } catch {
            throw .malformed("\(error)")
        }
    }

    private mutating func part(of frame: Storage, from offset: Int, byteCount: Int) -> Storage {
        guard byteCount <= allowance else {
            return Storage(partOf: frame, from: offset, byteCount: byteCount)
        }
        allowance -= byteCount
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
