import Jobs
public import Protocol
public import Tensor

/// A data set at a worker: its columns are tensors there, all rows in the order the worker has them.
///
/// They can be computed on, but their rows do not leave: see `RemoteError.notPermitted`.
public struct RemoteDataset: Sendable {
    /// Its name.
    public var name: String { shard.reference.dataset }
    /// Where it is.
    public let worker: Worker
    /// The columns' names and types.
    public let schema: DatasetDescription
    private let shard: ShardDescription

    init(_ schema: DatasetDescription, _ shard: ShardDescription, worker: Worker) {
        self.schema = schema
        self.shard = shard
        self.worker = worker
    }

    /// The column models read, one row per example.
    ///
    /// - Throws: `RemoteError.unknownDataset` where there is none.
    public var features: Tensor {
        get throws(RemoteError) { try column("feature column") { $0.role == .feature } }
    }

    /// The column models predict, one row per example.
    ///
    /// - Throws: `RemoteError.unknownDataset` where there is none.
    public var labels: Tensor {
        get throws(RemoteError) { try column("label column") { $0.role == .label } }
    }

    /// A column by its name.
    ///
    /// - Throws: `RemoteError.unknownDataset`, naming the columns there are.
    public func column(_ name: String) throws(RemoteError) -> Tensor {
        try column("column \(name)") { $0.name == name }
    }

    /// All columns, as tensors.
    func columns() throws(RemoteError) -> [(name: String, tensor: Tensor)] {
        var columns: [(name: String, tensor: Tensor)] = []
        for column in schema.columns { columns.append((column.name, try self.column(column.name))) }
        return columns
    }

    private func column(
        _ what: String, where isWanted: (ColumnDescription) -> Bool
    ) throws(RemoteError) -> Tensor {
        guard let column = schema.columns.first(where: isWanted),
            let elementType = ElementType(rawValue: column.elementType)
        else {
            let known = schema.columns.map(\.name).joined(separator: ", ")
            throw .unknownDataset("data set \(name) has no \(what), it has \(known)", worker: worker.name)
        }
        let reference = ColumnReference(shard: shard.reference, part: .train, name: column.name)
        do throws(TensorError) {
            let type = ValueType(elementType, try Shape([shard.trainRows] + column.dimensions))
            let value = DatasetColumn(reference, type, worker: worker)
            return Tensor(Expression(.remote(value), location: .at(worker), origin: nil))
        } catch {
            throw .tensor(error)
        }
    }
}

/// All rows of a column of a worker's data, as the leaf of expressions.
final class DatasetColumn: RemoteValue {
    let reference: ColumnReference
    let type: ValueType
    let worker: Worker

    init(_ reference: ColumnReference, _ type: ValueType, worker: Worker) {
        self.reference = reference
        self.type = type
        self.worker = worker
    }

    var location: any Location { worker }
    var name: String? { "column \(reference.name) of \(reference.shard)" }
}
