import Datasets
import Testing

@Suite struct HoldOutTests {
    @Test(
        "every row is in exactly one part and one in five is held out", arguments: [0, 1, 4, 5, 6, 99, 1_797])
    func disjointAndCovering(rowCount: Int) {
        let split = HoldOut(rowCount: rowCount, seed: 3)
        #expect(split.test.count == rowCount / 5)
        #expect((split.train + split.test).sorted() == (0..<rowCount).map { Int32($0) })
        #expect(split.train == split.train.sorted())
        #expect(split.test == split.test.sorted())
    }

    @Test("the same seed draws the same rows, another seed others")
    func reproducible() {
        #expect(HoldOut(rowCount: 500, seed: 7) == HoldOut(rowCount: 500, seed: 7))
        #expect(HoldOut(rowCount: 500, seed: 7) != HoldOut(rowCount: 500, seed: 8))
    }

    @Test("the rows held out are spread over the file")
    func spread() {
        let test = HoldOut(rowCount: 10_000, seed: 0).test
        for quarter in 0..<4 {
            let count = test.filter { Int($0) / 2_500 == quarter }.count
            #expect((400...600).contains(count))
        }
    }
}
