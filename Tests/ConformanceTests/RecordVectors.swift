import Ground

@testable import Protocol

/// A row of `records.json`: a frame, and what is to be read from it; with no record where it must be refused.
struct RecordedFrame: Codable, Hashable {
    var what: String
    var frame: String
    var records: [RecordedRecord]
    /// Whether what follows the records is none: the receiver drops it, and counts it.
    var isDamaged = false
}

/// What stands in a record.
struct RecordedRecord: Codable, Hashable {
    var command: Int
    var flags: Int
    var heard: UInt32
    var epoch: UInt64
    var job: String
    var target: String
    var attempt: UInt32
    var deadline: UInt32
    var slot: UInt32
    var wait: UInt32
    var attachments: [RecordedAttachment]
    var body: String
    var inline: String

    init(_ record: Record, of frame: [UInt8]) {
        let header = record.header
        command = Int(header.command.rawValue)
        flags = Int(header.flags.rawValue)
        heard = record.heard
        epoch = header.epoch
        job = digits(header.job.bytes)
        target = digits(header.target.bytes)
        attempt = header.attempt
        deadline = header.deadlineMilliseconds
        slot = header.slot
        wait = header.waitMilliseconds
        attachments = record.attachments.map { RecordedAttachment($0) }
        body = digits(frame[record.body])
        inline = digits(frame[record.inline])
    }
}

extension Identifier {
    /// The bytes in the order they travel in.
    fileprivate var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
    }
}

/// An attachment of a record.
struct RecordedAttachment: Codable, Hashable {
    /// Hexadecimal digits, or nothing.
    var name: String
    var byteCount: Int

    init(_ attachment: Protocol.Attachment) {
        byteCount = attachment.byteCount
        name = ""
        guard let words = attachment.name?.words else { return }
        for word in [words.0, words.1, words.2, words.3] {
            name += digits((0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) })
        }
    }
}

extension RecordedFrame {
    /// Reads a frame as a receiver does: up to the first record that is none.
    init(_ what: String, _ frame: [UInt8]) {
        self.what = what
        self.frame = digits(frame)
        records = []
        var offset = 0
        while offset < frame.count {
            guard let record = try? Record(decoding: frame.span, at: offset) else {
                isDamaged = true
                return
            }
            records.append(RecordedRecord(record, of: frame))
            offset = record.end
        }
    }
}
