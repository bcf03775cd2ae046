import Protocol

/// Which shards of a stage are asked in one job: of those that one worker holds, so many that its slots all have work.
///
/// A shard that is not asked with others is asked by itself, of whoever serves it. So is one whose group came to
/// nothing: what happens to a job then happens to it alone.
struct Grouping {
    /// Shards that are asked together, by their position in the stage.
    struct Group: Sendable, Hashable {
        let shards: [Int]
        let worker: SessionID
    }

    /// Shards that are asked together.
    private(set) var groups: [Group] = []
    /// Shards that are asked by themselves.
    private(set) var alone: [Int] = []

    /// Shares shards out among their holders, each to the one that has the fewest so far.
    ///
    /// - Complexity: O(holders of all shards).
    init(of shards: [ShardReference], holders: [ShardReference: Set<SessionID>]) {
        var held: [SessionID: [Int]] = [:]
        for (index, shard) in shards.enumerated() {
            let candidates = (holders[shard] ?? []).sorted { ($0.high, $0.low) < ($1.high, $1.low) }
            guard let worker = candidates.min(by: { held[$0]?.count ?? 0 < held[$1]?.count ?? 0 }) else {
                alone.append(index)
                continue
            }
            held[worker, default: []].append(index)
        }
        for (worker, shards) in held.sorted(by: { $0.value[0] < $1.value[0] }) {
            let size = min(SessionLimits.groupSizeMaximum, shards.count / SessionLimits.groupsPerWorker)
            guard size > 1 else {
                alone += shards
                continue
            }
            for start in stride(from: 0, to: shards.count, by: size) {
                groups.append(
                    Group(shards: Array(shards[start..<min(start + size, shards.count)]), worker: worker))
            }
        }
        alone.sort()
    }
}
