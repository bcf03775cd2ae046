package import Datasets
import Jobs
package import Protocol
import Tensor

/// The shards a worker serves, by the names jobs use; they are read by every compute thread and never change.
package struct ShardStore: Sendable {
    private let shards: [ShardReference: Shard]
    /// The shards in the order they were given, as the catalogue announces them.
    package let descriptions: [ShardDescription]
    /// The schemas of their data sets, each once.
    package let datasets: [DatasetDescription]

    /// Keeps shards.
    ///
    /// - Parameter tags: words for the catalogue, by data set name.
    package init(_ shards: [Shard], tags: [String: [String]] = [:]) {
        var store: [ShardReference: Shard] = [:]
        var datasets: [DatasetDescription] = []
        for shard in shards {
            store[shard.reference] = shard
            let description = DatasetDescription(
                name: shard.dataset, tags: tags[shard.dataset] ?? [],
                columns: shard.schema.columns.map(\.description))
            if !datasets.contains(description) { datasets.append(description) }
        }
        self.shards = store
        self.datasets = datasets
        descriptions = shards.map(\.description)
    }

    /// Finds the shard a program names.
    ///
    /// - Throws: `JobError.unknownDataset`, naming what there is.
    func shard(_ reference: ShardReference) throws(JobError) -> Shard {
        if let shard = shards[reference] { return shard }
        let known = descriptions.prefix(8).map(\.reference.description).joined(separator: ", ")
        throw .unknownDataset(
            "this worker does not serve \(reference), it serves \(known.isEmpty ? "none" : known)")
    }
}

extension Shard {
    /// The name jobs use.
    package var reference: ShardReference {
        ShardReference(dataset: dataset, partition: partition.reference, index: index, count: count)
    }

    /// The shard as the catalogue announces it.
    package var description: ShardDescription {
        ShardDescription(
            reference: reference, trainRows: train.rowCount, heldOutRows: heldOut?.rowCount ?? 0)
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

extension Column {
    /// The column as the catalogue announces it.
    fileprivate var description: ColumnDescription {
        ColumnDescription(
            name: name, role: role == .feature ? .feature : .label, elementType: elementType.rawValue,
            dimensions: rowShape.dimensions, classes: classes ?? [])
    }
}
