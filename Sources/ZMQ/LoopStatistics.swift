internal import Synchronization

/// What a loop has carried since it began.
package struct LoopStatistics: Sendable, Hashable {
    /// Whole messages received and handed on.
    package var messagesReceived = 0
    /// Frames in them.
    package var framesReceived = 0
    /// Bytes in them.
    package var bytesReceived = 0
    /// Whole messages libzmq took.
    package var messagesSent = 0
    /// Frames in them.
    package var framesSent = 0
    /// Bytes in them.
    package var bytesSent = 0
    /// Received messages beyond the limits, thrown away.
    package var messagesDropped = 0
    /// Times a message did not fit.
    package var sendsFull = 0
    /// Times the peer was gone.
    package var sendsUnreachable = 0
    /// Messages whose connection died within them.
    package var messagesLost = 0
}

/// The counters behind `LoopStatistics`: written by the loop alone, read by anyone.
struct LoopCounters: ~Copyable, Sendable {
    private let messagesReceived = Atomic(0)
    private let framesReceived = Atomic(0)
    private let bytesReceived = Atomic(0)
    private let messagesSent = Atomic(0)
    private let framesSent = Atomic(0)
    private let bytesSent = Atomic(0)
    private let messagesDropped = Atomic(0)
    private let sendsFull = Atomic(0)
    private let sendsUnreachable = Atomic(0)
    private let messagesLost = Atomic(0)

    /// Counts a message handed on.
    func countReceived(frames: Int, bytes: Int) {
        Self.add(1, to: messagesReceived)
        Self.add(frames, to: framesReceived)
        Self.add(bytes, to: bytesReceived)
    }

    /// Counts a message thrown away.
    func countDropped() { Self.add(1, to: messagesDropped) }

    /// Counts an attempt to send.
    func count(_ outcome: SendOutcome, frames: Int, bytes: Int) {
        switch outcome {
        case .sent:
            Self.add(1, to: messagesSent)
            Self.add(frames, to: framesSent)
            Self.add(bytes, to: bytesSent)
        case .full: Self.add(1, to: sendsFull)
        case .unreachable: Self.add(1, to: sendsUnreachable)
        case .lost: Self.add(1, to: messagesLost)
        }
    }

    /// The counters now; single values are exact, together they may straddle a message.
    var snapshot: LoopStatistics {
        LoopStatistics(
            messagesReceived: messagesReceived.load(ordering: .relaxed),
            framesReceived: framesReceived.load(ordering: .relaxed),
            bytesReceived: bytesReceived.load(ordering: .relaxed),
            messagesSent: messagesSent.load(ordering: .relaxed),
            framesSent: framesSent.load(ordering: .relaxed),
            bytesSent: bytesSent.load(ordering: .relaxed),
            messagesDropped: messagesDropped.load(ordering: .relaxed),
            sendsFull: sendsFull.load(ordering: .relaxed),
            sendsUnreachable: sendsUnreachable.load(ordering: .relaxed),
            messagesLost: messagesLost.load(ordering: .relaxed)
        )
    }

    /// One thread writes, so a plain load and store will do: no locked instruction per frame.
    @inline(__always)
    private static func add(_ amount: Int, to counter: borrowing Atomic<Int>) {
        counter.store(counter.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
