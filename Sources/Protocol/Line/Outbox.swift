/// What waits to go to one peer: records in their order, bundled to frames; and how much its line takes.
///
/// A pure value: whoever owns the socket takes frames out as there is room, and says what was sent.
package struct Outbox: Sendable {
    /// The connection.
    package var line = Line()
    /// Bytes of records that wait.
    package private(set) var byteCount = 0
    /// Frames that are complete, the oldest first.
    private var frames: [[UInt8]] = []
    private var next = 0
    /// The frame records are added to.
    private var open: [UInt8] = []

    /// Nothing waits.
    package init() {}

    /// Whether no record waits.
    package var isEmpty: Bool { byteCount == 0 }

    /// Adds a record of this side's own.
    package mutating func append(
        _ header: Header, attachments: [Attachment] = [], body: [UInt8] = [], inline: [UInt8] = []
    ) {
        let before = open.count
        open.append(header, heard: line.word, attachments: attachments, body: body, inline: inline)
        close(grownFrom: before)
    }

    /// Adds a record that came from somebody else, under another header or its own.
    package mutating func append(_ record: Record, of frame: RawSpan, as header: Header? = nil) {
        let before = open.count
        open.append(record, of: frame, as: header, heard: line.word)
        close(grownFrom: before)
    }

    /// A frame is complete before it is too large for the line, or for a copy to be cheap.
    private mutating func close(grownFrom before: Int) {
        byteCount += open.count - before
        guard open.count >= min(ProtocolLimits.bundleByteCountMaximum, line.window / 2) else { return }
        frames.append(open)
        open = []
    }

    /// The next frame of records, if there is one and the line takes it; it says what has come until now.
    package mutating func takeFrame() -> [UInt8]? {
        guard byteCount > 0, line.hasRoom else { return nil }
        var frame: [UInt8]
        if next < frames.count {
            frame = frames[next]
            frames[next] = []
            next += 1
            if next == frames.count || next >= 256 {
                frames.removeFirst(next)
                next = 0
            }
        } else {
            frame = open
            open = []
        }
        byteCount -= frame.count
        frame.setHeard(line.word)
        return frame
    }

    /// Takes a frame back that could not be sent: it is the first again.
    package mutating func putBack(_ frame: [UInt8]) {
        byteCount += frame.count
        if next > 0 {
            next -= 1
            frames[next] = frame
        } else {
            frames.insert(frame, at: 0)
        }
    }

    /// How many bytes a piece may have that goes out now; `nil` while records wait, or the line is full.
    package var pieceRoom: Int? { byteCount == 0 && line.hasRoom ? line.pieceByteCount : nil }

    /// Forgets what waits; the line is another.
    package mutating func reset() { self = Outbox() }
}
