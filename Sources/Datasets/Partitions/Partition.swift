/// How the rows of a data set are dealt to its shards.
///
/// Shards are disjoint, cover every row, and differ in size by at most one row, the first ones being the
/// larger.
public enum Partition: Sendable, Hashable {
    /// At random: every shard looks like the whole. The same seed deals the same rows on every machine.
    case iid(seed: UInt64)
    /// In runs of neighbouring rows, as the file has them.
    case contiguous

    /// Reads `iid`, `iid:7` (a seed; 0 unless given) or `contiguous`.
    ///
    /// - Throws: `DatasetError.invalidPartition`, which lists what there is.
    public init(parsing text: String) throws(DatasetError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        switch (parts[0], parts.count) {
        case ("iid", 1):
            self = .iid(seed: 0)
        case ("iid", _):
            guard let seed = UInt64(parts[1]) else {
                throw .invalidPartition(
                    text: text, reason: "the seed after 'iid:' must be a whole number from 0")
            }
            self = .iid(seed: seed)
        case ("contiguous", 1):
            self = .contiguous
        case ("contiguous", _):
            throw .invalidPartition(text: text, reason: "'contiguous' takes nothing after it")
        case ("dirichlet", _), ("labels", _):
            throw .invalidPartition(
                text: text, reason: "not available in this version, \(Partition.available)")
        default:
            throw .invalidPartition(text: text, reason: "unknown, \(Partition.available)")
        }
    }

    private static let available = "available are iid, iid:SEED and contiguous"

    /// The rows of one shard, in file order.
    ///
    /// A shard may be empty when there are fewer rows than shards.
    ///
    /// - Throws: `DatasetError.shardOutOfRange`; `DatasetError.invalidTable` for a number of rows no table
    ///   has.
    /// - Complexity: O(rows) for `iid`, O(rows of the shard) for `contiguous`.
    public func rows(ofShard index: Int, count: Int, rowCount: Int) throws(DatasetError) -> [Int32] {
        guard index >= 0, index < count else { throw .shardOutOfRange(index: index, count: count) }
        guard rowCount >= 0, let rowCount = Int32(exactly: rowCount) else {
            throw .invalidTable(reason: "\(rowCount) rows")
        }
        let run = Partition.run(index, of: count, rowCount: Int(rowCount))
        switch self {
        case .contiguous:
            return run.map { Int32($0) }
        case .iid(let seed):
            return permutation(of: Int(rowCount), seed: seed, purpose: .partition)[run].sorted()
        }
    }

    /// The run of positions a shard gets: the first `rowCount % count` shards get one more than the others.
    private static func run(_ index: Int, of count: Int, rowCount: Int) -> Range<Int> {
        let (size, remainder) = rowCount.quotientAndRemainder(dividingBy: count)
        let start = index * size + min(index, remainder)
        return start..<start + size + (index < remainder ? 1 : 0)
    }
}

extension Partition: CustomStringConvertible {
    /// The words `init(parsing:)` reads back.
    public var description: String {
        switch self {
        case .iid(seed: 0): "iid"
        case .iid(let seed): "iid:\(seed)"
        case .contiguous: "contiguous"
        }
    }
}
