/// What is done with a cell that has no value.
public enum MissingCells: UInt8, Sendable, Hashable, CaseIterable {
    // Part of a schema's hash: never reuse a number.
    /// There are none: a file that has one is refused.
    case refuse = 0
    /// The cell is NaN, and whoever computes puts the mean of all shards there.
    case mean = 1
    /// The cell is 0.
    case zero = 2
    /// Its row is left out.
    case dropRow = 3
}

extension MissingCells: CustomStringConvertible {
    /// The word a schema's file has for it.
    public var description: String {
        switch self {
        case .refuse: "refuse"
        case .mean: "mean"
        case .zero: "zero"
        case .dropRow: "drop-row"
        }
    }
}

/// A data set's schema as it is announced: never its rows.
public struct DatasetDescription: Sendable, Hashable {
    /// The data set's name.
    public var name: String
    /// Words to find it by.
    public var tags: [String]
    /// The columns, features before labels.
    public var columns: [ColumnDescription]
    /// What a missing cell means.
    public var missing: MissingCells
    /// SHA-256 of the rows of a data set that is public, so that two can be told to be the same; else empty.
    public var digest: [UInt8]

    /// Describes a data set.
    public init(
        name: String, tags: [String], columns: [ColumnDescription], missing: MissingCells = .refuse,
        digest: [UInt8] = []
    ) {
        self.name = name
        self.tags = tags
        self.columns = columns
        self.missing = missing
        self.digest = digest
    }

    /// The columns models read.
    public var features: [ColumnDescription] { columns.filter { $0.role == .feature } }

    /// The columns models predict.
    public var labels: [ColumnDescription] { columns.filter { $0.role == .label } }
}

/// A shard as a worker announces it.
public struct ShardDescription: Sendable, Hashable {
    /// Which rows.
    public var reference: ShardReference
    /// How many rows there are to train on.
    public var trainRows: Int
    /// How many rows are held out for evaluation.
    public var heldOutRows: Int
    /// The hash of its data set's schema; `none` from workers that speak protocol 1.0.
    public var schema: SchemaHash
    /// The fewest rows its worker lets anything out about; 0 where it does not say.
    public var releaseRowsMinimum: Int
    /// Why the broker sends this copy of the shard no jobs; empty where it does.
    public var leftOut: String

    /// Describes a shard.
    public init(
        reference: ShardReference, trainRows: Int, heldOutRows: Int, schema: SchemaHash = .none,
        releaseRowsMinimum: Int = 0, leftOut: String = ""
    ) {
        self.reference = reference
        self.trainRows = trainRows
        self.heldOutRows = heldOutRows
        self.schema = schema
        self.releaseRowsMinimum = releaseRowsMinimum
        self.leftOut = leftOut
    }
}
