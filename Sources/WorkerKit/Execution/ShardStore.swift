package import Datasets
import Jobs
package import Protocol
import Tensor

/// The shards a worker serves, by the names jobs use; they are read by every compute thread and never change.
package struct ShardStore: Sendable {
    /// A shard and the names of its rows.
    private struct Entry {
        let shard: Shard
        let train: RowBatch
        let heldOut: RowBatch

        init(_ shard: Shard) {
            self.shard = shard
            let reference = shard.reference
            let part = "\(reference.name) (\(reference.partition))"
            train = RowBatch(
                dataset: shard.dataset, part: "train \(part)", rowCount: shard.train.rowCount)
            heldOut = RowBatch(
                dataset: shard.dataset, part: "held out \(part)", rowCount: shard.heldOut?.rowCount ?? 0)
        }
    }

    private let entries: [ShardReference: Entry]
    /// The shards in the order they were given, as the catalogue announces them.
    package let descriptions: [ShardDescription]
    /// The schemas of their data sets, each once.
    package let datasets: [DatasetDescription]

    /// Keeps shards.
    ///
    /// - Parameters:
    ///   - tags: words for the catalogue, by data set name.
    ///   - releaseRowsMinimum: the fewest rows the worker lets anything out about, for the catalogue.
    ///   - publicDatasets: data sets of which one row is enough.
    package init(
        _ shards: [Shard], tags: [String: [String]] = [:], releaseRowsMinimum: Int = 0,
        publicDatasets: Set<String> = []
    ) {
        var entries: [ShardReference: Entry] = [:]
        var datasets: [DatasetDescription] = []
        var announced: [ShardDescription] = []
        for shard in shards {
            entries[shard.reference] = Entry(shard)
            let description = DatasetDescription(
                shard.schema, name: shard.dataset, tags: tags[shard.dataset] ?? [], digest: shard.digest)
            let hash = description.schemaHash
            // Units, notes and digests are no part of the hash, by which shards name their data set.
            let isKnown = datasets.contains { $0.name == description.name && $0.schemaHash == hash }
            if !isKnown { datasets.append(description) }
            var own = shard.description
            own.schema = hash
            own.releaseRowsMinimum =
                publicDatasets.contains(shard.dataset) ? min(1, releaseRowsMinimum) : releaseRowsMinimum
            announced.append(own)
        }
        self.entries = entries
        self.datasets = datasets
        descriptions = announced
    }

    /// Finds the shard a program names.
    ///
    /// - Throws: `JobError.unknownDataset`, naming what there is.
    func shard(_ reference: ShardReference) throws(JobError) -> Shard {
        try entry(reference).shard
    }

    /// Finds a whole column, which is shared, and names its rows.
    ///
    /// - Throws: `JobError.unknownDataset`, naming what there is.
    func input(_ column: ColumnReference) throws(JobError) -> BoundInput {
        let entry = try entry(column.shard)
        let isTrain = column.part == .train
        let table = isTrain ? entry.shard.train : entry.shard.heldOut
        return BoundInput(
            value: try entry.shard.column(column.name, of: table),
            label: .rows(isTrain ? entry.train : entry.heldOut, modelled: false),
            classCount: entry.shard.schema[column.name]?.classes?.count, isColumn: true)
    }

    private func entry(_ reference: ShardReference) throws(JobError) -> Entry {
        if let entry = entries[reference] { return entry }
        let known = descriptions.prefix(8).map(\.reference.description).joined(separator: ", ")
        throw .unknownDataset(
            "this worker does not serve \(reference), it serves \(known.isEmpty ? "none" : known)")
    }
}

extension Shard {
    /// The name jobs use.
    package var reference: ShardReference {
        site.map { ShardReference(dataset: dataset, site: $0) }
            ?? ShardReference(dataset: dataset, partition: partition.reference, index: index, count: count)
    }

    /// The shard as the catalogue announces it.
    package var description: ShardDescription {
        ShardDescription(
            reference: reference, trainRows: train.rowCount, heldOutRows: heldOut?.rowCount ?? 0)
    }

    /// The rows of a column; none where the shard has no such part.
    ///
    /// - Throws: `JobError.unknownDataset`, naming the columns there are.
    func column(_ name: String, of table: Table?) throws(JobError) -> TensorValue {
        guard let column = schema[name] else {
            let known = schema.columns.map(\.name).joined(separator: ", ")
            throw .unknownDataset("data set \(dataset) has no column \(name), it has \(known)")
        }
        if let value = table?[name] { return value }
        do {
            return TensorValue.zeros(try column.valueType(rowCount: 0))
        } catch {
            throw .unknownDataset("data set \(dataset): column \(name) makes no table")
        }
    }
}

extension Partition {
    /// The partition as it is named between machines: the seed is always said.
    var reference: String {
        switch self {
        case .iid(let seed): "iid:\(seed)"
        case .contiguous: "contiguous"
        }
    }
}
