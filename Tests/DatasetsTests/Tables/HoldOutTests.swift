import TestSupport
import Testing

@testable import Datasets

@Suite struct HoldOutTests {
    @Test(
        "every row is in exactly one part and one in five is held out", arguments: [0, 1, 4, 5, 6, 99, 1_797])
    func disjointAndCovering(rowCount: Int) {
        let split = HoldOut(rowCount: rowCount, cut: DataSchema.TestCut(share: 0.2, seed: 3))
        #expect(split.test.count == rowCount / 5)
        #expect((split.train + split.test).sorted() == (0..<rowCount).map { Int32($0) })
        #expect(split.train == split.train.sorted())
        #expect(split.test == split.test.sorted())
    }

    @Test("the same seed draws the same rows, another seed others")
    func reproducible() {
        #expect(HoldOut(rowCount: 500, cut: cut(seed: 7)) == HoldOut(rowCount: 500, cut: cut(seed: 7)))
        #expect(HoldOut(rowCount: 500, cut: cut(seed: 7)) != HoldOut(rowCount: 500, cut: cut(seed: 8)))
    }

    @Test("the rows held out are spread over the file")
    func spread() {
        let test = HoldOut(rowCount: 10_000).test
        for quarter in 0..<4 {
            let count = test.filter { Int($0) / 2_500 == quarter }.count
            #expect((400...600).contains(count))
        }
    }

    private func cut(share: Double = 0.2, seed: UInt64) -> DataSchema.TestCut {
        DataSchema.TestCut(share: share, seed: seed)
    }

    @Test("one row in five are the first of the permutation, as they always were")
    func unchanged() {
        let order = permutation(of: 1_003, seed: 0, purpose: .holdOut)
        #expect(HoldOut(rowCount: 1_003).test == order.prefix(200).sorted())
    }

    @Test("a share is rounded down, and never by the rounding of a double")
    func shares() {
        for percent in 0..<100 {
            let split = HoldOut(rowCount: 100, cut: cut(share: Double(percent) / 100, seed: 1))
            #expect(split.test.count == percent)
        }
    }

    @Test("each class has its share to within one row, and all of them together exactly")
    func stratified() {
        var generator = SplitMix64(seed: 21)
        for seed in 0..<50 {
            let count = Int.random(in: 1...300, using: &generator)
            let classes = (0..<count).map { _ in Int32.random(in: 0...3, using: &generator) }
            let share = Double.random(in: 0..<1, using: &generator)
            let split = HoldOut(rowCount: count, cut: cut(share: share, seed: UInt64(seed)), classes: classes)
            #expect(split.test.count == Int(Double(count) * share + 1e-9))
            #expect((split.train + split.test).sorted() == (0..<count).map { Int32($0) })
            for index in Int32(0)...3 {
                let all = Double(classes.filter { $0 == index }.count) * share
                let held = Double(split.test.filter { classes[Int($0)] == index }.count)
                #expect(abs(held - all) <= 1, "class \(index) of \(count) rows, share \(share)")
            }
        }
    }

    @Test(
        "a group is on one side, and the part held out is off by less than a group", arguments: [false, true])
    func grouped(isStratified: Bool) {
        var generator = SplitMix64(seed: 22)
        for seed in 0..<50 {
            let count = Int.random(in: 1...300, using: &generator)
            let groups = (0..<count).map { _ in Int32.random(in: 0...40, using: &generator) }
            let classes = isStratified ? groups.map { $0 % 2 } : nil
            let split = HoldOut(
                rowCount: count, cut: cut(share: 0.3, seed: UInt64(seed)), groups: groups, classes: classes)
            let train = Set(split.train.map { groups[Int($0)] })
            #expect(train.isDisjoint(with: split.test.map { groups[Int($0)] }))
            #expect((split.train + split.test).sorted() == (0..<count).map { Int32($0) })
            let largest = Dictionary(grouping: groups) { $0 }.values.map(\.count).max() ?? 0
            #expect(abs(Double(split.test.count) - Double(count) * 0.3) <= Double(largest) * 2)
            #expect(!split.train.isEmpty)
        }
    }
}
