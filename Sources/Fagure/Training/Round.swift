import Federation
import Protocol

/// A stage under way.
struct Round {
    /// The shards asked, in the order they are folded; everything else names them by their position here.
    var shards: [ShardDescription] = []
    var workers = 0
    var began = ContinuousClock.now
    var fold: (any StrategyFold)?
    /// What a pass for statistics gave, by shard.
    var sums: [Int: FeatureSums] = [:]
    /// Updates that are no numbers, which may not meet those that are.
    private var held: [Update] = []
    /// Whether an update of numbers was folded.
    private(set) var hasFinite = false
    /// How far each shard has come, and all of them together.
    private var fractions: [Int: Double] = [:]
    private var done = 0.0

    init() {}

    init(shards: [ShardDescription], workers: Int, began: ContinuousClock.Instant) {
        self.shards = shards
        self.workers = workers
        self.began = began
    }

    var isOpen: Bool { !shards.isEmpty }

    /// Keeps an update that is no numbers until it is known what the others are.
    mutating func hold(_ update: Update) { held.append(update) }

    /// Says that an update of numbers was folded.
    mutating func noteFinite() { hasFinite = true }

    /// The updates held, in the order of shards; none is held any more.
    mutating func takeHeld() -> [Update] {
        defer { held = [] }
        return held.sorted { $0.shard < $1.shard }
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
