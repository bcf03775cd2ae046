import Tensor

extension RowRule {
    /// The inputs whose elements, not only shapes, have a part in the value.
    var informing: [RowState] {
        switch operation {
        case .sumLike, .broadcastLike, .reshapeLike: Array(inputs.prefix(1))
        default: inputs
        }
    }

    /// The form of what the operation makes: the column of the table that keeps rows in.
    var form: RowForm {
        switch operation {
        case .add, .subtract, .multiply, .divide, .maximum, .minimum, .addProduct, .reluGradient,
            .negate, .exp, .log, .sqrt, .reciprocal, .tanh, .sigmoid, .relu, .abs, .power:
            broadcast
        case .greater, .equal, .sign:
            // What compares can single rows out, so plain columns are not compared. The gradients of the
            // absolute value, of maximum and of minimum compare what a model made of them.
            comparison
        case .select:
            // A column is no condition, but whether a cell is there is one for that cell; what a model made of a
            // column is one in losses like Huber's.
            !form(0).isRows || inputs[0].source.isModelled || choosesOwnCells ? broadcast : .secret
        case .cast, .oneHot:
            kept()
        case .sum(let axes, _), .mean(let axes, _):
            reduction(over: axes, isSymmetricSum: true)
        case .max(let axes, _), .min(let axes, _):
            reduction(over: axes, isSymmetricSum: false)
        case .argmax:
            cell == .choice ? kept() : unmixed
        case .sumLike:
            sumLike
        case .broadcastLike(let axes, _, _):
            broadcastLike(axes: axes)
        case .reshapeLike, .reshape:
            reshaped
        case .matmul(let transposeLeft, let transposeRight):
            matrixProduct(transposeLeft: transposeLeft, transposeRight: transposeRight)
        case .linear:
            linear
        case .transpose(let permutation):
            kept(if: permutation.first == 0)
        case .expand:
            expanded
        case .slice, .sliceGradient:
            closed
        case .softmax(let axis), .logSoftmax(let axis):
            kept(if: Shape.resolve(axis: axis, rank: dimensions(0).count) != 0)
        case .softmaxCrossEntropy(let reduction):
            reduction == .none ? rowwise : summedRowwise
        case .softmaxCrossEntropyGradient:
            rowwise
        }
    }

    /// Values combined row by row, then summed over the rows.
    private var summedRowwise: RowForm {
        rowwise == .secret ? .secret : .whole
    }
}
