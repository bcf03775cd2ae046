package import Protocol

/// What the broker has counted since it started.
package struct BrokerCounters: Sendable, Hashable {
    /// Dispatches sent.
    package var dispatched: UInt64 = 0
    /// Dispatches among them that passed a job on from one worker to another.
    package var transferred: UInt64 = 0
    /// Results sent on to their trainers.
    package var finished: UInt64 = 0
    /// Failures sent to trainers.
    package var failures = FailureCounts()
    /// Jobs asked for again, by `RequeueReason`.
    private var requeues = [UInt64](repeating: 0, count: RequeueReason.allCases.count)
    /// Messages about attempts that no longer count.
    package var late: UInt64 = 0
    /// Messages that were not expected from that peer.
    package var unexpected: UInt64 = 0
    /// Bytes that were no message.
    package var garbage: UInt64 = 0
    /// From the first submit of a job to its end.
    package var jobTimes = TimeCounts()
    /// From a dispatch to the worker's word that it runs.
    package var queueTimes = TimeCounts()

    /// Everything dropped.
    package var dropped: UInt64 { late + unexpected + garbage }
    /// Failures sent to trainers.
    package var failed: UInt64 { failures.total }
    /// Jobs asked for again.
    package var resent: UInt64 { requeues.reduce(0, +) }

    /// How often jobs were asked for again for a reason.
    package subscript(reason: RequeueReason) -> UInt64 {
        get { requeues[reason.rawValue] }
        set { requeues[reason.rawValue] = newValue }
    }
}

/// Why a job is asked for again.
package enum RequeueReason: Int, Sendable, Hashable, CaseIterable {
    /// Its worker is lost.
    case workerLost
    /// Its worker would not have it: it drains, is full or does not know the shard any more.
    case handedBack
    /// Nothing is heard of its worker.
    case torpid
    /// The worker it waited for is there again.
    case awake
    /// Its worker came back without it.
    case forgotten
    /// Whoever had its bytes, or its answer's, has them no more.
    case bytesLost

    /// As metrics call it.
    package var name: String {
        switch self {
        case .workerLost: "worker-lost"
        case .handedBack: "handed-back"
        case .torpid: "torpid"
        case .awake: "awake"
        case .forgotten: "forgotten"
        case .bytesLost: "bytes-lost"
        }
    }
}

/// How often each failure was told; codes this version does not know are counted as one.
package struct FailureCounts: Sendable, Hashable {
    // By number: a dictionary would grow with what peers make up.
    private var counts = [UInt64](repeating: 0, count: size)
    private static let size = 1 + Int(FailureCode.table.map(\.code.rawValue).max() ?? 0)

    /// Counts one.
    package mutating func count(_ code: FailureCode) {
        let index = Int(clamping: code.rawValue)
        counts[index < counts.count ? index : 0] += 1
    }

    /// All.
    package var total: UInt64 { counts.reduce(0, +) }

    /// The codes told so far and how often, by number; what is not known is the last.
    package var all: [(name: String, count: UInt64)] {
        let known = FailureCode.table.filter { counts[Int($0.code.rawValue)] > 0 }
        return known.map { ($0.name, counts[Int($0.code.rawValue)]) }
            + (counts[0] > 0 ? [("other", counts[0])] : [])
    }
}

/// How many things took how long.
package struct TimeCounts: Sendable, Hashable {
    /// The upper edges of all but the last class, in milliseconds.
    package static let edges: [Int64] = [1, 5, 25, 100, 500, 2_500, 10_000, 60_000, 600_000]

    /// How many fell into each class; one more class than edges.
    package private(set) var counts = [UInt64](repeating: 0, count: edges.count + 1)
    /// The sum of all, in milliseconds.
    package private(set) var totalMilliseconds: UInt64 = 0

    /// Counts one.
    package mutating func add(milliseconds: Int64) {
        var index = 0
        while index < TimeCounts.edges.count, milliseconds > TimeCounts.edges[index] { index += 1 }
        counts[index] += 1
        totalMilliseconds += UInt64(max(0, milliseconds))
    }
}
