/// Bytes that do not travel with the record they belong to, but when they are asked for.
package struct Attachment: Sendable, Hashable {
    /// The number of bytes in a record's list.
    static let byteCount = 48

    /// The number of bytes.
    package let byteCount: Int
    /// What stands for these very bytes in all jobs of an owner, so that whoever has them needs them once; `nil` for
    /// bytes of one job alone.
    package let name: ContentName?

    /// Describes bytes.
    package init(byteCount: Int, name: ContentName? = nil) {
        self.byteCount = byteCount
        self.name = name
    }
}

/// Thirty-two bytes that stand for bytes: their sender never gives it to others.
package struct ContentName: Sendable, Hashable {
    let words: (UInt64, UInt64, UInt64, UInt64)

    /// Puts words together; not all of them are zero.
    package init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        words = (first, second, third, fourth)
    }

    /// Equal when all bytes are.
    package static func == (left: ContentName, right: ContentName) -> Bool { left.words == right.words }

    /// Hashes all bytes.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension Attachment {
    /// Reads the description at an offset.
    init(decoding bytes: Span<UInt8>, at offset: Int) throws(ProtocolError) {
        let words = (
            bytes.word64(at: offset), bytes.word64(at: offset + 8), bytes.word64(at: offset + 16),
            bytes.word64(at: offset + 24)
        )
        let length = bytes.word64(at: offset + 32), kind = bytes.word64(at: offset + 40)
        let isNamed = words != (0, 0, 0, 0)
        guard kind == (isNamed ? 1 : 0) else {
            throw .malformed("an attachment of kind \(kind) \(isNamed ? "with" : "without") a name")
        }
        guard length <= UInt64(ProtocolLimits.attachmentByteCountMaximum) else {
            throw .limitExceeded(
                what: "the number of bytes of an attachment", got: Int(clamping: length),
                limit: ProtocolLimits.attachmentByteCountMaximum)
        }
        byteCount = Int(length)
        name = isNamed ? ContentName(words.0, words.1, words.2, words.3) : nil
    }

    /// Writes the description at an offset.
    func encode(into bytes: inout MutableRawSpan, at offset: Int) {
        let words = name?.words ?? (0, 0, 0, 0)
        bytes.store(word64: words.0, at: offset)
        bytes.store(word64: words.1, at: offset + 8)
        bytes.store(word64: words.2, at: offset + 16)
        bytes.store(word64: words.3, at: offset + 24)
        bytes.store(word64: UInt64(byteCount), at: offset + 32)
        bytes.store(word64: name == nil ? 0 : 1, at: offset + 40)
    }
}
