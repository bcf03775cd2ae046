import Protocol

/// Everybody's copies of one shard; those like the first one get jobs.
///
/// DESIGN. Two workers may announce one shard and mean different rows: a file cut differently, another file of
/// the same name. The first copy decides what the shard is, until it leaves; then the oldest that remains
/// does. Who is routed to is worked out when copies change, so that finding a worker costs a look-up.
struct Holding: Sendable {
    /// In what copies can differ, as far as announcements tell.
    struct Content: Sendable, Hashable {
        var trainRows: Int
        var heldOutRows: Int
        var schema: SchemaHash

        init(of shard: ShardDescription) {
            (trainRows, heldOutRows, schema) = (shard.trainRows, shard.heldOutRows, shard.schema)
        }
    }

    private struct Copy: Sendable {
        let worker: Int32
        let content: Content
    }

    /// What the shard is called.
    let reference: ShardReference
    /// Workers whose copies are like the first, in the order in which they announced them.
    private(set) var workers: [Int32] = []
    private var copies: [Copy] = []

    init(reference: ShardReference) { self.reference = reference }

    /// Whoever has one.
    var copyHolders: [Int32] { copies.map(\.worker) }

    /// Whether nobody has it any more.
    var isEmpty: Bool { copies.isEmpty }

    /// Whether some copies are left out.
    var isSplit: Bool { workers.count < copies.count }

    /// Whose copy decides, and what it is.
    var first: (worker: Int32, content: Content)? { copies.first.map { ($0.worker, $0.content) } }

    /// Adds the copy of a worker that has none yet.
    mutating func append(_ worker: Int32, _ content: Content) {
        copies.append(Copy(worker: worker, content: content))
        if content == copies[0].content { workers.append(worker) }
    }

    /// Takes a worker's copy out.
    ///
    /// - Returns: whether copies of other rows than before get the jobs now.
    mutating func remove(_ worker: Int32) -> Bool {
        let before = copies.first?.content
        copies.removeAll { $0.worker == worker }
        workers.removeAll { $0 == worker }
        guard let first = copies.first, first.content != before else { return false }
        workers = copies.filter { $0.content == first.content }.map(\.worker)
        return true
    }
}

/// What an announcement, or its end, did to copies of shards.
struct CopiesChange: Sendable {
    /// New copies that differ from their shard's first.
    var leftOut: [ShardDescription] = []
    /// Shards whose jobs go to copies of other rows now.
    var succeeded: [ShardReference] = []
    /// Shards of which another worker's copy is the first now.
    var renamed: [Identifier] = []
}
