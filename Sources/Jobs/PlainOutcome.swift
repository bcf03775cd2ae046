import Ground
import Protocol
import Tensor

/// The `Outcome` of a job that is no fold and keeps nothing: what a loop over small jobs gets for each, written and
/// read by hand.
///
/// It writes the bytes that SwiftProtobuf writes, and reads them in that order alone; of any others it says nothing,
/// and SwiftProtobuf reads them.
struct PlainOutcome {
    /// An output: its name, and where its tensor lies.
    struct Output {
        let name: String
        let place: TensorPlace
    }

    var outputs: [Output]
    var seconds: Double

    /// The tags of the fields, numbers and kinds as in job.proto.
    fileprivate enum Tag {
        static let outcomeOutput: UInt8 = 1 << 3 | 2
        static let outcomeSeconds: UInt8 = 3 << 3 | 1
        static let outputName: UInt8 = 1 << 3 | 2
        static let outputTensor: UInt8 = 2 << 3 | 2
        static let tensorElementType: UInt8 = 1 << 3
        static let tensorDimensions: UInt8 = 2 << 3 | 2
        static let tensorFrame: UInt8 = 3 << 3
        static let tensorOffset: UInt8 = 4 << 3
    }
}

// MARK: - Writing

extension PlainOutcome {
    /// The serialised message.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16 + 48 * outputs.count)
        for output in outputs {
            let tensor = PlainOutcome.bytes(of: output.place)
            let nameByteCount = output.name.utf8.count
            let nameFieldByteCount =
                nameByteCount == 0 ? 0 : 1 + PlainOutcome.byteCount(nameByteCount) + nameByteCount
            bytes.append(Tag.outcomeOutput)
            bytes.append(
                varint: UInt64(nameFieldByteCount + 1 + PlainOutcome.byteCount(tensor.count) + tensor.count))
            if nameByteCount > 0 {
                bytes.append(Tag.outputName)
                bytes.append(varint: UInt64(nameByteCount))
                bytes.append(contentsOf: output.name.utf8)
            }
            bytes.append(Tag.outputTensor)
            bytes.append(varint: UInt64(tensor.count))
            bytes.append(contentsOf: tensor)
        }
        guard seconds.bitPattern != 0 else { return bytes }
        bytes.append(Tag.outcomeSeconds)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: seconds.bitPattern >> shift))
        }
        return bytes
    }

    private static func bytes(of place: TensorPlace) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        bytes.append(Tag.tensorElementType)
        bytes.append(varint: UInt64(place.type.elementType.rawValue))
        let dimensions = place.type.shape.dimensions
        if !dimensions.isEmpty {
            bytes.append(Tag.tensorDimensions)
            bytes.append(varint: UInt64(dimensions.reduce(0) { $0 + byteCount($1) }))
            for dimension in dimensions { bytes.append(varint: UInt64(dimension)) }
        }
        if place.frame != 0 {
            bytes.append(Tag.tensorFrame)
            bytes.append(varint: UInt64(place.frame))
        }
        if place.offset != 0 {
            bytes.append(Tag.tensorOffset)
            bytes.append(varint: place.offset)
        }
        return bytes
    }

    /// The bytes of a number that is not negative.
    private static func byteCount(_ value: Int) -> Int {
        max(1, (Int.bitWidth - value.leadingZeroBitCount + 6) / 7)
    }
}

extension [UInt8] {
    fileprivate mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}

// MARK: - Reading

extension PlainOutcome {
    /// Reads a message in the form it is written in; `nil` for any other.
    init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes, end: bytes.count)
        (outputs, seconds) = ([], 0)
        while reader.takeTag(Tag.outcomeOutput) {
            guard outputs.count < JobLimits.tensorsMaximum, var part = reader.takePart(),
                let output = Output(&part)
            else { return nil }
            outputs.append(output)
        }
        if reader.takeTag(Tag.outcomeSeconds) {
            guard let bits = reader.takeFixed() else { return nil }
            seconds = Double(bitPattern: bits)
        }
        guard reader.isAtEnd else { return nil }
    }

    /// A part of the bytes, and how far it was read.
    fileprivate struct Reader {
        let bytes: [UInt8]
        var next = 0
        let end: Int

        var isAtEnd: Bool { next == end }

        mutating func takeTag(_ tag: UInt8) -> Bool {
            guard next < end, bytes[next] == tag else { return false }
            next += 1
            return true
        }

        /// A number; `nil` for one that ends too late, or is longer than it must be.
        mutating func takeNumber() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 63, by: 7) {
                guard next < end else { return nil }
                let byte = bytes[next]
                next += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return byte == 0 && shift > 0 ? nil : value }
            }
            return nil
        }

        mutating func takeFixed() -> UInt64? {
            guard end - next >= 8 else { return nil }
            var value: UInt64 = 0
            for offset in 0..<8 { value |= UInt64(bytes[next + offset]) << UInt64(8 * offset) }
            next += 8
            return value
        }

        /// What follows behind its length.
        mutating func takePart() -> Reader? {
            guard let count = takeNumber(), count <= UInt64(end - next) else { return nil }
            defer { next += Int(count) }
            return Reader(bytes: bytes, next: next, end: next + Int(count))
        }
    }
}

extension PlainOutcome.Output {
    fileprivate init?(_ reader: inout PlainOutcome.Reader) {
        var name = ""
        if reader.takeTag(PlainOutcome.Tag.outputName) {
            guard let part = reader.takePart(), part.next < part.end,
                let text = String(validating: part.bytes[part.next..<part.end], as: UTF8.self)
            else { return nil }
            name = text
        }
        guard reader.takeTag(PlainOutcome.Tag.outputTensor), var part = reader.takePart(), reader.isAtEnd,
            let place = TensorPlace(&part)
        else { return nil }
        self.init(name: name, place: place)
    }
}

extension TensorPlace {
    fileprivate init?(_ reader: inout PlainOutcome.Reader) {
        guard reader.takeTag(PlainOutcome.Tag.tensorElementType), let code = reader.takeNumber(),
            let small = UInt8(exactly: code), let elementType = ElementType(rawValue: small)
        else { return nil }
        var dimensions: [Int] = []
        if reader.takeTag(PlainOutcome.Tag.tensorDimensions) {
            guard var part = reader.takePart(), !part.isAtEnd else { return nil }
            while !part.isAtEnd {
                guard let dimension = part.takeNumber() else { return nil }
                dimensions.append(Int(clamping: dimension))
            }
        }
        var (frame, offset) = (UInt64(0), UInt64(0))
        if reader.takeTag(PlainOutcome.Tag.tensorFrame) {
            guard let number = reader.takeNumber(), number != 0 else { return nil }
            frame = number
        }
        if reader.takeTag(PlainOutcome.Tag.tensorOffset) {
            guard let number = reader.takeNumber(), number != 0 else { return nil }
            offset = number
        }
        guard reader.isAtEnd, let frame = UInt32(exactly: frame), let shape = try? Shape(dimensions) else {
            return nil
        }
        self.init(type: ValueType(elementType, shape), frame: frame, offset: offset)
    }
}
