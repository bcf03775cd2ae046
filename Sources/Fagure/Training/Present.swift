import Protocol

/// Who serves a data set at one moment, read off the catalogue.
struct Present: Sendable, Hashable {
    /// The shards served, by index.
    let shards: [ShardReference]
    /// The names of the workers that serve them.
    let workers: [String]
    /// Workers that serve the data set cut in another way, and so do not count.
    let strangers: [String]

    /// Those that serve a data set cut in a certain way; who is about to leave does not count.
    init(_ catalogue: Catalogue, dataset: String, cut: Cut?) {
        var shards: [Int: ShardReference] = [:]
        var workers: [String] = [], strangers: [String] = []
        for worker in catalogue.workers where !worker.isDraining {
            let served = worker.shards.map(\.reference).filter { $0.dataset == dataset }
            guard !served.isEmpty else { continue }
            let fitting = served.filter { cut == nil || Cut($0) == cut }
            if fitting.isEmpty { strangers.append(worker.name) } else { workers.append(worker.name) }
            for shard in fitting { shards[shard.index] = shard }
        }
        self.shards = shards.values.sorted { $0.index < $1.index }
        self.workers = workers
        self.strangers = strangers
    }

    /// How a data set is dealt out.
    struct Cut: Sendable, Hashable {
        let partition: String
        let count: Int

        init(_ shard: ShardReference) {
            partition = shard.partition
            count = shard.count
        }
    }
}

extension Catalogue {
    /// The data sets that workers who stay serve, by name.
    var servedDatasets: [String] {
        Set(workers.filter { !$0.isDraining }.flatMap(\.shards).map(\.reference.dataset)).sorted()
    }

    /// The schema of a data set and how it is cut, which all its workers must agree on.
    ///
    /// - Throws: `RunError` naming two workers that do not.
    func agreedDataset(_ name: String) throws(RunError) -> (dataset: DatasetDescription, cut: Present.Cut)? {
        var first: RunError.Holder?
        for worker in workers where !worker.isDraining {
            for shard in worker.shards.map(\.reference) where shard.dataset == name {
                let holder = RunError.Holder(worker: worker.name, shard: shard)
                guard let known = first else {
                    first = holder
                    continue
                }
                guard Present.Cut(known.shard) == Present.Cut(shard) else {
                    throw .partitionConflict(dataset: name, first: known, second: holder)
                }
            }
        }
        let schemas = datasets.filter { $0.name == name }
        guard let first, let schema = schemas.first else { return nil }
        guard schemas.count == 1 else {
            throw .schemaConflict(
                dataset: name, workers: Present(self, dataset: name, cut: nil).workers)
        }
        return (schema, Present.Cut(first.shard))
    }
}
