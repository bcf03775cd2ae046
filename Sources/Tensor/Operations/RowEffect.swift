/// What an operation does to the rows of a batch, for whoever must know what a value tells of single rows.
///
/// It says what is so whatever the values are; what follows from it for rows that may not leave is the worker's affair.
package struct RowEffect: Sendable {
    /// How the rows of the inputs come to lie in the result.
    package enum Form: Sendable {
        /// The shapes are broadcast and combined element by element.
        case broadcast
        /// The same, and elements are compared, which can single rows out.
        case compared
        /// The same, by a condition, the first input.
        case chosen
        /// Axis 0 stays what it is.
        case kept
        /// Every element depends on all along an axis.
        case mixed(along: Int)
        /// Reduced over axes; whether all elements have an equal part in what comes of them.
        case reduced(over: [Int]?, isSum: Bool)
        /// The place of the largest along an axis.
        case place
        /// Summed over the axes along which the second input's shape was broadcast.
        case sumLike
        /// Repeated along axes of the second input's shape.
        case spread(along: [Int]?)
        /// The same elements in row-major order under another shape.
        case reshaped
        /// The axes in another order.
        case transposed([Int])
        /// Repeated along axes of size 1.
        case expanded
        /// Products of matrices.
        case product(transposeLeft: Bool, transposeRight: Bool)
        /// Each row times a weight, plus a bias.
        case linear
        /// Windows of each row times a weight, which is no rows.
        case convolved
        /// Rows of the first two inputs combined row by row and summed.
        case contracted
        /// Rows of the first input, which is no rows of the batch, at indices.
        case lookedUp
        /// One after another along an axis.
        case joined(along: Int)
        /// Combined row by row, each input having the rows as its first axis, if it has axes; then reduced.
        case rowwise(Reduction)
        /// Elements are picked by where they lie.
        case picked
    }

    /// How steeply the result depends on one input that differs from batch to batch.
    package enum Weighing: Sendable {
        /// Proportionally, whatever the other inputs are.
        case proportional
        /// Proportionally where the others do not differ.
        case byOne
        /// Proportionally to the first input alone.
        case byFirst
        /// Proportionally, but by the number of rows where they are reduced.
        case byCount
        /// Proportionally where all inputs differ, as sums do; else rows beside it are moved by it.
        case additive
        /// Proportionally to what is chosen, not to the condition.
        case byCondition
        /// In no proportion.
        case steep
    }

    /// How rows come to lie.
    package let form: Form
    /// The inputs whose elements, not only shapes, have a part in the result; `nil` for all.
    package let informing: Int?
    /// The inputs that are multiplied with one another.
    package let factors: Range<Int>
    /// How steeply it depends on what differs from batch to batch.
    package let weighing: Weighing
    /// Whether it is proportional to each of its inputs.
    package let isProportional: Bool
    /// Whether it knows how many rows the second input has.
    package let countsRows: Bool

    init(
        _ form: Form, informing: Int? = nil, factors: Range<Int> = 0..<0, _ weighing: Weighing = .steep,
        isProportional: Bool = false, countsRows: Bool = false
    ) {
        self.form = form
        self.informing = informing
        self.factors = factors
        self.weighing = weighing
        self.isProportional = isProportional
        self.countsRows = countsRows
    }
}
