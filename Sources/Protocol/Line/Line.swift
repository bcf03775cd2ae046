/// One connection as its sender knows it: what was sent, what the other side says it has heard, and so how much may be
/// on the way.
///
/// DESIGN. A pure value. Each side says in every record how many bytes of frames it has heard. From when they were sent
/// and when they were heard the rate of the line follows, as it does for BBR (N. Cardwell et al., BBR:
/// congestion-based congestion control, 2016); no more is kept on the way than the line takes in half a second beside
/// its own delay. What waits beyond that waits on this side, where a heartbeat can overtake it: in libzmq's queues and
/// the system's nothing can.
package struct Line: Sendable {
    /// A moment in what was sent, to be recognised when it is heard.
    private struct Mark: Sendable {
        let position: UInt64
        let time: Int64
        /// What had been heard then, and since when.
        let heardThen: UInt64
        let heardTime: Int64
        /// When what was heard next began to be sent, at the latest.
        let sentTime: Int64
        /// Whether the window kept something back since.
        var wasFull: Bool
    }

    /// Bytes sent.
    package private(set) var sent: UInt64 = 0
    /// Bytes of them the other side has heard.
    package private(set) var heard: UInt64 = 0
    /// Bytes that came.
    package private(set) var received: UInt64 = 0
    /// Bytes of them the other side was told of.
    private var told: UInt64 = 0
    /// Bytes that may be on the way.
    package private(set) var window = ProtocolLimits.windowByteCountMinimum
    private var mark: Mark?
    /// When the last news of what was heard came, or the line began to be used again.
    private var heardTime: Int64 = 0
    /// When the last mark that was heard was sent, or the line began to be used again.
    private var sentTime: Int64 = 0
    /// Bytes a second, as far as is known.
    private var rate = 0.0
    /// The shortest time from sending to hearing, in milliseconds.
    private var delay: Int64 = .max

    /// A new connection.
    package init() {}

    /// Bytes that were sent and not heard.
    package var onTheWay: Int { Int(clamping: sent - heard) }

    /// Whether more may be sent.
    package var hasRoom: Bool { onTheWay < window }

    /// How many bytes a piece may have: so few that several fit the window.
    package var pieceByteCount: Int {
        let part = window / 4 & ~(ProtocolLimits.pieceByteCountMinimum - 1)
        return min(max(part, ProtocolLimits.pieceByteCountMinimum), ProtocolLimits.pieceByteCountMaximum)
    }

    /// Counts a frame that was sent, and said what had come.
    package mutating func send(_ byteCount: Int, at now: Int64) {
        tell()
        if onTheWay == 0 { (heardTime, sentTime) = (now, now) }
        sent += UInt64(byteCount)
        if mark == nil {
            mark = Mark(
                position: sent, time: now, heardThen: heard, heardTime: heardTime, sentTime: sentTime,
                wasFull: !hasRoom)
        }
        if !hasRoom { mark?.wasFull = true }
    }

    /// Counts a frame that came.
    package mutating func receive(_ byteCount: Int) { received += UInt64(byteCount) }

    /// Whether the other side should be told what came, even if there is nothing else to say.
    package var owesWord: Bool { received - told >= UInt64(ProtocolLimits.untoldByteCountMaximum) }

    /// What to say has come, modulo 2³², in a frame that is sent now: a word that was made and not sent told nobody.
    package var word: UInt32 { UInt32(truncatingIfNeeded: received) }

    /// Notes that the other side was told.
    package mutating func tell() { told = received }

    /// Takes what the other side says it has heard.
    package mutating func hear(_ word: UInt32, at now: Int64) {
        let news = word &- UInt32(truncatingIfNeeded: heard)
        // An older word that was overtaken; or one of bytes nobody sent.
        guard news > 0, news < 1 << 31 else { return }
        heard = min(heard + UInt64(news), sent)
        heardTime = now
        guard let mark, heard >= mark.position else { return }
        learn(from: mark, at: now)
        self.mark = nil
    }

    private mutating func learn(from mark: Mark, at now: Int64) {
        // The clock's grain is a millisecond: a faster line looks slower, and is fast enough.
        let roundTrip = max(1, now - mark.time)
        delay = min(delay, roundTrip)
        // As BBR does: what was heard cannot have come faster than it was sent, nor faster than from news to news, for
        // words that waited together on their way make a slow line look fast.
        let elapsed = max(1, now - mark.heardTime, mark.time - mark.sentTime)
        let measured = Double(heard - mark.heardThen) * 1_000 / Double(elapsed)
        sentTime = mark.time
        // A line that was not full may be faster than what went by it, and is not slower, unless things wait on it.
        let isCrowded = roundTrip - delay > Int64(ProtocolLimits.windowMilliseconds)
        if measured > rate || mark.wasFull || isCrowded { rate = measured }
        let milliseconds = Double(ProtocolLimits.windowMilliseconds) + Double(min(delay, 10_000))
        let bytes = rate * milliseconds / 1_000
        window = max(
            ProtocolLimits.windowByteCountMinimum,
            bytes < Double(ProtocolLimits.windowByteCountMaximum)
                ? Int(bytes) : ProtocolLimits.windowByteCountMaximum)
    }
}
