import Federation
import Protocol
import ZMQ

/// A stage under way.
struct Round {
    /// The shards asked, in the order they are folded; everything else names them by their position here.
    var shards: [ShardDescription] = []
    var workers = 0
    /// Shards the run wants that take no part.
    var missing: [String] = []
    /// When it began; `nil` before it has.
    var began: ReactorClock.Instant?
    var fold: (any StrategyFold)?
    /// What a pass for statistics gave, by shard.
    var sums: [Int: FeatureSums] = [:]
    /// How much each update that has come grew.
    private var growths: [Double] = []
    /// Updates that grew so much that the others must be known first.
    private var held: [(update: Update, growth: Double)] = []
    /// How far each shard has come, and all of them together.
    private var fractions: [Int: Double] = [:]
    private var done = 0.0

    init() {}

    init(
        shards: [ShardDescription], workers: Int, missing: [String] = [], began: ReactorClock.Instant
    ) {
        self.shards = shards
        self.missing = missing
        self.workers = workers
        self.began = began
    }

    var isOpen: Bool { !shards.isEmpty }

    /// Takes how much an update grew.
    ///
    /// - Returns: whether it is held until the others are known, in place of being folded.
    mutating func hold(_ update: Update, growth: Double) -> Bool {
        growths.append(growth)
        guard growth > Growth.maximum else { return false }
        held.append((update, growth))
        return true
    }

    /// Takes how much an update grew that came in a sum.
    mutating func note(_ growth: Double) { growths.append(growth) }

    /// The updates held, in the order of shards, and whether each is left out; none is held any more.
    mutating func takeHeld() -> [(update: Update, isLeftOut: Bool)] {
        defer { held = [] }
        return held.sorted { $0.update.shard < $1.update.shard }
            .map { ($0.update, Growth.isOutlier($0.growth, in: growths)) }
    }

    /// How far the round has come.
    var fraction: Double { shards.isEmpty ? 0 : done / Double(shards.count) }

    /// Takes how far a shard has come.
    mutating func advance(_ shard: Int, to fraction: Double) {
        done += fraction - (fractions.updateValue(fraction, forKey: shard) ?? 0)
    }
}

extension JobProgress {
    /// From 0 to 1.
    var fraction: Double { batchesTotal == 0 ? 1 : min(1, Double(batchesDone) / Double(batchesTotal)) }
}
