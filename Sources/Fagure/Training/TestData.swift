public import Datasets
import Ground
public import Protocol
import Tensor

/// Where the rows come from that a model is judged by.
public enum TestData: Sendable {
    /// From the workers: each judges the model by the rows it holds out, and the sums are added.
    case heldOut
    /// From a table at hand.
    case table(Table)
    /// From the built-in data set of the same name, where the trainer has the same; else as `heldOut`.
    case builtIn(folder: String?)
    /// From a file, read by the schema the run agreed on, all its rows.
    case file(path: String, read: @Sendable (DatasetDescription) throws(DatasetError) -> Table)

    /// The table to judge by at the trainer, and what it is; `nil` leaves it to the workers.
    ///
    /// It may take a while: files are read on a thread of their own.
    ///
    /// - Throws: `RunError.testData` for a file that cannot be read or differs from the schema.
    func table(
        for dataset: DatasetDescription
    ) async throws(RunError) -> (table: Table, JudgeDescription)? {
        switch self {
        case .heldOut:
            return nil
        case .table(let table):
            return (table, .table(rows: table.rowCount))
        case .builtIn(let folder):
            let table = try? await ComputeQueue.value { () throws(DatasetError) in
                try TestData.builtIn(dataset, folder: folder)
            }
            guard let table = table ?? nil else { return nil }
            return (table, .builtIn(name: dataset.name, rows: table.rowCount))
        case .file(let path, let read):
            do throws(DatasetError) {
                let table = try await ComputeQueue.value { () throws(DatasetError) in try read(dataset) }
                return (table, .file(path: path, rows: table.rowCount))
            } catch {
                throw .testData(error)
            }
        }
    }

    /// The trainer's copy of the data the workers have, if it is the same.
    private static func builtIn(
        _ dataset: DatasetDescription, folder: String?
    ) throws(DatasetError) -> Table? {
        guard !dataset.digest.isEmpty, Dataset.BuiltIn(rawValue: dataset.name) != nil else { return nil }
        let own = try Dataset.load(named: dataset.name, folder: folder)
        return own.digest == dataset.digest ? own.test : nil
    }
}
