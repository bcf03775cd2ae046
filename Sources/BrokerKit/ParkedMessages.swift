import DequeModule
import ZMQ

/// Messages that wait for peers that do not take them fast enough: in order for each peer, bounded for each
/// and in all.
struct ParkedMessages: ~Copyable, Sendable {
    private struct Queue: Sendable {
        var parcels: Deque<Parcel> = []
        var byteCount = 0
    }

    private var queues: [PeerID: Queue] = [:]
    /// Bytes of all messages that wait.
    private(set) var byteCount = 0

    /// Whether nothing waits for anybody.
    var isEmpty: Bool { queues.isEmpty }

    /// How many messages wait.
    var count: Int { queues.values.reduce(0) { $0 + $1.parcels.count } }

    /// Whom messages wait for.
    var peers: [PeerID] { Array(queues.keys) }

    /// Whether something waits for a peer: then everything must, or it would overtake.
    func isWaiting(for peer: PeerID) -> Bool { queues.isEmpty ? false : queues[peer] != nil }

    /// Adds a message; `false` when it is one too many, and was dropped.
    mutating func append(_ message: consuming Message, for peer: PeerID) -> Bool {
        // Small frames point into libzmq's receive buffers, which would be kept as long.
        message.detachFromReceiveBuffer()
        let parcel = Parcel(message)
        var queue = queues.removeValue(forKey: peer) ?? Queue()
        let bytes = queue.byteCount + parcel.byteCount
        let fits =
            queue.parcels.isEmpty
            || (queue.parcels.count < BrokerLimits.parkedCountMaximum
                && bytes <= BrokerLimits.parkedByteCountMaximum)
        let fitsAll =
            byteCount == 0 || byteCount + parcel.byteCount <= BrokerLimits.parkedTotalByteCountMaximum
        if fits && fitsAll {
            queue.parcels.append(parcel)
            queue.byteCount = bytes
            byteCount += parcel.byteCount
        }
        if !queue.parcels.isEmpty { queues[peer] = queue }
        return fits && fitsAll
    }

    /// Hands the messages for a peer to `send` in order until it says that there is no more room.
    mutating func drain(_ peer: PeerID, _ send: (inout Message) -> SendOutcome) {
        guard var queue = queues.removeValue(forKey: peer) else { return }
        while let parcel = queue.parcels.popFirst() {
            queue.byteCount -= parcel.byteCount
            byteCount -= parcel.byteCount
            guard var message = parcel.take() else { continue }
            guard send(&message) == .full else { continue }
            let parcel = Parcel(message)
            queue.byteCount += parcel.byteCount
            byteCount += parcel.byteCount
            queue.parcels.prepend(parcel)
            queues[peer] = queue
            return
        }
    }

    /// Drops what waits for a peer.
    mutating func remove(_ peer: PeerID) {
        guard !queues.isEmpty, let queue = queues.removeValue(forKey: peer) else { return }
        byteCount -= queue.byteCount
    }
}
