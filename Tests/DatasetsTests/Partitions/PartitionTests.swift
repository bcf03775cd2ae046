import Datasets
import TestSupport
import Testing

@Suite struct PartitionTests {
    @Test(
        "shards are disjoint, cover every row, keep file order and differ by at most one row",
        arguments: [Partition.contiguous, .iid(seed: 0), .iid(seed: 9)])
    func properties(partition: Partition) throws {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<50 {
            let rowCount = Int.random(in: 0...300, using: &generator)
            let count = Int.random(in: 1...20, using: &generator)
            var all: [Int32] = []
            var sizes: [Int] = []
            for index in 0..<count {
                let rows = try partition.rows(ofShard: index, count: count, rowCount: rowCount)
                #expect(rows == rows.sorted())
                all += rows
                sizes.append(rows.count)
            }
            #expect(all.sorted() == (0..<rowCount).map { Int32($0) }, "\(rowCount) rows, \(count) shards")
            #expect(sizes == sizes.sorted(by: >))
            #expect((sizes.first ?? 0) - (sizes.last ?? 0) <= 1)
        }
    }

    @Test("contiguous shards are runs, the first ones longer")
    func contiguous() throws {
        let shards = try (0..<3).map { try Partition.contiguous.rows(ofShard: $0, count: 3, rowCount: 8) }
        #expect(shards == [[0, 1, 2], [3, 4, 5], [6, 7]])
    }

    @Test("iid deals the same rows for the same seed and others for another")
    func seeded() throws {
        let once = try Partition.iid(seed: 4).rows(ofShard: 1, count: 4, rowCount: 1_000)
        #expect(try Partition.iid(seed: 4).rows(ofShard: 1, count: 4, rowCount: 1_000) == once)
        #expect(try Partition.iid(seed: 5).rows(ofShard: 1, count: 4, rowCount: 1_000) != once)
        #expect(once != (250..<500).map { Int32($0) })
    }

    @Test(
        "a shard that is not there is refused",
        arguments: [(-1, 4), (4, 4), (0, 0), (0, -1), (Int.max, Int.max)])
    func outOfRange(index: Int, count: Int) {
        #expect(throws: DatasetError.shardOutOfRange(index: index, count: count)) {
            try Partition.contiguous.rows(ofShard: index, count: count, rowCount: 8)
        }
    }

    @Test("a number of rows no table has is refused", arguments: [-1, Int.min, Int(Int32.max) + 1, Int.max])
    func rowCountOutOfRange(rowCount: Int) {
        #expect(throws: DatasetError.invalidTable(reason: "\(rowCount) rows")) {
            try Partition.iid(seed: 0).rows(ofShard: 0, count: 1, rowCount: rowCount)
        }
    }

    @Test(
        "the words of a partition are read and written",
        arguments: [
            ("iid", Partition.iid(seed: 0), "iid"),
            ("iid:0", .iid(seed: 0), "iid"),
            ("iid:7", .iid(seed: 7), "iid:7"),
            ("iid:18446744073709551615", .iid(seed: .max), "iid:18446744073709551615"),
            ("contiguous", .contiguous, "contiguous"),
        ])
    func words(text: String, partition: Partition, canonical: String) throws {
        #expect(try Partition(parsing: text) == partition)
        #expect(partition.description == canonical)
        #expect(try Partition(parsing: canonical) == partition)
    }

    @Test(
        "words that name no partition are refused with a list of those that do",
        arguments: ["", "random", "IID", "dirichlet:0.5", "labels:2", "labels"])
    func unknown(text: String) throws {
        let error = try #require(throws: DatasetError.self) { try Partition(parsing: text) }
        #expect(error.description.contains("available are iid, iid:SEED and contiguous"))
    }

    @Test("partitions that come later say so", arguments: ["dirichlet:0.5", "labels:2"])
    func later(text: String) throws {
        let error = try #require(throws: DatasetError.self) { try Partition(parsing: text) }
        #expect(error.description.hasPrefix("partition '\(text)': not available in this version"))
    }

    @Test("a seed must be a whole number", arguments: ["iid:", "iid:-1", "iid:x", "iid:1:2", "contiguous:1"])
    func malformed(text: String) {
        #expect(throws: DatasetError.self) { try Partition(parsing: text) }
    }
}
