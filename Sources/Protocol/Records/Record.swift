import Ground

/// What one side says to the other: a header, and where in their frame its other parts lie.
///
/// A frame is one ZeroMQ message of one part: records one after the other, each at a multiple of 8 bytes. Behind the
/// header come the list of attachments, the body, and at the next multiple of 64 bytes from the record's first the
/// bytes that travel inline.
package struct Record: Sendable {
    /// The header.
    package let header: Header
    /// How many bytes the sender has heard on this connection, modulo 2³².
    package let heard: UInt32
    /// What it has that does not travel with it.
    package let attachments: [Attachment]
    /// Where the body is in the frame.
    package let body: Range<Int>
    /// Where the inline bytes are.
    package let inline: Range<Int>
    /// Where the record is, header and all.
    package let range: Range<Int>

    /// Where the next record of its frame begins.
    package var end: Int { (range.upperBound + 7) & ~7 }
}

/// Bytes that are no record, and the header where that at least could be read.
package struct RecordFault: Error, Sendable, Hashable {
    /// Which message it was meant to be.
    package let header: Header?
    /// What is wrong.
    package let error: ProtocolError

    /// Blames bytes.
    package init(header: Header?, error: ProtocolError) {
        self.header = header
        self.error = error
    }
}

extension Record {
    /// Finds the parts of the record that begins at an offset of a frame.
    ///
    /// - Throws: `RecordFault`.
    package init(decoding frame: Span<UInt8>, at offset: Int) throws(RecordFault) {
        let rest = frame.extracting(min(offset, frame.count)..<frame.count)
        do throws(ProtocolError) {
            header = try Header(decoding: rest)
        } catch {
            throw RecordFault(header: nil, error: error)
        }
        do throws(ProtocolError) {
            heard = rest.word32(at: 20)
            let lengths = try Lengths(of: rest, header.command)
            var attachments: [Attachment] = []
            for index in 0..<lengths.attachments {
                attachments.append(
                    try Attachment(decoding: rest, at: Header.byteCount + index * Attachment.byteCount))
            }
            self.attachments = attachments
            let first = offset + Header.byteCount + lengths.attachments * Attachment.byteCount
            body = first..<first + lengths.body
            let inlineStart = offset + lengths.inlineOffset
            inline = inlineStart..<inlineStart + lengths.inline
            range = offset..<offset + lengths.total
            if let objection { throw objection }
        } catch {
            throw RecordFault(header: header, error: error)
        }
    }

    /// How long the parts of a record are.
    struct Lengths {
        let attachments: Int
        let body: Int
        let inline: Int

        init(attachments: Int, body: Int, inline: Int) {
            self.attachments = attachments
            self.body = body
            self.inline = inline
        }

        /// Reads them from a header's bytes.
        ///
        /// - Throws: `ProtocolError` for parts beyond their limits or beyond the bytes there are.
        init(of bytes: Span<UInt8>, _ command: Command) throws(ProtocolError) {
            body = Int(bytes.word32(at: 8))
            attachments = Int(bytes.word32(at: 12))
            inline = Int(bytes.word32(at: 16))
            guard attachments <= ProtocolLimits.attachmentsMaximum else {
                throw .limitExceeded(
                    what: "the number of attachments", got: attachments,
                    limit: ProtocolLimits.attachmentsMaximum)
            }
            guard body <= command.bodyByteCountMaximum else {
                throw .limitExceeded(
                    what: "the number of bytes of a \(command)'s body", got: body,
                    limit: command.bodyByteCountMaximum)
            }
            guard inline <= command.inlineByteCountMaximum else {
                throw .limitExceeded(
                    what: "the number of bytes beside a \(command)'s body", got: inline,
                    limit: command.inlineByteCountMaximum)
            }
            guard total <= bytes.count else {
                throw .malformed("a \(command) of \(total) bytes came with \(bytes.count)")
            }
        }

