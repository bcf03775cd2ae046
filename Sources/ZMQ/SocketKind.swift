internal import CZMQ

/// The kinds of socket this project uses.
package enum SocketKind: Sendable, Hashable {
    /// Talks to many peers; each message begins with the routing id of its peer. Talks to `dealer` and
    /// `router`.
    case router
    /// Talks to one endpoint (or evenly to several) without waiting for answers. Talks to `router` and
    /// `dealer`.
    case dealer
    /// Talks to exactly one `pair`, inside one process.
    case pair

    /// The number libzmq knows the kind by.
    var number: Int32 {
        switch self {
        case .router: ZMQ_ROUTER
        case .dealer: ZMQ_DEALER
        case .pair: ZMQ_PAIR
        }
    }
}
