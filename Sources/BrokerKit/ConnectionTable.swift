import ZMQ

/// Which connection is which: the routing ids libzmq answers to, the numbers the machine knows, and the
/// descriptors the monitor tells of.
///
/// DESIGN. A peer's death is told by its descriptor, and the system gives a descriptor to the next connection
/// at once. Events and messages come by different sockets, so a new connection's first message may overtake
/// the death of the one before. But events come in order among themselves. So a descriptor remembers whether
/// the `accepted` of its connection was seen: as long as it was not, a `disconnected` belongs to the
/// connection before.
struct ConnectionTable: ~Copyable, Sendable {
    private struct Entry: Sendable {
        var routingID: RoutingID?
        var descriptor: Int32?
    }

    private struct Transport: Sendable {
        var peer: PeerID?
        var isAccepted: Bool
    }

    private var entries = Slab(vacant: Entry())
    private var peers: [RoutingID: PeerID] = [:]
    private var transports: [Int32: Transport] = [:]

    /// How many connections have a number.
    var count: Int { peers.count }

    /// The number of a connection that has one.
    func peer(of id: RoutingID) -> PeerID? { peers[id] }

    /// Where to send to; `nil` once forgotten.
    func routingID(of peer: PeerID) -> RoutingID? {
        guard entries.numbers.contains(peer.rawValue) else { return nil }
        return entries[peer.rawValue].routingID
    }

    /// Numbers a connection.
    ///
    /// - Parameter descriptor: what its messages come by; `nil` for `inproc`.
    /// - Returns: the number, and that of a connection that must be dead, its descriptor being in use again.
    mutating func add(_ id: RoutingID, descriptor: Int32?) -> (peer: PeerID, dead: PeerID?) {
        let peer = PeerID(rawValue: entries.insert(Entry(routingID: id, descriptor: descriptor)))
        peers[id] = peer
        guard let descriptor else { return (peer, nil) }
        guard let transport = transports[descriptor] else {
            transports[descriptor] = Transport(peer: peer, isAccepted: false)
            return (peer, nil)
        }
        transports[descriptor] = Transport(
            peer: peer, isAccepted: transport.peer == nil && transport.isAccepted)
        return (peer, transport.peer)
    }

    /// Takes a connection's number back; its descriptor stays until the monitor tells its end.
    mutating func remove(_ peer: PeerID) {
        guard let id = routingID(of: peer) else { return }
        if let descriptor = entries[peer.rawValue].descriptor, transports[descriptor]?.peer == peer {
            transports[descriptor]?.peer = nil
        }
        peers[id] = nil
        entries.remove(peer.rawValue)
    }

    /// The monitor saw a connection begin.
    mutating func accepted(_ descriptor: Int32) {
        if transports[descriptor]?.isAccepted == false {
            transports[descriptor]?.isAccepted = true
        } else if transports[descriptor] == nil {
            transports[descriptor] = Transport(peer: nil, isAccepted: true)
        }
    }

    /// The monitor saw a connection end; the number it had, if it had one.
    mutating func disconnected(_ descriptor: Int32) -> PeerID? {
        guard let transport = transports[descriptor], transport.isAccepted else { return nil }
        transports[descriptor] = nil
        return transport.peer
    }
}
