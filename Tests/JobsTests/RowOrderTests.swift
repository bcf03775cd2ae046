import Jobs
import Testing

@Suite("The order of rows")
struct RowOrderTests {
    @Test("without a seed every epoch reads the rows as they lie")
    func fileOrder() {
        #expect(RowOrder.rows(5, shuffleSeed: nil, epoch: 0) == [0, 1, 2, 3, 4])
        #expect(RowOrder.rows(5, shuffleSeed: nil, epoch: 9) == [0, 1, 2, 3, 4])
        #expect(RowOrder.rows(0, shuffleSeed: nil, epoch: 0) == [])
        #expect(RowOrder.rows(0, shuffleSeed: 1, epoch: 0) == [])
    }

    @Test("the same seed and epoch give the same order everywhere; pinned, because other workers must agree")
    func pinned() {
        #expect(RowOrder.rows(10, shuffleSeed: 42, epoch: 0) == [1, 5, 0, 2, 9, 7, 4, 3, 8, 6])
        #expect(RowOrder.rows(10, shuffleSeed: 42, epoch: 1) == [6, 7, 8, 5, 0, 2, 1, 3, 4, 9])
        #expect(RowOrder.rows(10, shuffleSeed: (1 << 40) + 7, epoch: 3) == [2, 6, 0, 4, 1, 3, 5, 9, 8, 7])
    }

    @Test("epochs and seeds differ, and every order is a permutation", arguments: [1, 2, 63, 64, 1_000])
    func permutations(count: Int) {
        var seen = Set<[Int32]>()
        for seed in [UInt64](0..<3) + [.max] {
            for epoch in 0..<3 {
                let rows = RowOrder.rows(count, shuffleSeed: seed, epoch: epoch)
                #expect(rows.sorted() == [Int32](0..<Int32(count)))
                seen.insert(rows)
            }
        }
        #expect(count < 63 || seen.count == 12)
    }

    @Test(
        "batches of a schedule cover each epoch's rows in order",
        arguments: [
            (0, 4), (1, 4), (3, 4), (4, 4), (5, 4), (8, 4), (11, 4), (11, 1),
        ])
    func batches(rowCount: Int, batchSize: Int) {
        for drops in [false, true] {
            for limit in [nil, 0, 1, 2, 1_000] {
                let counts = BatchCounts(
                    .init(epochs: 2, batchSize: batchSize, batchLimit: limit, dropsRemainder: drops),
                    rowCount: rowCount)
                let ranges = (0..<counts.perEpoch).map { counts.positions(ofBatch: $0) }
                let covered = ranges.flatMap { Array($0) }
                let expected = drops ? rowCount / batchSize * batchSize : rowCount
                #expect(covered == Array(0..<expected))
                #expect(counts.total == min(2 * counts.perEpoch, limit ?? .max))
                let sizes = Set((0..<counts.total).map { ranges[$0 % counts.perEpoch].count })
                #expect(Set(counts.sizes) == sizes)
            }
        }
    }
}
