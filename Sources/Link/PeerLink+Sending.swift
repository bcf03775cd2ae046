package import Protocol
import ZMQ

extension PeerLink {
    /// Sends a message, parks it while the socket is full, or drops it while there is no broker.
    ///
    /// The header's epoch is filled in. Large tensors go out without a copy.
    ///
    /// - Throws: `Failure` with code `limitExceeded` for a frame or a message the other side would not take;
    ///   nothing was sent.
    @discardableResult
    package mutating func send(
        _ header: Header, body: [UInt8]? = nil, frames: [TensorFrame] = []
    ) throws(Failure) -> Delivery {
        try check("a message body", body?.count ?? 0)
        for frame in frames { try check("a tensor frame", frame.byteCount) }
        let message = OutgoingMessage(header: header, body: body, frames: frames)
        try check(message)
        guard isReady else {
            statistics.messagesUnsent += 1
            return .dropped
        }
        guard parked.isEmpty else { return park(message) }
        switch attempt(message) {
        case .sent: return .sent
        case .full: return park(message)
        case .unreachable, .lost:
            statistics.messagesUnsent += 1
            return .dropped
        }
    }

    /// Sends what was parked, as far as there is room.
    package mutating func flush() {
        while let message = parked.first {
            let outcome = attempt(message)
            if outcome == .full { return awaitRoom() }
            if outcome != .sent { statistics.messagesUnsent += 1 }
            parked.removeFirst()
        }
    }

    /// Sends a message of the session itself; one that does not fit is dropped, for the machine repeats them.
    mutating func sendNow(_ header: Header, body: [UInt8]? = nil) {
        _ = attempt(OutgoingMessage(header: header, body: body, frames: []))
    }

    private mutating func park(_ message: OutgoingMessage) -> Delivery {
        guard parked.append(message) else {
            isOverflowing = !repeatsDropped
            statistics.messagesUnsent += 1
            return .dropped
        }
        if parked.count == 1 { awaitRoom() }
        return .parked
    }

    private mutating func attempt(_ message: OutgoingMessage) -> SendOutcome {
        guard let socket else { return .unreachable }
        var built = message.built(epoch: epoch)
        let outcome = loop.send(&built, on: socket)
        if outcome == .sent {
            statistics.messagesSent += 1
            statistics.bytesSent += UInt64(message.byteCount)
            hasSent = true
        }
        return outcome
    }

    /// What the broker would not take, and so never pass on.
    private func check(_ message: OutgoingMessage) throws(Failure) {
        let frameCount = message.frames.count + 2
        guard frameCount <= ProtocolLimits.frameCountMaximum else {
            throw Failure(
                .limitExceeded,
                "a message has \(frameCount) frames, the limit is \(ProtocolLimits.frameCountMaximum)")
        }
        let byteCount = message.byteCount
        guard byteCount <= LinkLimits.messageByteCountMaximum - LinkLimits.routingIDByteCountMaximum else {
            throw Failure(
                .limitExceeded,
                "a message has \(byteCount) bytes, the limit is \(LinkLimits.messageByteCountMaximum)")
        }
    }

    private func check(_ what: String, _ byteCount: Int) throws(Failure) {
        guard byteCount <= frameByteCountMaximum else {
            throw Failure(
                .limitExceeded, "\(what) has \(byteCount) bytes, the limit is \(frameByteCountMaximum)")
        }
    }
}
