import Ground

/// Bytes of an attachment: what a `want` asks for, what a `piece` brings, what is `gone`.
package struct Extent: Sendable, Hashable {
    /// The number of bytes of the body that says it.
    package static let byteCount = 24

    /// Which of the job's attachments, from 0.
    package var attachment: Int
    /// The first byte.
    package var from: Int
    /// The byte after the last.
    package var to: Int

    /// Names bytes.
    package init(attachment: Int, from: Int, to: Int) {
        self.attachment = attachment
        self.from = from
        self.to = to
    }

    /// How many bytes there are.
    package var count: Int { to - from }

    /// Reads the body of a `want`, `piece` or `gone`.
    ///
    /// - Throws: `ProtocolError` for another number of bytes, or an end before the beginning.
    package init(decoding bytes: Span<UInt8>) throws(ProtocolError) {
        guard bytes.count == Extent.byteCount else {
            throw .malformed("an extent has \(Extent.byteCount) bytes, got \(bytes.count)")
        }
        attachment = Int(bytes.word32(at: 0))
        let (first, last) = (bytes.word64(at: 8), bytes.word64(at: 16))
        guard bytes.word32(at: 4) == 0, first <= last,
            last <= UInt64(ProtocolLimits.attachmentByteCountMaximum)
        else {
            throw .malformed("an extent from byte \(first) to \(last)")
        }
        (from, to) = (Int(first), Int(last))
    }

    /// Writes the body into `byteCount` bytes.
    package func encode(into bytes: inout MutableRawSpan, at offset: Int) {
        bytes.store(word32: UInt32(truncatingIfNeeded: attachment), at: offset)
        bytes.store(word32: 0, at: offset + 4)
        bytes.store(word64: UInt64(from), at: offset + 8)
        bytes.store(word64: UInt64(to), at: offset + 16)
    }

    /// The body.
    package var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Extent.byteCount)
        bytes.edit(from: 0) { encode(into: &$0, at: 0) }
        return bytes
    }
}
