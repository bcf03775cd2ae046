public import Datasets
import Ground
import Protocol
import Tensor

/// Where the rows come from that a model is judged by.
public enum TestData: Sendable {
    /// From the workers: each judges the model by the rows it holds out, and the sums are added.
    case heldOut
    /// From a table at hand.
    case table(Table)
    /// From the built-in data set of the same name, where the trainer has it; else as `heldOut`.
    case builtIn(folder: String?)

    /// The table to judge by at the trainer; `nil` leaves it to the workers.
    ///
    /// It may take a while: files are read on a thread of their own.
    func table(for dataset: DatasetDescription) async -> Table? {
        switch self {
        case .heldOut:
            return nil
        case .table(let table):
            return table
        case .builtIn(let folder):
            let queue = ComputeQueue(threadCount: 1)
            defer { queue.stop() }
            return await withCheckedContinuation { continuation in
                queue.run {
                    let table = try? Dataset.load(named: dataset.name, folder: folder).test
                    continuation.resume(returning: table.flatMap { dataset.describes($0) ? $0 : nil })
                }
            }
        }
    }
}

extension DatasetDescription {
    /// Whether a table has the columns described: one that only shares the name must not judge.
    fileprivate func describes(_ table: Table) -> Bool {
        guard table.schema.columns.count == columns.count else { return false }
        return zip(columns, table.schema.columns).allSatisfy { described, column in
            described.name == column.name && described.elementType == column.elementType.rawValue
                && described.dimensions == column.rowShape.dimensions
                && described.classes == column.classes ?? []
        }
    }
}
