import Protocol

/// Which shards a run wants, and which of them are away.
///
/// Parts of a data set that everyone has are wanted by definition; a site is wanted once it took part. One that is
/// away is waited for, for a while; then it is given up until it returns.
struct Attendance: Sendable, Hashable {
    private var wanted: Set<ShardReference> = []
    private var awaySince: [ShardReference: Int64] = [:]
    private var givenUp: Set<ShardReference> = []

    /// Nobody is wanted yet.
    init() {}

    /// Wants shards from now on.
    mutating func want(_ shards: some Sequence<ShardReference>) { wanted.formUnion(shards) }

    /// Wants a shard no more: its answers are not what was asked for.
    mutating func dismiss(_ shard: ShardReference) {
        wanted.remove(shard)
        awaySince[shard] = nil
        givenUp.remove(shard)
    }

    /// Takes who is there.
    mutating func look(_ isPresent: (ShardReference) -> Bool, at now: Int64) {
        for shard in wanted {
            if isPresent(shard) {
                awaySince[shard] = nil
                givenUp.remove(shard)
            } else if awaySince[shard] == nil {
                awaySince[shard] = now
            }
        }
    }

    /// The shards that are away and not given up, in the order of their names.
    var away: [ShardReference] {
        awaySince.keys.filter { !givenUp.contains($0) }.sorted { $0.name < $1.name }
    }

    /// The shards the run goes on without until they return, in the order of their names.
    var lacking: [ShardReference] { givenUp.sorted { $0.name < $1.name } }

    /// How long a shard has been away, in milliseconds; 0 for one that is not.
    func absence(of shard: ShardReference, at now: Int64) -> Int64 { awaySince[shard].map { now - $0 } ?? 0 }

    /// Goes on without a shard until it returns.
    mutating func giveUp(_ shard: ShardReference, at now: Int64) {
        awaySince[shard] = awaySince[shard] ?? now
        givenUp.insert(shard)
    }
}
