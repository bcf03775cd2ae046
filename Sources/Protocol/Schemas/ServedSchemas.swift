/// The schemas some shards are of.
package struct ServedSchemas: Sendable {
    private var hashes: Set<SchemaHash> = []
    /// Data sets of shards that do not say by which schema they are.
    private var names: Set<String> = []

    /// Looks at shards.
    package init(of shards: some Sequence<ShardDescription>) {
        for shard in shards {
            if shard.schema == .none {
                names.insert(shard.reference.dataset)
            } else {
                hashes.insert(shard.schema)
            }
        }
    }

    /// Whether some shard is of a data set, which has this hash.
    package func contain(_ dataset: DatasetDescription, _ hash: SchemaHash) -> Bool {
        hashes.contains(hash) || names.contains(dataset.name)
    }
}
