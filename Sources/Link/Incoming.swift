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
    /// Copies what follows a header out of a message whose shape `Header(of:)` has checked.
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
    /// Reads the header of a message from the broker and checks that as many frames follow as its command
    /// allows.
    ///
    /// - Throws: `ProtocolError`.
    init(of message: borrowing Message) throws(ProtocolError) {
        try self.init(firstFrameOf: message)
        guard command.direction != .toBroker else { throw .unexpectedCommand(command) }
        let expected = command.hasBody ? 2 : 1
        let fits =
            command.mayCarryTensors
            ? message.frameCount >= expected : message.frameCount == expected
        guard fits else { throw .malformed("\(command) came in \(message.frameCount) frames") }
    }

    private init(firstFrameOf message: borrowing Message) throws(ProtocolError) {
        guard message.frameCount > 0 else { throw .malformed("a message without frames") }
        self = try message.withFrame(0) { (bytes) throws(ProtocolError) -> Header in
            // The one door from a RawSpan to bytes that strict memory safety lets through.
            try Header(decoding: Span<UInt8>(_bytes: bytes))
        }
    }
}
