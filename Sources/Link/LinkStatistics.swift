/// What a link has carried since it began.
package struct LinkStatistics: Sendable, Hashable {
    /// Messages handed to libzmq.
    package var messagesSent: UInt64 = 0
    /// Bytes in them, headers included.
    package var bytesSent: UInt64 = 0
    /// Messages received and understood.
    package var messagesReceived: UInt64 = 0
    /// Bytes in them, headers included.
    package var bytesReceived: UInt64 = 0
    /// Received messages that were not understood or not expected.
    package var messagesDropped: UInt64 = 0
    /// Messages that could not be sent: no broker, or too many parked.
    package var messagesUnsent: UInt64 = 0
    /// Times the session was lost.
    package var losses: UInt64 = 0

    /// Nothing counted yet.
    package init() {}
}
