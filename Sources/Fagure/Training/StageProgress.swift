import Protocol

/// How far the shards asked in a stage have come.
struct StageProgress: Sendable {
    /// The shards asked; everything else names them by their position here.
    let shards: [ShardReference]
    /// Those that have neither answered nor been left out.
    private(set) var awaited: Set<Int>
    private(set) var answered = 0
    /// Workers that hold a shard that has answered.
    private(set) var workers: Set<SessionID> = []
    /// The last failure that was a shard's own fault.
    var fault: (shard: ShardReference, Failure)?
    /// When something was last heard of each shard.
    private var heardAt: [Int64]
    private var saidAt: Int64?

    /// A stage that begins.
    init(_ shards: [ShardReference], at now: Int64) {
        self.shards = shards
        awaited = Set(shards.indices)
        heardAt = [Int64](repeating: now, count: shards.count)
    }

    /// Whether nobody is waited for any more.
    var isOver: Bool { awaited.isEmpty }

    /// Takes that a shard has come further.
    mutating func hear(_ shard: Int, at now: Int64) {
        if heardAt.indices.contains(shard) { heardAt[shard] = now }
    }

    /// Takes that a shard has nothing more to say; false for one that is not waited for.
    mutating func end(_ shard: Int) -> Bool { awaited.remove(shard) != nil }

    /// Counts an answer.
    mutating func count(answerOf holders: Set<SessionID>) {
        answered += 1
        workers.formUnion(holders)
    }

    /// The shards of which nothing was heard for long, and for how many milliseconds of the longest; now and then,
    /// and `nil` where there is nothing to say.
    mutating func silent(at now: Int64) -> (shards: [ShardReference], milliseconds: Int64)? {
        let pause = SessionLimits.silenceNoticeMilliseconds
        guard saidAt.map({ now - $0 >= pause }) ?? true else { return nil }
        let silent = awaited.filter { now - heardAt[$0] >= pause }.sorted()
        guard let since = silent.map({ heardAt[$0] }).min() else { return nil }
        saidAt = now
        return (silent.map { shards[$0] }, now - since)
    }
}
