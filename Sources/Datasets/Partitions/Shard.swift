/// One part of a data set, as one client of a federation holds it.
public struct Shard: Sendable {
    /// The data set's name.
    public let dataset: String
    /// How the rows were dealt.
    public let partition: Partition
    /// Which shard this is, from 0.
    public let index: Int
    /// The number of shards the data set was cut into.
    public let count: Int
    /// The rows to learn from: at least one.
    public let train: Table
    /// The site whose own rows these are, whole; `nil` for a part of a data set that everyone has.
    public let site: String?
    /// The digest of the data set it is cut from, where that is public; else empty.
    public let digest: [UInt8]
    /// The shard's part of the rows held out, dealt the same way; `nil` where there are none.
    public let heldOut: Table?

    /// The columns.
    public var schema: Schema { train.schema }
}

extension Dataset {
    /// Copies one shard's rows out of both parts; the rest can then be let go.
    ///
    /// - Throws: `DatasetError.shardOutOfRange`; `DatasetError.tooFewRows` when some shard would have nothing
    ///   to learn from.
    /// - Complexity: O(rows + bytes of the shard).
    public func shard(_ index: Int, of count: Int, partition: Partition) throws(DatasetError) -> Shard {
        guard index >= 0, index < count else { throw .shardOutOfRange(index: index, count: count) }
        guard count <= train.rowCount else {
            throw .tooFewRows(dataset: name, rowCount: train.rowCount, shardCount: count)
        }
        return Shard(
            dataset: name,
            partition: partition,
            index: index,
            count: count,
            train: try train.selecting(
                rows: try partition.rows(ofShard: index, count: count, rowCount: train.rowCount)),
            site: nil,
            digest: digest,
            heldOut: try heldOut(index, of: count, partition: partition),
        )
    }

    /// All rows as the one shard of a site, named after it.
    ///
    /// - Throws: `DatasetError.invalidShards` for a name that is empty or too long to travel.
    public func shard(ofSite site: String) throws(DatasetError) -> Shard {
        guard !site.isEmpty, site.utf8.count <= DatasetLimits.siteByteCountMaximum else {
            throw .invalidShards(
                text: site, reason: "a site's name has 1 to \(DatasetLimits.siteByteCountMaximum) bytes")
        }
        return Shard(
            dataset: name, partition: .contiguous, index: 0, count: 1, train: train, site: site,
            digest: digest,
            heldOut: test)
    }

    /// Copies the rows of several shards.
    ///
    /// - Throws: As `shard(_:of:partition:)`.
    public func shards(_ selection: ShardSelection, partition: Partition) throws(DatasetError) -> [Shard] {
        var shards: [Shard] = []
        for index in selection.indices {
            shards.append(try shard(index, of: selection.count, partition: partition))
        }
        return shards
    }

    private func heldOut(_ index: Int, of count: Int, partition: Partition) throws(DatasetError) -> Table? {
        guard let test else { return nil }
        let rows = try partition.rows(ofShard: index, count: count, rowCount: test.rowCount)
        return rows.isEmpty ? nil : try test.selecting(rows: rows)
    }
}
