public import Datasets
public import Protocol
import WorkerKit

extension DatasetDescription {
    /// A schema as workers announce it whose data was read by it.
    ///
    /// - Throws: `DatasetError.invalidSchema` for one that no file can meet.
    public init(_ schema: DataSchema) throws(DatasetError) {
        self.init(try schema.tableSchema(hasLabel: true), name: schema.dataset ?? "")
    }
}

extension DataSchema {
    /// The schema that workers' data was read by, as far as it is announced.
    ///
    /// - Throws: `DatasetError.invalidSchema` for a description that no file can meet.
    public init(describing dataset: DatasetDescription) throws(DatasetError) { try self.init(dataset) }
}
