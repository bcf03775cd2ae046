import ZMQ

/// Which connection is which: the routing ids libzmq answers to, the numbers the machine knows, and the
/// descriptors the monitor tells of.
///
/// DESIGN. A peer's death is told by its descriptor, and the system gives a descriptor to the next connection
/// at once; events and messages come by different sockets. So a death must be told of one connection, not of
/// a number that many have in turn. The events of a descriptor are in order, and a connection's `accepted` is
/// there before any of its messages: the shell reads all events before it adds a connection, so that here at
/// least that `accepted` is known. Then a connection that is added either has the descriptor now, or has
/// ended: it has ended if nobody has the descriptor, or if one that greeted later has spoken by it. A ROUTER's
/// ids tell which of two greeted later. One that ended without an event is found when the next has its
/// descriptor.
struct ConnectionTable: ~Copyable, Sendable {
    private struct Entry: Sendable {
        var routingID: RoutingID?
        var descriptor: Int32?
    }

    /// The connection that has a descriptor now.
    private struct Transport: Sendable {
        /// What it speaks under, once it has spoken; kept when its number is taken back.
        var routingID: RoutingID?
        /// Its number, while it has one.
        var peer: PeerID?
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

    /// Numbers a connection, after all events were told that happened before its message.
    ///
    /// - Parameter descriptor: what its messages come by; `nil` for `inproc`.
    /// - Returns: the number, and that of a connection that must have ended: the one that had the descriptor
    ///   before, or this one itself.
    mutating func add(_ id: RoutingID, descriptor: Int32?) -> (peer: PeerID, ended: PeerID?) {
        let peer = PeerID(rawValue: entries.insert(Entry(routingID: id, descriptor: descriptor)))
        peers[id] = peer
        guard let descriptor else { return (peer, nil) }
        guard let transport = transports[descriptor],
            !(transport.routingID.map { $0.wasGiven(after: id) } ?? false)
        else { return (peer, peer) }
        transports[descriptor] = Transport(routingID: id, peer: peer)
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
    ///
    /// - Returns: the number of the one before it, if its end was not told.
    mutating func accepted(_ descriptor: Int32) -> PeerID? {
        transports.updateValue(Transport(), forKey: descriptor)?.peer
    }

    /// The monitor saw a connection end; the number it had, if it had one.
    mutating func disconnected(_ descriptor: Int32) -> PeerID? {
        transports.removeValue(forKey: descriptor)?.peer
    }
}
