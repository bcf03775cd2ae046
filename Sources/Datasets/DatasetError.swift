/// What can be wrong with data and with the words that name it.
///
/// Every case carries the facts, so that its `description` names the thing, what was expected and what came.
public enum DatasetError: Error, Sendable, Hashable {
    /// No built-in data set has this name.
    case unknownDataset(name: String, known: [String])
    /// A file or folder that is not there; `advice` says how to get it.
    case fileNotFound(path: String, advice: String?)
    /// A file that is there and cannot be read.
    case unreadableFile(path: String, reason: String)
    /// Rows that were asked for in code and did not come.
    case unreadableSource(reason: String)
    /// A file that is not what it should be: truncated, corrupt, of another format.
    case invalidFile(path: String, reason: String)
    /// A file larger than the reader takes.
    case fileTooLarge(path: String, limit: Int)
    /// A fault in a CSV file and where it is.
    case csv(CSVFault, at: CSVPosition)
    /// A schema that is none, and where in its file: `nil` where no line is to blame.
    case invalidSchema(file: String, line: Int?, reason: String)
    /// Columns that are not those of the schema: what it asks for and what there is.
    case columnsDiffer(file: String, missing: [String], new: [String], expected: [String], found: [String])
    /// Columns and values that make no table.
    case invalidTable(reason: String)
    /// Words that name no partition.
    case invalidPartition(text: String, reason: String)
    /// Words that name no shards.
    case invalidShards(text: String, reason: String)
    /// A shard that the partition does not have.
    case shardOutOfRange(index: Int, count: Int)
    /// More shards than rows to give them.
    case tooFewRows(dataset: String, rowCount: Int, shardCount: Int)
}

extension DatasetError: CustomStringConvertible {
    /// One lower-case sentence that names the thing, what was expected and what came.
    public var description: String {
        switch self {
        case .unknownDataset(let name, let known):
            "data set \(quoted(name)) is unknown, built in are \(known.joined(separator: ", "))"
        case .fileNotFound(let path, let advice):
            "\(path): no such file" + (advice.map { ". \($0)" } ?? "")
        case .unreadableFile(let path, let reason), .invalidFile(let path, let reason):
            "\(path): \(reason)"
        case .unreadableSource(let reason):
            "rows could not be read: \(reason)"
        case .fileTooLarge(let path, let limit):
            "\(path): larger than the \(limit) bytes allowed"
        case .csv(let fault, let position):
            "\(position): \(fault)"
        case .invalidSchema(let file, let line, let reason):
            "\(file)\(line.map { ":\($0)" } ?? ""): \(reason)"
        case .columnsDiffer(let file, let missing, let new, let expected, let found):
            "\(file): \(DatasetError.differences(missing: missing, new: new)); the schema has "
                + "\(listed(expected)), the file \(listed(found))"
                + DatasetError.meant(missing, expected: expected, found: found)
        case .invalidTable(let reason):
            "table is invalid: \(reason)"
        case .invalidPartition(let text, let reason):
            "partition \(quoted(text)): \(reason)"
        case .invalidShards(let text, let reason):
            "shard \(quoted(text)): \(reason)"
        case .shardOutOfRange(let index, let count):
            "shard \(index) of \(count) is out of range, \(allowedShards(count))"
        case .tooFewRows(let dataset, let rowCount, let shardCount):
            "data set \(quoted(dataset)) has \(counted(rowCount, "row")), too few for \(shardCount) shards"
        }
    }

    /// Such as `bp is missing, weight is new`.
    private static func differences(missing: [String], new: [String]) -> String {
        let limit = DatasetLimits.quotedNameCountMaximum
        let all = missing.map { "\(shortened($0)) is missing" } + new.map { "\(shortened($0)) is new" }
        return all.prefix(limit).joined(separator: ", ")
            + (all.count > limit ? " and \(all.count - limit) more differences" : "")
    }

    /// What was meant by names that are not there: columns of the file that the schema does not know.
    private static func meant(_ missing: [String], expected: [String], found: [String]) -> String {
        let unknown = found.filter { !expected.contains($0) }
        let hints = missing.compactMap { name -> String? in
            let known = expected.contains(name)
            return NearName.nearest(to: name, among: known ? unknown : found).map {
                known
                    ? "\(quoted($0)) for \(quoted(name))" : "\(quoted($0))"
            }
        }
        guard let first = hints.first else { return "" }
        return "; did you mean \(first)?"
    }

    private func allowedShards(_ count: Int) -> String {
        count > 0 ? "allowed are 0 to \(count - 1)" : "there must be at least one shard"
    }
}
