public import Protocol

/// Where a job goes.
public struct JobTarget: Sendable, Hashable {
    /// What the header carries.
    let identifier: Identifier
    /// Whether it is a worker's session, not a shard's key.
    let isSession: Bool
    /// What a person calls it; two targets are one when they reach the same shard or worker.
    let name: String

    /// Any worker that serves a shard.
    public static func shard(_ shard: ShardReference) -> JobTarget {
        JobTarget(identifier: shard.key, isSession: false, name: "\(shard)")
    }

    /// One worker, for as long as its process runs.
    public static func worker(_ worker: WorkerDescription) -> JobTarget {
        JobTarget(identifier: worker.session, isSession: true, name: "worker \(worker.name)")
    }

    /// One worker's process.
    static func session(_ session: SessionID) -> JobTarget {
        JobTarget(identifier: session, isSession: true, name: "worker \(session)")
    }

    /// One worker's process, with its name.
    static func worker(_ session: SessionID, name: String) -> JobTarget {
        JobTarget(identifier: session, isSession: true, name: "worker \(name)")
    }

    /// Whether a worker is, or serves, the target.
    func isServed(by worker: WorkerDescription) -> Bool {
        guard !worker.isDraining else { return false }
        return isSession
            ? worker.session == identifier : worker.shards.contains { $0.reference.key == identifier }
    }

    /// Equal when they reach the same shard or worker.
    public static func == (left: JobTarget, right: JobTarget) -> Bool {
        left.identifier == right.identifier && left.isSession == right.isSession
    }

    /// Hashes what it reaches.
    public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}
