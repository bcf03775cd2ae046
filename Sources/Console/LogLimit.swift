/// Decides which lines of a log are written: so many a second of each kind, the others are counted.
///
/// A pure machine; the time comes with each call, in milliseconds. A kind may be anything; there is room for
/// so many, and those beyond share one.
struct LogLimit: Sendable {
    /// Lines of a kind that may come at once.
    static let burst: Int64 = 50
    /// The time in which one more may come.
    static let intervalMilliseconds: Int64 = 100
    /// How long the number of lines held back waits for the next line of their kind that may be written.
    static let tellAfterMilliseconds: Int64 = 1_000
    /// Kinds that are told apart.
    static let kindCountMaximum = 256

    /// Lines of a kind that were held back since one was written.
    struct HeldBack: Sendable, Hashable {
        /// How many.
        let count: Int
        /// The last of them.
        let text: String
    }

    private struct Bucket {
        /// When the bucket is empty again: each line fills it by an interval.
        var emptyAt: Int64
        var heldBack = 0
        var lastText = ""
        var lastAt: Int64 = 0
    }

    private var buckets: [String: Bucket] = [:]
    /// Kinds with lines held back, so that asking for them costs nothing where there are none.
    private var silent: Set<String> = []

    /// Asks for a line.
    ///
    /// - Returns: How many of its kind were held back before it; `nil` when this one is held back too.
    mutating func admit(_ kind: String, _ text: String, at now: Int64) -> Int? {
        makeRoom(for: kind, at: now)
        let key = buckets[kind] != nil || buckets.count < LogLimit.kindCountMaximum ? kind : ""
        var bucket = buckets[key] ?? Bucket(emptyAt: now)
        defer { buckets[key] = bucket }
        let start = max(bucket.emptyAt, now)
        guard start - now <= (LogLimit.burst - 1) * LogLimit.intervalMilliseconds else {
            bucket.heldBack += 1
            (bucket.lastText, bucket.lastAt) = (text, now)
            silent.insert(key)
            return nil
        }
        bucket.emptyAt = start + LogLimit.intervalMilliseconds
        defer { bucket.heldBack = 0 }
        silent.remove(key)
        return bucket.heldBack
    }

    /// What was held back and is to be told now: kinds that have been quiet for a while.
    mutating func overdue(at now: Int64) -> [HeldBack] {
        silent.isEmpty ? [] : take { now - $0.lastAt >= LogLimit.tellAfterMilliseconds }
    }

    /// All that was held back.
    mutating func all() -> [HeldBack] { take { _ in true } }

    private mutating func take(where isDue: (Bucket) -> Bool) -> [HeldBack] {
        var told: [HeldBack] = []
        for key in silent.sorted() {
            guard var bucket = buckets[key], isDue(bucket) else { continue }
            told.append(HeldBack(count: bucket.heldBack, text: bucket.lastText))
            bucket.heldBack = 0
            buckets[key] = bucket
            silent.remove(key)
        }
        return told
    }

    /// Forgets kinds that owe nothing, once there are as many as are told apart.
    private mutating func makeRoom(for kind: String, at now: Int64) {
        guard buckets.count >= LogLimit.kindCountMaximum, buckets[kind] == nil else { return }
        buckets = buckets.filter { $0.value.emptyAt > now || $0.value.heldBack > 0 }
    }
}
