import Ground
import Tensor

/// A named set of rows with a part to learn from and, where there is one, a part to be judged by.
///
/// Copies share storage. Built-in sets come from `load(named:)`, files from `load(file:schema:)`, columns in memory
/// from `init(name:columns:schema:)`, and anything else from tables put together by hand.
public struct Dataset: Sendable {
    /// The name workers register and programs ask for.
    public let name: String
    /// Words for the catalogue: what kind of data this is.
    public let tags: [String]
    /// The rows to learn from; shards are cut from these.
    public let train: Table
    /// The rows held out.
    public let test: Table?
    /// The schema the rows were read by, given or inferred; `nil` only for tables put together by hand that no
    /// schema's file can say, such as one without a label.
    public let contract: DataSchema?
    /// What a person should hear of how the rows were read.
    public let notices: [String]
    /// Whether the schema was found out from the rows, so that it tells texts that stand in them.
    package let isInferred: Bool
    /// Whether the rows are part of the library, so that there is nothing to keep to oneself.
    public let isPublic: Bool
    /// What tells two copies of a public data set to be the same: SHA-256 over the SHA-256 of each column's bytes,
    /// those of the train part first; empty for all others.
    public let digest: [UInt8]

    /// The columns, the same in both parts.
    public var schema: Schema { train.schema }

    /// Puts a data set together.
    ///
    /// - Throws: `DatasetError.invalidTable` for an empty name, no rows to learn from, or parts with
    ///   different columns.
    public init(name: String, tags: [String] = [], train: Table, test: Table? = nil) throws(DatasetError) {
        try self.init(
            name: name, tags: tags, train: train, test: test,
            contract: DataSchema(describing: train.schema, dataset: name))
    }

    /// Puts a data set together that was read by a schema.
    init(
        name: String, tags: [String], train: Table, test: Table?, contract: DataSchema?,
        notices: [String] = [], isInferred: Bool = false,
        isPublic: Bool = false, digest: [UInt8] = []
    ) throws(DatasetError) {
        guard !name.isEmpty else { throw .invalidTable(reason: "a data set without a name") }
        guard train.rowCount > 0 else {
            throw .invalidTable(reason: "data set '\(name)' has no rows to learn from")
        }
        if let test, test.schema != train.schema {
            throw .invalidTable(
                reason: "the test part of data set '\(name)' has other columns than the train part")
        }
        self.name = name
        self.tags = tags
        self.train = train
        self.test = test
        self.contract = contract
        self.notices = notices
        self.isInferred = isInferred
        self.isPublic = isPublic
        self.digest = digest
    }

    /// The same rows, known to everybody where the library holds them, with the digest of all their bytes.
    func known(isPublic: Bool) throws(DatasetError) -> Dataset {
        var digests: [UInt8] = []
        for value in train.values + (test?.values ?? []) {
            digests += value.withBytes { SHA256.hash($0) }
        }
        return try Dataset(
            name: name, tags: tags, train: train, test: test, contract: contract, notices: notices,
            isInferred: isInferred, isPublic: isPublic, digest: SHA256.hash(digests))
    }
}
