/// A seeded split of rows into a part to learn from and a part to be judged by.
package struct HoldOut: Sendable, Hashable {
    /// The rows to learn from, in file order.
    package let train: [Int32]
    /// The rows held out, in file order; every row is in exactly one of the two.
    package let test: [Int32]

    /// Draws the split: the same rows for the same seed, on every machine.
    ///
    /// - Parameters:
    ///   - rowCount: The number of rows.
    ///   - cut: How large the part held out is, and what it is drawn by.
    ///   - groups: For each row the number of its group, which stays on one side; each row for itself unless
    ///     given. The part held out is then as large as whole groups make it, never off by more than half a group.
    ///   - classes: For each row the index of its class, where each class is to have its share.
    /// - Complexity: O(rows).
    package init(
        rowCount: Int, cut: DataSchema.TestCut = .standard, groups: [Int32]? = nil, classes: [Int32]? = nil
    ) {
        let order = permutation(of: rowCount, seed: cut.seed, purpose: .holdOut)
        let share = cut.share
        switch (groups, classes) {
        case (nil, nil):
            let chosen = order.prefix(HoldOut.count(of: rowCount, share: share))
            self.init(rowCount: rowCount, test: Array(chosen))
        case (nil, let classes?):
            self.init(rowCount: rowCount, test: HoldOut.stratified(order, share: share, classes: classes))
        case (let groups?, let classes):
            let strata = classes ?? [Int32](repeating: 0, count: rowCount)
            self.init(
                rowCount: rowCount,
                test: HoldOut.grouped(order, share: share, groups: groups, classes: strata))
        }
    }

    private init(rowCount: Int, test: [Int32]) {
        var isTest = [Bool](repeating: false, count: rowCount)
        for row in test { isTest[Int(row)] = true }
        self.test = test.sorted()
        self.train = isTest.indices.filter { !isTest[$0] }.map { Int32($0) }
    }

    /// How many of some rows a share is, rounded down: a hair is added because 100 · 0.29 is not quite 29.
    static func count(of rowCount: Int, share: Double) -> Int {
        min(Int(Double(rowCount) * share + 1e-9), rowCount)
    }

    /// The first rows of each class in the order drawn; what rounding leaves goes to the largest remainders.
    private static func stratified(_ order: [Int32], share: Double, classes: [Int32]) -> [Int32] {
        var sizes: [Int32: Int] = [:]
        for index in classes { sizes[index, default: 0] += 1 }
        var quotas: [Int32: Int] = sizes.mapValues { count(of: $0, share: share) }
        let left = count(of: classes.count, share: share) - quotas.values.reduce(0, +)
        let byRemainder = sizes.keys.sorted { one, other in
            let remainders = [one, other].map { index in
                Double(sizes[index] ?? 0) * share - Double(quotas[index] ?? 0)
            }
            return remainders[0] == remainders[1] ? one < other : remainders[0] > remainders[1]
        }
        for index in byRemainder.prefix(max(left, 0)) { quotas[index, default: 0] += 1 }
        return order.filter { row in
            let index = classes[Int(row)]
            guard let quota = quotas[index], quota > 0 else { return false }
            quotas[index] = quota - 1
            return true
        }
    }

    /// Whole groups in the order their first row was drawn, each class to its share: a group counts for the class
    /// most of its rows have.
    private static func grouped(
        _ order: [Int32], share: Double, groups: [Int32], classes: [Int32]
    ) -> [Int32] {
        var rows: [Int32: [Int32]] = [:]
        var drawn: [Int32] = []
        for row in order {
            let group = groups[Int(row)]
            if rows[group] == nil { drawn.append(group) }
            rows[group, default: []].append(row)
        }
        let strata = rows.mapValues { commonest($0.map { classes[Int($0)] }) }
        var sizes: [Int32: Int] = [:]
        for (group, members) in rows { sizes[strata[group] ?? 0, default: 0] += members.count }
        var held: [Int32: Int] = [:]
        var test: [Int32] = []
        for group in drawn {
            let members = rows[group] ?? []
            let stratum = strata[group] ?? 0
            let target = Double(sizes[stratum] ?? 0) * share
            let isNearer = Double(held[stratum] ?? 0) + Double(members.count) / 2 <= target
            guard isNearer, test.count + members.count < order.count else { continue }
            held[stratum, default: 0] += members.count
            test += members
        }
        return test
    }

    private static func commonest(_ classes: [Int32]) -> Int32 {
        var counts: [Int32: Int] = [:]
        for index in classes { counts[index, default: 0] += 1 }
        let best = counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }
        return best?.key ?? 0
    }
}
