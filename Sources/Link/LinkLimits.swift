import Protocol
package import ZMQ

/// Every maximum of a peer's side of the link, each with its reason. Times are in milliseconds.
package enum LinkLimits {
    /// Messages libzmq holds in each direction: more than a line has on its way.
    package static let highWater = 16_384
    /// Bytes of records that wait while the line is full: as many small jobs as a worker may hold, twice.
    package static let waitingByteCountMaximum = 64 << 20
    /// Bytes with a name that a worker keeps.
    package static let contentByteCountMaximum = 512 << 20
    /// Things with a name that are kept.
    package static let contentCountMaximum = 4_096
    /// How often the owner calls `PeerLink.tick`.
    package static let tickMilliseconds: Int64 = 100
    /// How long unsent messages, the goodbye among them, outlive the session.
    package static let lingerMilliseconds: Int32 = 2_000
    /// At most one note about dropped messages in this time: a flood must not become a flood of log lines.
    package static let noticeIntervalMilliseconds: Int64 = 1_000

    /// What the DEALER is opened with.
    package static let socketLimits = SocketLimits(
        sendHighWater: highWater,
        receiveHighWater: highWater,
        frameByteCountMaximum: ProtocolLimits.frameByteCountMaximum,
        frameCountMaximum: 1,
        messageByteCountMaximum: ProtocolLimits.frameByteCountMaximum,
    )
}
