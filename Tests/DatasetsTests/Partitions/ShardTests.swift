import Datasets
import Tensor
import TestSupport
import Testing

@Suite struct ShardTests {
    @Test("a shard carries its index, its rows and its part of the rows held out")
    func facts() throws {
        let digits = try Dataset.load(named: "digits")
        let shard = try digits.shard(1, of: 4, partition: .iid(seed: 2))
        #expect(shard.dataset == "digits")
        #expect(shard.partition == .iid(seed: 2))
        #expect(shard.index == 1)
        #expect(shard.count == 4)
        #expect(shard.schema == digits.schema)
        #expect(shard.train.rowCount == 360)
        #expect(shard.heldOut?.rowCount == 90)
    }

    @Test("the shards together hold every row once", arguments: [Partition.contiguous, .iid(seed: 1)])
    func covering(partition: Partition) throws {
        let digits = try Dataset.load(named: "digits")
        let shards = try digits.shards(try ShardSelection(parsing: "0/3,1/3,2/3"), partition: partition)
        func rows(_ table: Table?) throws -> [[UInt8]] {
            let bytes = try #require(table?["pixels"]).bytes
            return stride(from: 0, to: bytes.count, by: 64).map { Array(bytes[$0..<$0 + 64]) }
        }
        let train = try shards.flatMap { try rows($0.train) }
        let heldOut = try shards.flatMap { try rows($0.heldOut) }
        #expect(train.sorted(by: precedes) == (try rows(digits.train)).sorted(by: precedes))
        #expect(heldOut.sorted(by: precedes) == (try rows(digits.test)).sorted(by: precedes))
    }

    @Test("a data set without a test part has shards without rows held out")
    func withoutTest() throws {
        let shard = try Dataset.load(named: "toy").shard(1, of: 2, partition: .contiguous)
        #expect(shard.heldOut == nil)
        #expect(try shard.train["features"]?.floats == [1, 0, 1, 1])
        #expect(try shard.train["target"]?.floats == [1, 1])
    }

    @Test("more shards than rows, and a shard that is not there, are refused")
    func refused() throws {
        let toy = try Dataset.load(named: "toy")
        #expect(throws: DatasetError.tooFewRows(dataset: "toy", rowCount: 4, shardCount: 5)) {
            try toy.shard(0, of: 5, partition: .contiguous)
        }
        #expect(throws: DatasetError.shardOutOfRange(index: 2, count: 2)) {
            try toy.shard(2, of: 2, partition: .contiguous)
        }
        #expect(throws: DatasetError.shardOutOfRange(index: 0, count: 0)) {
            try toy.shard(0, of: 0, partition: .contiguous)
        }
    }

    @Test("a shard may have nothing held out when few rows are")
    func fewHeldOut() throws {
        let toy = try Dataset.load(named: "toy").train
        let dataset = try Dataset(name: "few", train: toy, test: try toy.selecting(rows: [0]))
        #expect(try dataset.shard(0, of: 2, partition: .contiguous).heldOut?.rowCount == 1)
        #expect(try dataset.shard(1, of: 2, partition: .contiguous).heldOut == nil)
    }
}

private func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool { left.lexicographicallyPrecedes(right) }
