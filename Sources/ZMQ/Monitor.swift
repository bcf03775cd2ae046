internal import CZMQ

/// Something that happened to a connection of a watched socket.
///
/// `endpoint` is the socket's own end as given to `bind` or `connect`. A descriptor equals the
/// `sourceDescriptor` of messages that came by the connection, so `disconnected` finds the session of a dead
/// peer at once. Descriptors are reused at once too: while a session is known under a descriptor and another
/// peer greets with the same one, the first is dead and its `disconnected` is still to come. The loop hands
/// out events before messages in each turn.
package enum MonitorEvent: Sendable, Hashable {
    /// The socket accepts peers.
    case listening(endpoint: String, descriptor: Int32)
    /// Connecting takes a while.
    case connectDelayed(endpoint: String)
    /// Connecting failed; it is tried again after the interval.
    case connectRetried(endpoint: String, intervalMilliseconds: Int)
    /// A connection stands; the handshake follows.
    case connected(endpoint: String, descriptor: Int32)
    /// A peer has connected; the handshake follows.
    case accepted(endpoint: String, descriptor: Int32)
    /// Accepting a peer failed.
    case acceptFailed(endpoint: String, ZMQError.Code)
    /// The handshake is done: messages can flow.
    case handshakeSucceeded(endpoint: String)
    /// The handshake failed; a connecting socket tries again only after `system` and `authentication(300)`.
    case handshakeFailed(endpoint: String, HandshakeFailure)
    /// A connection broke.
    case disconnected(endpoint: String, descriptor: Int32)
    /// A connection was closed from this side.
    case closed(endpoint: String, descriptor: Int32)
    /// Something newer or rarer; the numbers are libzmq's.
    case other(endpoint: String, event: Int, value: Int)

    /// Why a handshake failed.
    package enum HandshakeFailure: Sendable, Hashable {
        /// The system reports an error.
        case system(ZMQError.Code)
        /// The peer does not speak the protocol; the number is libzmq's `ZMQ_PROTOCOL_ERROR_…`.
        case protocolError(Int)
        /// The authenticator refused: 300 for now, 400 for good, 500 it is broken itself.
        case authentication(status: Int)

        /// One side wants keys and the other has none.
        package static let mechanismMismatch = protocolError(
            Int(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH))

        /// Whether the other side hung up, for whatever reason: it may see a mismatch first and close, and then there
        /// is nothing left to read here. Over `ipc` it mostly is so.
        package var isHangUp: Bool {
            switch self {
            case .system(.brokenPipe), .system(.connectionReset): true
            default: false
            }
        }
    }
}

extension MonitorEvent.HandshakeFailure: CustomStringConvertible {
    /// What a person can make of it.
    package var description: String {
        switch self {
        case .system(let code): "\(code)"
        case .protocolError(let number):
            "the other side does not speak ZMTP as this one does (libzmq's \(number))"
        case .authentication(let status): "the key was not let in (\(status))"
        }
    }
}

extension MonitorEvent {
    /// Reads what libzmq sends to a monitor: event and value in six bytes, then the endpoint.
    init?(_ message: borrowing Message) {
        guard message.frameCount == 2, message.byteCount(at: 0) == 6 else { return nil }
        let (event, value) = message.withFrame(0) { bytes in
            unsafe (
                Int(bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt16.self)),
                bytes.unsafeLoadUnaligned(fromByteOffset: 2, as: Int32.self)
            )
        }
        let endpoint = Socket.plain(String(decoding: message.bytes(at: 1), as: UTF8.self))
        self.init(event: event, value: value, endpoint: endpoint)
    }

    private init(event: Int, value: Int32, endpoint: String) {
        let code = ZMQError.Code(rawValue: value)
        switch Int32(event) {
        case ZMQ_EVENT_LISTENING: self = .listening(endpoint: endpoint, descriptor: value)
        case ZMQ_EVENT_CONNECT_DELAYED: self = .connectDelayed(endpoint: endpoint)
        case ZMQ_EVENT_CONNECT_RETRIED:
            self = .connectRetried(endpoint: endpoint, intervalMilliseconds: Int(value))
        case ZMQ_EVENT_CONNECTED: self = .connected(endpoint: endpoint, descriptor: value)
        case ZMQ_EVENT_ACCEPTED: self = .accepted(endpoint: endpoint, descriptor: value)
        case ZMQ_EVENT_ACCEPT_FAILED: self = .acceptFailed(endpoint: endpoint, code)
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: self = .handshakeSucceeded(endpoint: endpoint)
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: self = .handshakeFailed(endpoint: endpoint, .system(code))
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            self = .handshakeFailed(endpoint: endpoint, .protocolError(Int(value)))
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            self = .handshakeFailed(endpoint: endpoint, .authentication(status: Int(value)))
        case ZMQ_EVENT_DISCONNECTED: self = .disconnected(endpoint: endpoint, descriptor: value)
        case ZMQ_EVENT_CLOSED: self = .closed(endpoint: endpoint, descriptor: value)
        default: self = .other(endpoint: endpoint, event: event, value: Int(value))
        }
    }
}
