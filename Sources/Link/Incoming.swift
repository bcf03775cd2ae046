package import Ground
package import Protocol
import ZMQ

/// A message as it came: its header read, its tensor frames copied once into aligned memory.
package struct Incoming: Sendable {
    /// The header.
    package let header: Header
    /// The body; empty where the command has none.
    package let body: [UInt8]
    /// The frames after the body.
    package let frames: [Storage]

    /// Puts a message together.
    package init(header: Header, body: [UInt8] = [], frames: [Storage] = []) {
        self.header = header
        self.body = body
        self.frames = frames
    }
}

extension Incoming {
    /// Copies what follows a header out of a message whose header has no objection to its frames.
    ///
    /// - Complexity: O(bytes).
    init(_ header: Header, copying message: borrowing Message) {
        self.header = header
        body = header.command.hasBody ? message.bytes(at: 1) : []
        guard message.frameCount > 2 else {
            frames = []
            return
        }
        var frames: [Storage] = []
        frames.reserveCapacity(message.frameCount - 2)
        for index in 2..<message.frameCount {
            frames.append(message.withFrame(index) { Storage(copying: $0) })
        }
        self.frames = frames
    }
}

extension Header {
    /// Reads the header of a message from the broker.
    ///
    /// - Throws: `ProtocolError`; also for a command that goes to the broker.
    init(of message: borrowing Message) throws(ProtocolError) {
        guard message.frameCount > 0 else { throw .malformed("a message without frames") }
        self = try message.withFrame(0) { (bytes) throws(ProtocolError) -> Header in
            // The one door from a RawSpan to bytes that strict memory safety lets through.
            try Header(decoding: Span<UInt8>(_bytes: bytes))
        }
        try checkDirection()
    }

    /// Reads the header of what is left of a message beyond the limits.
    init(of head: MessageHead) throws(ProtocolError) {
        guard let bytes = head.frames.first else { throw .malformed("a message without a header") }
        try self.init(decoding: bytes.span)
        try checkDirection()
    }

    private func checkDirection() throws(ProtocolError) {
        guard command.direction != .toBroker else { throw .unexpectedCommand(command) }
    }
}

extension ProtocolError {
    /// What is wrong with a message beyond the limits of a link.
    init(_ excess: MessageHead.Excess) {
        switch excess {
        case .frames(let count):
            self = .limitExceeded(
                what: "the number of frames read", got: count, limit: ProtocolLimits.frameCountMaximum)
        case .bytes(let count):
            self = .limitExceeded(
                what: "the number of bytes read", got: count, limit: LinkLimits.messageByteCountMaximum)
        }
    }
}