        /// Where the inline bytes begin, from the record's first byte.
        var inlineOffset: Int {
            let end = Header.byteCount + attachments * Attachment.byteCount + body
            return inline == 0 ? end : (end + 63) & ~63
        }

        /// The number of bytes of the record.
        var total: Int { inlineOffset + inline }
    }
}

extension Command {
    /// The longest body that travels in a record; a longer one of a job is its first attachment.
    package var bodyByteCountMaximum: Int {
        mayCarryTensors ? ProtocolLimits.jobBodyByteCountMaximum : ProtocolLimits.bodyByteCountMaximum
    }

    /// The most bytes that travel beside the body.
    package var inlineByteCountMaximum: Int {
        self == .piece ? ProtocolLimits.pieceByteCountMaximum : ProtocolLimits.inlineByteCountMaximum
    }
}

// Writing.
extension [UInt8] {
    /// Appends a record.
    ///
    /// - Parameter heard: how many bytes were heard on the connection it goes by, modulo 2³².
    package mutating func append(
        _ header: Header, heard: UInt32 = 0, attachments: [Attachment] = [], body: [UInt8] = [],
        inline: [UInt8] = []
    ) {
        let lengths = Record.Lengths(attachments: attachments.count, body: body.count, inline: inline.count)
        let start = alignedForRecord()
        append(
            contentsOf: repeatElement(0, count: Header.byteCount + attachments.count * Attachment.byteCount))
        edit(from: start) { bytes in
            header.encode(into: &bytes)
            lengths.encode(into: &bytes, heard: heard)
            for (index, attachment) in attachments.enumerated() {
                attachment.encode(into: &bytes, at: Header.byteCount + index * Attachment.byteCount)
            }
        }
        append(contentsOf: body)
        guard !inline.isEmpty else { return }
        append(contentsOf: repeatElement(0, count: start + lengths.inlineOffset - count))
        append(contentsOf: inline)
    }

    /// Appends a record of another frame, under another header.
    package mutating func append(_ record: Record, of frame: RawSpan, as header: Header?, heard: UInt32) {
        let start = alignedForRecord()
        append(frame.extracting(record.range))
        edit(from: start) { bytes in
            header?.encode(into: &bytes)
            bytes.store(word32: heard, at: 20)
        }
    }

    /// Has the first record say how many bytes were heard: in a frame that waited they are more than when it was made.
    package mutating func setHeard(_ word: UInt32) {
        edit(from: 0) { $0.store(word32: word, at: 20) }
    }

    private mutating func alignedForRecord() -> Int {
        let rest = count & 7
        if rest != 0 { append(contentsOf: repeatElement(0, count: 8 - rest)) }
        return count
    }
}

extension Record.Lengths {
    /// Writes what a header says of its record.
    func encode(into bytes: inout MutableRawSpan, heard: UInt32) {
        bytes.store(word32: UInt32(truncatingIfNeeded: body), at: 8)
        bytes.store(word32: UInt32(truncatingIfNeeded: attachments), at: 12)
        bytes.store(word32: UInt32(truncatingIfNeeded: inline), at: 16)
        bytes.store(word32: heard, at: 20)
    }
}

extension Header {
    /// A `piece`, but for its bytes: they follow at once.
    package func pieceHead(_ extent: Extent, heard: UInt32) -> [UInt8] {
        let lengths = Record.Lengths(attachments: 0, body: Extent.byteCount, inline: extent.count)
        var head = [UInt8](repeating: 0, count: lengths.inlineOffset)
        head.edit(from: 0) { bytes in
            encode(into: &bytes)
            lengths.encode(into: &bytes, heard: heard)
            extent.encode(into: &bytes, at: Header.byteCount)
        }
        return head
    }

    /// Writes the header and what was heard over those of a record that is the first of its frame.
    package func replaceFirst(of frame: inout MutableRawSpan, heard: UInt32) {
        encode(into: &frame)
        frame.store(word32: heard, at: 20)
    }
}
