/// Where a data set comes from: nothing is read before `load()` is called.
public struct DataSource: Sendable {
    private let read: @Sendable () throws -> Dataset

    private init(read: @escaping @Sendable () throws -> Dataset) { self.read = read }

    /// A file, read by a schema or by one that is inferred.
    public static func file(_ file: DataFile, schema: DataSchema? = nil) -> DataSource {
        DataSource { try Dataset.load(file: file, schema: schema) }
    }

    /// A built-in data set; `folder` is where the files of one that needs some are.
    public static func named(_ name: String, folder: String? = nil) -> DataSource {
        DataSource { try Dataset.load(named: name, folder: folder) }
    }

    /// A data set that is there.
    public static func dataset(_ dataset: Dataset) -> DataSource { DataSource { dataset } }

    /// Columns that a closure is asked for, such as one that queries a database.
    public static func columns(
        name: String? = nil, schema: DataSchema,
        _ columns: @escaping @Sendable () throws -> [String: ColumnValues]
    ) -> DataSource {
        DataSource { try Dataset(name: name, columns: try columns(), schema: schema) }
    }

    /// Reads the rows.
    ///
    /// - Throws: `DatasetError`; what a closure threw as the reason of `DatasetError.unreadableSource`.
    public func load() throws(DatasetError) -> Dataset {
        do {
            return try read()
        } catch let error as DatasetError {
            throw error
        } catch {
            throw .unreadableSource(reason: "\(error)")
        }
    }
}
