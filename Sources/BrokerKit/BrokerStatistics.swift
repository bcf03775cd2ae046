/// What a running broker has at a moment and has counted since it started.
package struct BrokerStatistics: Sendable, Hashable {
    /// What was counted.
    package var counters = BrokerMachine.Counters()
    /// Workers with a session.
    package var workers = 0
    /// Trainers with a session.
    package var trainers = 0
    /// Jobs that are open.
    package var openJobs = 0
    /// Connections that have a number.
    package var connections = 0
    /// Connections and messages refused for their keys.
    package var refused: UInt64 = 0
    /// Bytes that wait for a peer.
    package var waitingBytes = 0
    /// Bytes with a name that are kept.
    package var keptBytes = 0
}
