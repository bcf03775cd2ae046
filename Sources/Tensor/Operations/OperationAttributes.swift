/// The numbers that complete an operation on the wire, in an order its definition fixes.
package struct OperationAttributes: Sendable, Hashable {
    /// Whole numbers: flags as 0 or 1, axes, sizes, raw values of enums.
    package var integers: [Int64]
    /// Real numbers.
    package var floats: [Float]

    /// Lists numbers.
    package init(integers: [Int64] = [], floats: [Float] = []) {
        self.integers = integers
        self.floats = floats
    }

    /// Flags, then axes: 1 alone for all, else 0 and each of them.
    init(flags: Bool..., axes: [Int]?) {
        self.init(integers: flags.map { $0 ? 1 : 0 } + (axes.map { [0] + $0.map(Int64.init) } ?? [1]))
    }

    /// Whole numbers.
    init(_ numbers: [Int], _ floats: [Float] = []) {
        self.init(integers: numbers.map(Int64.init), floats: floats)
    }
}
