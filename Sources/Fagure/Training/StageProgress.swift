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
    private(set) var fault: (shard: ShardReference, Failure)?
    private var blamed: Set<Int> = []
    /// Shards whose worker was lost, or would not have the job.
    private(set) var lost: [Int: Loss] = [:]
    /// When something was last heard of each shard.
    private var heardAt: [Int64]
    private var answeredAt: Int64?
    private var saidAt: Int64?
    private var absentSaidAt: Int64?

    /// A shard that is to be asked again.
    struct Loss: Sendable {
        /// When it was lost first, without an answer since.
        let since: Int64
        /// When it may be asked again.
        var retryAt: Int64
        /// Whether it is being asked again.
        var isAsked = false
        /// Why it was lost last.
        var failure: Failure
    }

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
        if lost[shard]?.isAsked == true { lost[shard] = nil }
    }

    /// Takes that a failure is a shard's own fault.
    mutating func blame(_ shard: Int, _ failure: Failure) {
        fault = (shards[shard], failure)
        blamed.insert(shard)
    }

    /// The shards that are not at fault.
    var honest: Set<ShardReference> { Set(shards.indices.filter { !blamed.contains($0) }.map { shards[$0] }) }

    /// Takes that nobody does the job of a shard now; false for one that is not waited for.
    mutating func lose(_ shard: Int, _ failure: Failure, at now: Int64) -> Bool {
        guard awaited.contains(shard) else { return false }
        let retryAt = now + SessionLimits.roundRetryMilliseconds
        lost[shard] = Loss(since: lost[shard]?.since ?? now, retryAt: retryAt, failure: failure)
        return true
    }

    /// Takes that a shard is asked again.
    mutating func resume(_ shard: Int, at now: Int64) {
        lost[shard]?.isAsked = true
        heardAt[shard] = now
    }

    /// Takes that a shard has nothing more to say; false for one that is not waited for.
    mutating func end(_ shard: Int) -> Bool {
        lost[shard] = nil
        return awaited.remove(shard) != nil
    }

    /// Counts an answer.
    mutating func count(answerOf holders: Set<SessionID>, at now: Int64) {
        answered += 1
        answeredAt = now
        workers.formUnion(holders)
    }

    /// The shards of which nothing was heard for long, and for how many milliseconds of the longest; now and then,
    /// and `nil` where there is nothing to say.
    mutating func silent(at now: Int64) -> (shards: [ShardReference], milliseconds: Int64)? {
        let pause = SessionLimits.silenceNoticeMilliseconds
        guard saidAt.map({ now - $0 >= pause }) ?? true else { return nil }
        // Whoever comes further and further while all others have long answered is waited for as well.
        let isLate = answeredAt.map { now - $0 >= pause } ?? false
        let silent = awaited.filter { (isLate || now - heardAt[$0] >= pause) && lost[$0]?.isAsked != false }
            .sorted()
        guard var since = silent.map({ heardAt[$0] }).min() else { return nil }
        if isLate { since = min(since, answeredAt ?? since) }
        saidAt = now
        return (silent.map { shards[$0] }, now - since)
    }

    /// The shards that are lost and not asked again, and for how many milliseconds the longest; now and then, and
    /// `nil` where there is nothing to say.
    mutating func absent(at now: Int64) -> (shards: [ShardReference], milliseconds: Int64)? {
        let absent = lost.filter { !$0.value.isAsked }
        guard let since = absent.values.map(\.since).min() else { return nil }
        let pause =
            absentSaidAt == nil
            ? SessionLimits.waitingFirstMilliseconds : SessionLimits.waitingIntervalMilliseconds
        guard now - (absentSaidAt ?? since) >= pause else { return nil }
        absentSaidAt = now
        return (absent.keys.sorted().map { shards[$0] }, now - since)
    }
}
