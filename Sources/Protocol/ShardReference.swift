/// Names one shard of a data set: which data, how its rows were dealt out, and which part of how many; or whose
/// rows they are.
///
/// A site's own rows are the one part of one of a partition called after the site, `site:north`. Two workers
/// that announce equal references hold the same rows, so either can serve a job for them.
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

    /// Names a site's own rows, whole.
    public init(dataset: String, site: String) {
        self.init(dataset: dataset, partition: ShardReference.sitePrefix + site, index: 0, count: 1)
    }

    /// What a site's partition begins with.
    package static let sitePrefix = "site:"

    /// The site whose rows they are; `nil` for a part of a data set that everyone has.
    public var site: String? {
        partition.hasPrefix(ShardReference.sitePrefix)
            ? String(partition.dropFirst(ShardReference.sitePrefix.count)) : nil
    }

    /// What it is called among the shards of its data set.
    public var name: ShardName { site.map { .site($0) } ?? .part(index: index, of: count) }

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
    /// Such as `fashion-mnist 2/4 (iid:0)`, or `patients of north`.
    public var description: String {
        site.map { "\(dataset) of \($0)" } ?? "\(dataset) \(index)/\(count) (\(partition))"
    }
}
