/// A seeded split of rows into a part to learn from and a part to be judged by.
package struct HoldOut: Sendable, Hashable {
    /// The part held out: one row in five.
    package static let divisor = 5

    /// The rows to learn from, in file order.
    package let train: [Int32]
    /// The rows held out, in file order; every row is in exactly one of the two.
    package let test: [Int32]

    /// Draws the split: the same rows for the same seed, on every machine.
    package init(rowCount: Int, seed: UInt64) {
        let order = permutation(of: rowCount, seed: seed, purpose: .holdOut)
        let testCount = rowCount / HoldOut.divisor
        self.test = order.prefix(testCount).sorted()
        self.train = order.dropFirst(testCount).sorted()
    }
}
