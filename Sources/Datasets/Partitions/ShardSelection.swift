/// The shards one worker holds: `0/4`, or several as in `0/4,1/4`.
public struct ShardSelection: Sendable, Hashable {
    /// The shards held, in the order given, none twice.
    public let indices: [Int]
    /// The number of shards the data set is cut into.
    public let count: Int

    /// The whole data set as one shard.
    public static let whole = ShardSelection(checked: [0], count: 1)

    /// Reads `INDEX/COUNT` once or several times, separated by commas, all with the same count.
    ///
    /// - Throws: `DatasetError.invalidShards` or `DatasetError.shardOutOfRange`.
    public init(parsing text: String) throws(DatasetError) {
        var indices: [Int] = []
        var seen = Set<Int>()
        var sharedCount: Int?
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let (index, count) = try ShardSelection.pair(part, in: text)
            guard count == sharedCount ?? count else {
                throw .invalidShards(
                    text: text, reason: "all shards must have the same count after the slash")
            }
            guard index < count else { throw .shardOutOfRange(index: index, count: count) }
            guard seen.insert(index).inserted else {
                throw .invalidShards(text: text, reason: "shard \(index) is named twice")
            }
            indices.append(index)
            sharedCount = count
        }
        self.init(checked: indices, count: sharedCount ?? 1)
    }

    private init(checked indices: [Int], count: Int) {
        self.indices = indices
        self.count = count
    }

    private static func pair(_ part: Substring, in text: String) throws(DatasetError) -> (Int, Int) {
        let numbers = part.split(separator: "/", omittingEmptySubsequences: false).map(wholeNumber)
        guard numbers.count == 2, let index = numbers[0], let count = numbers[1] else {
            throw .invalidShards(
                text: text, reason: "expected INDEX/COUNT such as 0/4, or several such as 0/4,1/4")
        }
        guard count >= 1, count <= DatasetLimits.shardCountMaximum else {
            throw .invalidShards(
                text: text,
                reason: "the count must be from 1 to \(DatasetLimits.shardCountMaximum), got \(count)")
        }
        return (index, count)
    }

    /// Digits and nothing else, blanks around them aside: `Int` would take a sign too.
    private static func wholeNumber(_ text: Substring) -> Int? {
        let digits = text.drop { $0 == " " }
        let end = digits.lastIndex { $0 != " " }.map { digits.index(after: $0) } ?? digits.startIndex
        let trimmed = digits[..<end]
        return trimmed.allSatisfy { $0.isASCII && $0.isNumber } ? Int(trimmed) : nil
    }
}

extension ShardSelection: CustomStringConvertible {
    /// The words `init(parsing:)` reads back.
    public var description: String { indices.map { "\($0)/\(count)" }.joined(separator: ",") }
}
