import Jobs
import Protocol

@testable import Datasets
@testable import Tensor

/// A row of `orders.json`: what follows from a seed.
struct RecordedOrder: Codable, Hashable {
    var what: String
    var count: Int
    var seed: UInt64
    var round: Int?
    var part: Int?
    var parts: Int?
    var partition: String?
    var rows: [Int32]

    static func all() throws -> [RecordedOrder] {
        var orders: [RecordedOrder] = []
        for (count, seed) in [(1, 0), (2, 1), (10, 0), (10, 7), (257, 1 << 40)] as [(Int, UInt64)] {
            for epoch in 0..<2 {
                orders.append(
                    RecordedOrder(
                        what: "epoch", count: count, seed: seed, round: epoch,
                        rows: RowOrder.rows(count, shuffleSeed: seed, epoch: epoch)))
            }
        }
        for (text, seed) in [("iid:0", 0), ("iid:7", 7), ("contiguous", 0)] as [(String, UInt64)] {
            let partition = try Partition(parsing: text)
            for part in 0..<3 {
                orders.append(
                    RecordedOrder(
                        what: "dealt", count: 20, seed: seed, part: part, parts: 3, partition: text,
                        rows: try partition.rows(ofShard: part, count: 3, rowCount: 20)))
            }
        }
        for count in [4, 5, 10, 101] {
            orders.append(
                RecordedOrder(what: "held out", count: count, seed: 0, rows: HoldOut(rowCount: count).test))
        }
        return orders
    }
}

/// A row of `numbers.json`: random numbers of a source.
struct RecordedNumbers: Codable, Hashable {
    var distribution: String
    var seed: UInt64
    var numbers: [Float]

    static func all() throws -> [RecordedNumbers] {
        var rows: [RecordedNumbers] = []
        for seed in [0, 7, 1 << 40] as [UInt64] {
            for (name, distribution) in [("uniform", .uniform), ("normal", .normal)]
                as [(String, Job.Draw.Distribution)]
            {
                let draw = Job.Draw(seed: seed, distribution, ValueType(.float32, try Shape([9])))
                let value = RecordedValue(try draw.value())
                rows.append(
                    RecordedNumbers(distribution: name, seed: seed, numbers: value.numbers.map { Float($0) }))
            }
        }
        return rows
    }
}

/// A row of `names.json`: what a name is hashed to.
struct RecordedName: Codable, Hashable {
    var what: String
    var text: String
    var bytes: String

    static func all() -> [RecordedName] {
        let shards = [
            ShardReference(dataset: "fashion-mnist", partition: "iid:0", index: 2, count: 4),
            ShardReference(dataset: "été", partition: "contiguous", index: 0, count: 65_536),
            ShardReference(dataset: "ward", site: "north"),
        ]
        return shards.map { shard in
            var bytes: [UInt8] = []
            for word in [shard.key.high, shard.key.low] {
                bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
            }
            return RecordedName(
                what: "shard", text: "\(shard.dataset)\0\(shard.partition)\0\(shard.index)\0\(shard.count)",
                bytes: digits(bytes))
        }
    }
}
