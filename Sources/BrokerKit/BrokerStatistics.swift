/// What a running broker has at a moment and has counted since it started.
package struct BrokerStatistics: Sendable, Hashable {
    /// Peers of a role with a session, by state.
    package struct Peers: Sendable, Hashable {
        /// Those that do what they are asked.
        package var ready = 0
        /// Those nothing was heard of for a while.
        package var torpid = 0
        /// Those that finish what they have and go.
        package var draining = 0
        /// Those without a connection, for a moment.
        package var missing = 0

        /// All.
        package var total: Int { ready + torpid + draining + missing }
    }

    /// Open jobs, by what they wait for.
    package struct Jobs: Sendable, Hashable {
        /// For their trainer, who is to send them.
        package var waiting = 0
        /// At a worker, for their turn.
        package var queued = 0
        /// For a worker to be done.
        package var running = 0
        /// For their trainer, who fetches what is attached to the answer.
        package var answered = 0

        /// All.
        package var total: Int { waiting + queued + running + answered }
    }

    /// What was counted.
    package var counters = BrokerCounters()
    /// Whether it listens and, where there are keys, is known to keep strangers out.
    package var isReady = false
    /// Milliseconds since the broker started.
    package var uptimeMilliseconds: Int64 = 0
    /// Workers with a session.
    package var workers = Peers()
    /// Trainers with a session.
    package var trainers = Peers()
    /// Jobs that are open.
    package var jobs = Jobs()
    /// Connections that have a number.
    package var connections = 0
    /// Connections and messages refused for their keys.
    package var refused: UInt64 = 0
    /// Bytes of messages that came from peers.
    package var receivedBytes: UInt64 = 0
    /// Bytes of messages that went to peers.
    package var sentBytes: UInt64 = 0
    /// Attachments that somebody fetches.
    package var flows = 0
    /// Bytes that wait for a peer.
    package var waitingBytes = 0
    /// Bytes with a name that are kept.
    package var keptBytes = 0
}
