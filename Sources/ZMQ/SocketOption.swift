internal import CZMQ

/// One setting of a socket, given before it is bound or connected.
///
/// There is no routing id among them on purpose: a duplicate id makes a peer silently unheard for ever.
package enum SocketOption: Sendable, Hashable {
    /// Messages that may wait to be sent to one peer; then sending says `full`. At least one.
    case sendHighWater(Int)
    /// Messages that may wait to be received from one peer. At least one.
    case receiveHighWater(Int)
    /// Bytes in a frame; a peer that announces more is disconnected. At least one.
    case frameByteCountMaximum(Int)
    /// Frames in a received message, routing id included; a longer one is dropped and counted. At least one.
    case frameCountMaximum(Int)
    /// Bytes in a received message, all frames together; a larger one is dropped and counted. At least one.
    case messageByteCountMaximum(Int)
    /// How long unsent messages outlive the socket when it is closed without saying how long.
    case linger(milliseconds: Int)
    /// Whether messages go to established connections only, instead of waiting for one that may never come.
    case immediate(Bool)
    /// Whether a ROUTER reports a peer that is gone or full, instead of dropping the message. ROUTER only.
    case mandatory(Bool)
    /// The pause before connecting again, doubling up to a maximum; 0 as maximum means no doubling.
    case reconnectInterval(milliseconds: Int, maximumMilliseconds: Int)
    /// How long a new connection may take to greet; 0 is for ever.
    case handshakeInterval(milliseconds: Int)
    /// How long connecting may take; 0 is the system's own limit.
    case connectTimeout(milliseconds: Int)
    /// The system probes connections that were silent for a time, again and again, and ends those from which so many
    /// probes came back unanswered.
    case tcpKeepAlive(idleSeconds: Int, intervalSeconds: Int, probes: Int)
    /// How long sent bytes may stay unacknowledged before the connection is given up; 0 is the system's own
    /// limit.
    case tcpMaximumRetransmission(milliseconds: Int)
    /// Connections that may wait to be accepted.
    case backlog(Int)
    /// Whether IPv6 addresses are used as well.
    case ipv6(Bool)
    /// Makes the socket a CURVE server with this secret key, which lets in whom the loop's authenticator does.
    case curveServer(CurveKeyPair)
    /// Makes the socket a CURVE client of the server with this public key (Z85).
    case curveClient(CurveKeyPair, serverPublicKey: String)
    /// The domain whose authenticator is asked about peers. With no authenticator bound, peers are let in.
    case zapDomain(String)
}

extension SocketOption {
    /// One assignment libzmq understands.
    enum Assignment: Hashable {
        case integer(Int32, Int)
        case long(Int32, Int)
        case text(Int32, String)
    }

    /// What has to be set in libzmq; empty for limits the loop itself keeps.
    var assignments: [Assignment] {
        switch self {
        case .sendHighWater(let count): [.integer(ZMQ_SNDHWM, count)]
        case .receiveHighWater(let count): [.integer(ZMQ_RCVHWM, count)]
        case .frameByteCountMaximum(let count): [.long(ZMQ_MAXMSGSIZE, count)]
        case .frameCountMaximum, .messageByteCountMaximum: []
        case .linger(let milliseconds): [.integer(ZMQ_LINGER, milliseconds)]
        case .immediate(let isOn): [.integer(ZMQ_IMMEDIATE, isOn ? 1 : 0)]
        case .mandatory(let isOn): [.integer(ZMQ_ROUTER_MANDATORY, isOn ? 1 : 0)]
        case .reconnectInterval(let milliseconds, let maximum):
            [.integer(ZMQ_RECONNECT_IVL, milliseconds), .integer(ZMQ_RECONNECT_IVL_MAX, maximum)]
        case .handshakeInterval(let milliseconds): [.integer(ZMQ_HANDSHAKE_IVL, milliseconds)]
        case .connectTimeout(let milliseconds): [.integer(ZMQ_CONNECT_TIMEOUT, milliseconds)]
        case .tcpKeepAlive(let idle, let interval, let probes):
            [
                .integer(ZMQ_TCP_KEEPALIVE, 1), .integer(ZMQ_TCP_KEEPALIVE_IDLE, idle),
                .integer(ZMQ_TCP_KEEPALIVE_INTVL, interval), .integer(ZMQ_TCP_KEEPALIVE_CNT, probes),
            ]
        case .tcpMaximumRetransmission(let milliseconds): [.integer(ZMQ_TCP_MAXRT, milliseconds)]
        case .backlog(let count): [.integer(ZMQ_BACKLOG, count)]
        case .ipv6(let isOn): [.integer(ZMQ_IPV6, isOn ? 1 : 0)]
        case .curveServer(let keys):
            [
                .integer(ZMQ_CURVE_SERVER, 1), .text(ZMQ_CURVE_SECRETKEY, keys.secretKey),
                .text(ZMQ_ZAP_DOMAIN, Loop.authenticationDomain),
            ]
        case .curveClient(let keys, let server):
            [
                .text(ZMQ_CURVE_SERVERKEY, server), .text(ZMQ_CURVE_PUBLICKEY, keys.publicKey),
                .text(ZMQ_CURVE_SECRETKEY, keys.secretKey),
            ]
        case .zapDomain(let domain): [.text(ZMQ_ZAP_DOMAIN, domain)]
        }
    }

    /// Whether the value bounds something at all: to libzmq zero often means "no limit", which no limit here
    /// may be.
    var isBounded: Bool {
        switch self {
        case .sendHighWater(let count), .receiveHighWater(let count), .frameByteCountMaximum(let count),
            .frameCountMaximum(let count), .messageByteCountMaximum(let count), .backlog(let count):
            count > 0
        case .linger(let milliseconds): milliseconds >= 0
        default: true
        }
    }

    /// Whether somebody must be there to say who is let in.
    var needsAuthenticator: Bool { if case .curveServer = self { true } else { false } }

    /// The option without its values, for error messages: keys must not end up in a log.
    var name: String {
        switch self {
        case .curveServer: "curveServer"
        case .curveClient: "curveClient"
        default: "\(self)"
        }
    }
}
