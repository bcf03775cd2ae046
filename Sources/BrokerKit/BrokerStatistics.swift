/// What a running broker has at a moment and has counted since it started.
package struct BrokerStatistics: Sendable, Hashable {
    /// What was counted.
    package var counters: BrokerMachine.Counters
    /// Workers with a session.
    package var workers: Int
    /// Trainers with a session.
    package var trainers: Int
    /// Jobs that are open.
    package var openJobs: Int
    /// Connections that have a number.
    package var connections: Int
    /// Messages that wait for a peer.
    package var parkedMessages: Int
    /// Bytes of messages that wait for a peer.
    package var parkedBytes: Int
}
