import Tensor

extension RowRule {
    /// The inputs whose elements, not only shapes, have a part in the value.
    var informing: [RowState] { effect.informing.map { Array(inputs.prefix($0)) } ?? inputs }

    /// The form of what the operation makes: what keeps rows in.
    var form: RowForm {
        switch effect.form {
        case .broadcast:
            broadcast
        case .compared:
            // What compares can single rows out, so plain columns are not compared. The gradients of the
            // absolute value, of maximum and of minimum compare what a model made of them.
            comparison
        case .chosen:
            // A column is no condition, but whether a cell is there is one for that cell; what a model made of a
            // column is one in losses like Huber's.
            !form(0).isRows || inputs[0].source.isModelled || choosesOwnCells ? broadcast : .secret
        case .kept:
            kept()
        case .mixed(let axis):
            kept(if: Shape.resolve(axis: axis, rank: dimensions(0).count) != 0)
        case .reduced(let axes, let isSum):
            reduction(over: axes, isSymmetricSum: isSum)
        case .place:
            cell == .choice ? kept() : unmixed
        case .sumLike:
            sumLike
        case .spread(let axes):
            broadcastLike(axes: axes)
        case .reshaped:
            reshaped
        case .transposed(let permutation):
            kept(if: permutation.first == 0)
        case .expanded:
            expanded
        case .product(let transposeLeft, let transposeRight):
            matrixProduct(transposeLeft: transposeLeft, transposeRight: transposeRight)
        case .linear:
            linear
        case .convolved:
            form(1).isInvariant ? kept() : .secret
        case .contracted:
            contraction
        case .lookedUp:
            lookedUp
        case .joined(let axis):
            Shape.resolve(axis: axis, rank: dimensions(0).count) == 0 ? closed : rowwise
        case .rowwise(let reduction):
            reduction == .none ? rowwise : summedRowwise
        case .picked:
            closed
        }
    }

    /// Values combined row by row, then summed over the rows.
    private var summedRowwise: RowForm {
        rowwise == .secret ? .secret : .whole
    }
}
