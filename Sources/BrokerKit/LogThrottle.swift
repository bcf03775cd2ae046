/// Lets a bounded number of log lines through and counts the others.
struct LogThrottle: Sendable {
    private let intervalMilliseconds: Int64
    private let burst: Int64
    /// When the next line would be one too many, were there no burst: a leaky bucket kept as a time.
    private var emptyAt: Int64 = .min
    private var suppressed = 0

    /// A throttle that admits `burst` lines at once and one more every interval.
    init(intervalMilliseconds: Int64, burst: Int = 1) {
        self.intervalMilliseconds = intervalMilliseconds
        self.burst = Int64(burst)
    }

    /// Asks for a line: the number suppressed since the last one admitted, or `nil` when this one is
    /// suppressed too.
    mutating func admit(at now: Int64) -> Int? {
        let start = max(emptyAt, now)
        guard start - now <= (burst - 1) * intervalMilliseconds else {
            suppressed += 1
            return nil
        }
        emptyAt = start + intervalMilliseconds
        defer { suppressed = 0 }
        return suppressed
    }
}
