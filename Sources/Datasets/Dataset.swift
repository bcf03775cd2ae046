/// A named set of rows with a part to learn from and, where there is one, a part to be judged by.
///
/// Copies share storage. Built-in sets come from `load(named:)`, tables of your own from `load(csv:label:)`,
/// and anything else from tables put together by hand.
public struct Dataset: Sendable {
    /// The name workers register and programs ask for.
    public let name: String
    /// Words for the catalogue: what kind of data this is.
    public let tags: [String]
    /// The rows to learn from; shards are cut from these.
    public let train: Table
    /// The rows held out.
    public let test: Table?

    /// The columns, the same in both parts.
    public var schema: Schema { train.schema }

    /// Puts a data set together.
    ///
    /// - Throws: `DatasetError.invalidTable` for an empty name, no rows to learn from, or parts with
    ///   different columns.
    public init(name: String, tags: [String] = [], train: Table, test: Table? = nil) throws(DatasetError) {
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
    }

    /// Splits a table at random, one row in five held out; fewer than five rows stay together.
    init(name: String, tags: [String], splitting table: Table, seed: UInt64) throws(DatasetError) {
        let split = HoldOut(rowCount: table.rowCount, seed: seed)
        try self.init(
            name: name,
            tags: tags,
            train: try table.selecting(rows: split.train),
            test: split.test.isEmpty ? nil : try table.selecting(rows: split.test),
        )
    }
}
