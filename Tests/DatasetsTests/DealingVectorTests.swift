import Testing

@testable import Datasets
@testable import Tensor

/// The vectors of docs/PROTOCOL.md, section 11.1, worked out by a program that shares nothing with ours.
@Suite("Dealing rows: vectors")
struct DealingVectorTests {
    @Test("ten rows are dealt to three shards as the document says")
    func dealing() throws {
        #expect(permutation(of: 10, seed: 0, purpose: .partition) == [5, 9, 1, 6, 0, 3, 4, 2, 7, 8])
        #expect(permutation(of: 10, seed: 7, purpose: .partition) == [3, 4, 8, 6, 1, 9, 2, 7, 0, 5])
        let shards: [[Int32]] = [[1, 5, 6, 9], [0, 3, 4], [2, 7, 8]]
        for (index, rows) in shards.enumerated() {
            #expect(try Partition.iid(seed: 0).rows(ofShard: index, count: 3, rowCount: 10) == rows)
        }
        #expect(try Partition.contiguous.rows(ofShard: 1, count: 3, rowCount: 10) == [4, 5, 6])
    }

    @Test("two of ten rows are held out as the document says")
    func holdingOut() {
        #expect(permutation(of: 10, seed: 0, purpose: .holdOut) == [9, 3, 1, 8, 0, 2, 5, 7, 6, 4])
        #expect(HoldOut(rowCount: 10).test == [3, 9])
    }

    @Test("an epoch's order is the document's")
    func shuffling() {
        var philox = Philox(seed: 7, round: 1, purpose: .shuffle)
        #expect(philox.permutation(10) == [7, 2, 3, 6, 8, 9, 4, 0, 1, 5])
    }
}
