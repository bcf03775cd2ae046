/// When freed memory is given back to the system: some time after much has passed through.
struct Thrift {
    private var givenBackAt: UInt64 = 0
    private var last: UInt64 = 0
    private var quietCount = 0

    /// Takes the count of bytes that came, and of peers, at each tick.
    ///
    /// - Returns: whether it is time.
    mutating func tick(receivedByteCount count: UInt64, peerCount: Int) -> Bool {
        let quiet = BrokerLimits.quietByteCount + BrokerLimits.quietPeerByteCount * UInt64(peerCount)
        quietCount = count &- last < quiet ? quietCount + 1 : 0
        last = count
        guard quietCount >= BrokerLimits.quietTickCount,
            count &- givenBackAt >= BrokerLimits.freedByteCountMinimum
        else { return false }
        givenBackAt = count
        return true
    }
}
