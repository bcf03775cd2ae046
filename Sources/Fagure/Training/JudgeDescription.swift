/// By what the model of each round is judged.
public enum JudgeDescription: Sendable, Hashable {
    /// By nothing: nobody has rows it did not learn from.
    case nobody
    /// By a file at the trainer, all its rows.
    case file(path: String, rows: Int)
    /// By the trainer's own copy of a built-in data set, which is the one the workers have.
    case builtIn(name: String, rows: Int)
    /// By rows in memory at the trainer.
    case table(rows: Int)
    /// By the rows that shards hold out, at their workers; `without` are those that hold out too few.
    case heldOut(rows: Int, shards: Int, without: [TooFew])

    /// A shard that holds out fewer rows than its worker lets anything out about.
    public struct TooFew: Sendable, Hashable, CustomStringConvertible {
        /// The shard.
        public let shard: String
        /// The rows it holds out.
        public let rows: Int
        /// The fewest its worker lets anything out about: its `--release-rows-min`.
        public let minimum: Int

        /// Such as `west: 20 of --release-rows-min 32`.
        public var description: String { "\(shard): \(rows) of --release-rows-min \(minimum)" }
    }

    /// How many rows there are.
    public var rows: Int {
        switch self {
        case .nobody: 0
        case .file(_, let rows), .builtIn(_, let rows), .table(let rows), .heldOut(let rows, _, _): rows
        }
    }
}

extension JudgeDescription: CustomStringConvertible {
    /// Such as `judged by 198 rows held out in 3 shards`.
    public var description: String {
        switch self {
        case .nobody: "judged by nothing: no rows are held out"
        case .file(let path, let rows): "judged by the \(rows) rows of \(path)"
        case .builtIn(let name, let rows): "judged by the \(rows) test rows of \(name) at the trainer"
        case .table(let rows): "judged by \(rows) rows at the trainer"
        case .heldOut(let rows, let shards, let without):
            "judged by \(rows) rows held out in \(shards) shard\(shards == 1 ? "" : "s")"
                + (without.isEmpty
                    ? "" : " (too few in \(without.map(\.description).joined(separator: ", ")))")
        }
    }

    /// The file, where it is one; else empty.
    var path: String { if case .file(let path, _) = self { path } else { "" } }

    /// The shards that hold out too few rows to judge by.
    var without: [String] {
        if case .heldOut(_, _, let without) = self { without.map(\.shard) } else { [] }
    }

    /// A word for other programs.
    var name: String {
        switch self {
        case .nobody: "nobody"
        case .file: "file"
        case .builtIn: "built-in"
        case .table: "table"
        case .heldOut: "held-out"
        }
    }
}
