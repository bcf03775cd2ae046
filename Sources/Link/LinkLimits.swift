import Protocol
package import ZMQ

/// Every maximum of a peer's side of the link, each with its reason. Times are in milliseconds.
package enum LinkLimits {
    /// Messages libzmq holds in each direction: a burst of small jobs fits, and what does not is parked here.
    package static let highWater = 1_024
    /// One received message, all frames together: a model of 256 million floats.
    package static let messageByteCountMaximum = 1 << 30
    /// What the broker's limit counts besides: it sees the routing id before a message.
    package static let routingIDByteCountMaximum = 255
    /// Messages parked while the socket is full: twice what a worker may hold.
    package static let parkedMessageCountMaximum = 2 * ProtocolLimits.workerJobsMaximum
    /// Bytes parked while the socket is full; tensors among them are shared, not copied.
    package static let parkedByteCountMaximum = 1 << 30
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
        frameCountMaximum: ProtocolLimits.frameCountMaximum,
        messageByteCountMaximum: messageByteCountMaximum,
    )
}
