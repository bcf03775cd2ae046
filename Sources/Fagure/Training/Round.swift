import Federation
import Protocol

/// A round under way.
struct Round {
    var shards: [ShardReference] = []
    var workers = 0
    var began = ContinuousClock.now
    var fold: (any StrategyFold)?
    /// How far each shard has come.
    var fractions: [Int: Double] = [:]

    var isOpen: Bool { !shards.isEmpty }

    /// How far the round has come.
    var fraction: Double {
        shards.isEmpty ? 0 : shards.reduce(0) { $0 + (fractions[$1.index] ?? 0) } / Double(shards.count)
    }
}

extension JobProgress {
    /// From 0 to 1.
    var fraction: Double { batchesTotal == 0 ? 1 : min(1, Double(batchesDone) / Double(batchesTotal)) }
}
