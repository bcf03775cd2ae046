/// The numbers that bound the memory one peer can make a socket use.
///
/// libzmq itself may hold `receiveHighWater` × `messageByteCountMaximum` bytes for each peer; keep promises
/// far below.
package struct SocketLimits: Sendable, Hashable {
    /// Messages that may wait to be sent to one peer.
    package var sendHighWater: Int
    /// Messages that may wait to be received from one peer.
    package var receiveHighWater: Int
    /// Bytes in one frame.
    package var frameByteCountMaximum: Int
    /// Frames in one message, routing id included.
    package var frameCountMaximum: Int
    /// Bytes in one message.
    package var messageByteCountMaximum: Int

    /// Creates limits.
    package init(
        sendHighWater: Int = 64,
        receiveHighWater: Int = 64,
        frameByteCountMaximum: Int = 1024 * 1024 + 64 * 1024,
        frameCountMaximum: Int = 64,
        messageByteCountMaximum: Int = 16 * 1024 * 1024
    ) {
        self.sendHighWater = sendHighWater
        self.receiveHighWater = receiveHighWater
        self.frameByteCountMaximum = frameByteCountMaximum
        self.frameCountMaximum = frameCountMaximum
        self.messageByteCountMaximum = messageByteCountMaximum
    }

    /// Applies the limits the loop keeps itself.
    mutating func apply(_ option: SocketOption) {
        switch option {
        case .frameCountMaximum(let count): frameCountMaximum = count
        case .messageByteCountMaximum(let count): messageByteCountMaximum = count
        default: break
        }
    }

    /// The limits as options.
    package var options: [SocketOption] {
        [
            .sendHighWater(sendHighWater), .receiveHighWater(receiveHighWater),
            .frameByteCountMaximum(frameByteCountMaximum), .frameCountMaximum(frameCountMaximum),
            .messageByteCountMaximum(messageByteCountMaximum),
        ]
    }
}

extension [SocketOption] {
    /// What a ROUTER that many peers connect to needs: every limit set, a gone or full peer reported, dead
    /// ones found by the system within a minute.
    package static func router(_ limits: SocketLimits) -> [SocketOption] {
        limits.options + [.mandatory(true), .backlog(1024)] + connection
    }

    /// What a DEALER that connects to one ROUTER needs: every limit set, nothing queued for a broker that is
    /// not there.
    package static func dealer(_ limits: SocketLimits) -> [SocketOption] {
        limits.options + [
            .immediate(true), .reconnectInterval(milliseconds: 200, maximumMilliseconds: 10_000),
            .connectTimeout(milliseconds: 5000),
        ] + connection
    }

    /// What either end of a connection needs.
    private static var connection: [SocketOption] {
        [
            .linger(milliseconds: 0), .handshakeInterval(milliseconds: 5000),
            // No heartbeats of libzmq's own: what they cost grows with the square of the peers. Sessions have theirs,
            // and the system finds connections whose other end is gone.
            .tcpMaximumRetransmission(milliseconds: 20_000),
            .tcpKeepAlive(idleSeconds: 20, intervalSeconds: 10, probes: 3), .ipv6(true),
        ]
    }
}
