import Protocol

// What waits, and for whom it is too much.
extension Relay {
    /// Bytes of records that wait for a connection.
    func waitingByteCount(of peer: PeerID) -> Int {
        Int(peer.rawValue) < posts.count ? posts[Int(peer.rawValue)].outbox.byteCount : 0
    }

    /// Notes whether much waits for a connection.
    mutating func setCrowded(_ isCrowded: Bool, _ peer: PeerID) {
        guard posts[Int(peer.rawValue)].isCrowded != isCrowded else { return }
        posts[Int(peer.rawValue)].isCrowded = isCrowded
        crowdings.append((peer, isCrowded))
    }

    /// Those that have not taken what was sent to them, once.
    mutating func takeOverwhelmed() -> [PeerID] {
        guard !overwhelmed.isEmpty else { return [] }
        defer { overwhelmed.removeAll() }
        return overwhelmed
    }

    /// Those for which much waits now, or no more, since this was last asked.
    mutating func takeCrowdings() -> [(peer: PeerID, isCrowded: Bool)] {
        guard !crowdings.isEmpty else { return [] }
        defer { crowdings.removeAll() }
        return crowdings
    }
}
