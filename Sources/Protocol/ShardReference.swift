/// Names one part of a data set: which data, how its rows were dealt out, and which part of how many.
///
/// Two workers that announce equal references hold the same rows, so either can serve a job for them.
public struct ShardReference: Sendable, Hashable {
    /// The data set's name.
    public let dataset: String
    /// How the rows were dealt out, such as `iid:0` or `contiguous`.
    public let partition: String
    /// Which part, from 0.
    public let index: Int
    /// Of how many parts.
    public let count: Int

    /// Names a part. Nothing is checked: `0 ≤ index < count` is the announcing side's duty, and decoding's.
    public init(dataset: String, partition: String, index: Int, count: Int) {
        self.dataset = dataset
        self.partition = partition
        self.index = index
        self.count = count
    }

    /// What the header carries to route a job to any holder of this shard: FNV-1a, 128 bits, over
    /// `dataset ␀ partition ␀ index ␀ count` in decimal. It is a name, not a
    /// secret: nothing rests on collisions being hard.
    package var key: Identifier {
        var hash: UInt128 = 0x6c62272e_07bb0142_62b82175_6295c58d
        for byte in "\(dataset)\0\(partition)\0\(index)\0\(count)".utf8 {
            hash ^= UInt128(byte)
            hash = hash &* 0x00000000_01000000_00000000_0000013b
        }
        return Identifier(
            high: UInt64(truncatingIfNeeded: hash >> 64), low: UInt64(truncatingIfNeeded: hash) | 1)
    }
}

extension ShardReference: CustomStringConvertible {
    /// Such as `fashion-mnist 2/4 (iid:0)`.
    public var description: String { "\(dataset) \(index)/\(count) (\(partition))" }
}
