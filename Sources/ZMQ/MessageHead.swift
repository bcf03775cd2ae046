/// What is left of a received message beyond the limits: enough to tell somebody.
package struct MessageHead: Sendable {
    /// The limits a message can be beyond.
    package enum Excess: Sendable, Hashable {
        /// Too many frames; how many were read until it was seen.
        case frames(read: Int)
        /// Too many bytes in all frames; how many were read until it was seen.
        case bytes(read: Int)
    }

    /// Copies of the first frames: a routing id and a header, at most, each only where it is short.
    package let frames: [[UInt8]]
    /// The name the authenticator gave its peer; nil where nobody authenticated it.
    package let userID: String?
    /// Which limit it is beyond.
    package let excess: Excess

    /// The first frame read as a routing id; nil where it cannot be one.
    package var routingID: RoutingID? {
        guard let bytes = frames.first else { return nil }
        var message = Message()
        message.append(bytes)
        return message.routingID
    }

    private static let frameCountMaximum = 2
    private static let frameByteCountMaximum = 256

    init(_ message: borrowing Message, _ limits: SocketLimits) {
        let isLong = message.frameCount > limits.frameCountMaximum
        excess = isLong ? .frames(read: message.frameCount) : .bytes(read: message.totalByteCount)
        userID = message.userID
        var frames: [[UInt8]] = []
        for index in 0..<min(message.frameCount, Self.frameCountMaximum) {
            guard message.byteCount(at: index) <= Self.frameByteCountMaximum else { break }
            frames.append(message.bytes(at: index))
        }
        self.frames = frames
    }
}
