/// What all threads of a worker share: what it has, and what its owner lets out.
package struct Inventory: Sendable {
    /// The shards it serves.
    let shards: ShardStore
    /// The tensors it keeps for trainers.
    let objects: ObjectStore
    /// The graphs it has seen.
    let graphs: GraphCache
    /// What may leave.
    let rules: ReleaseRules
    /// The memory for all jobs and objects.
    let memory: MemoryBudget

    /// Puts an inventory together.
    init(
        shards: ShardStore, objects: ObjectStore, rules: ReleaseRules, graphs: GraphCache = GraphCache(),
        memory: MemoryBudget = MemoryBudget(limit: .max)
    ) {
        self.memory = memory
        self.shards = shards
        self.objects = objects
        self.rules = rules
        self.graphs = graphs
    }

    /// The inventory of a worker that begins.
    init(_ configuration: WorkerConfiguration) {
        let memory = MemoryBudget(limit: configuration.memoryByteCountMaximum)
        self.init(
            shards: ShardStore(
                configuration.shards, tags: configuration.tags,
                releaseRowsMinimum: configuration.releaseRowsMinimum,
                publicDatasets: configuration.publicDatasets),
            objects: ObjectStore(
                worker: configuration.name, byteCountMaximum: configuration.objectByteCountMaximum,
                memory: memory),
            rules: ReleaseRules(
                worker: configuration.name, rowsMinimum: configuration.releaseRowsMinimum,
                publicDatasets: configuration.publicDatasets),
            memory: memory)
    }
}
