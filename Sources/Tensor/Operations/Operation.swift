/// The closed set of things a worker can compute.
///
/// All that is known of a case is its `definition`: one type in the file of its family beside this one. Whoever adds
/// an operation adds a case here, its definition, and a line in each of the two lists of `Operation+Definition.swift`.
///
/// No attribute ever holds a batch size: what must follow another value's shape takes that value as an input
/// (`sumLike`, `broadcastLike`, `reshapeLike`), so that one graph serves batches of any size.
public enum Operation: Sendable, Hashable {
    // Elementwise on two values, with NumPy broadcasting.
    case add
    case subtract
    case multiply
    case divide
    case maximum
    case minimum
    /// 1 where left > right, else 0, as float32. Its gradient is zero.
    case greater
    /// 1 where left = right, else 0, as float32. Any element type. Its gradient is zero.
    case equal

    // Elementwise on three values, with broadcasting.
    /// `a + b * c`: one pass for what optimizers do.
    case addProduct
    /// `condition != 0 ? a : b`, all float32.
    case select

    // Elementwise on one value.
    case negate
    case exp
    case log
    case sqrt
    case reciprocal
    case tanh
    case sigmoid
    case relu
    case abs
    /// −1, 0 or 1. Its gradient is zero.
    case sign
    /// The error function.
    case erf
    case sin
    case cos
    case power(exponent: Float)
    /// Inputs: cotangent, output of relu. The cotangent where the output is positive, else 0.
    case reluGradient
    /// Converts elements; float to integer truncates towards zero and saturates.
    case cast(to: ElementType)

    // Reductions of float32. `axes` nil means all and may not be empty; negative axes count from the end.
    case sum(axes: [Int]?, keepsDimensions: Bool)
    case mean(axes: [Int]?, keepsDimensions: Bool)
    case max(axes: [Int]?, keepsDimensions: Bool)
    case min(axes: [Int]?, keepsDimensions: Bool)
    /// The index of the largest element along an axis, the first of equals, as int64; drops the axis.
    case argmax(axis: Int)
    /// Two results: the `count` largest elements along an axis in falling order, and their indices as int64. Of equal
    /// ones the first comes first; a NaN counts as the largest.
    case topK(count: Int, axis: Int)
    /// Two results: the elements along an axis in order, and their indices as int64. Equal ones stay as they
    /// were; a NaN counts as the largest.
    case sort(axis: Int, descending: Bool)
    /// The sum of each element and all before it along an axis; reversed, all after it.
    case cumulativeSum(axis: Int, reversed: Bool)

    // What undoes broadcasting and reductions. Second input: the value whose shape is taken, of any element
    // type.
    /// Sums over the axes along which the second input's shape was broadcast, giving the second input's
    /// shape.
    case sumLike
    /// Puts back the axes a reduction removed and repeats along them, giving the second input's shape;
    /// `averaging` divides by the number of repeats, which makes it the gradient of `mean`.
    case broadcastLike(axes: [Int]?, keepsDimensions: Bool, averaging: Bool)
    case reshapeLike

    // Products.
    /// Matrix product over the last two axes, broadcasting the others; each side may be read transposed. Rank
    /// ≥ 2.
    case matmul(transposeLeft: Bool, transposeRight: Bool)
    /// Inputs x [..., in] of rank 2 or more, weight [out, in], bias [out]: x · weightᵀ + bias, [..., out].
    case linear
    /// Inputs x [rows, in, spatial…] of one to three spatial axes, weight [out, in / groups, spatial…]: what deep
    /// learning calls a convolution, [rows, out, spatial…].
    case convolution(Convolution)
    /// Inputs cotangent, weight, a value that lends x's shape: the gradient of x, a transposed convolution.
    case convolutionInputGradient(Convolution)
    /// Inputs x, cotangent, a value that lends the weight's shape: the gradient of the weight.
    case convolutionWeightGradient(Convolution)

    // Pools of x [rows, channels, spatial…], of one to three spatial axes.
    /// Two results: the largest in each window, and their indices in x's plane as int64. Of equal ones the first; a NaN
    /// before all. Padding is never chosen.
    case maxPool(Pool)
    /// The sum over each window, padding counted as zeros.
    case sumPool(Pool)
    /// Inputs cotangent, a value that lends x's shape: the gradient of x.
    case sumPoolGradient(Pool)

    // Movement: of any element type, but `expand` of float32.
    /// One size may be −1 (what remains once kept axes are set aside); 0 keeps the input's size at that axis.
    case reshape(to: [Int])
    case transpose(permutation: [Int])
    /// Repeats along axes of size 1, as broadcasting does; 0 keeps the input's size at that (right-aligned)
    /// axis.
    case expand(to: [Int])
    /// Every `step`-th element from `start` up to, not including, `stop`, for each leading axis listed; the
    /// other axes whole. Negative starts and stops count from the end, and a stop of `Int.max` is the end.
    /// A range that does not lie within its axis is an error, never cut short. Any element type.
    case slice(starts: [Int], stops: [Int], steps: [Int])
    /// Inputs: cotangent, a value that lends its shape. Zeros of that shape, the cotangent where `slice` with
    /// the same numbers reads. Any element type.
    case sliceGradient(starts: [Int], stops: [Int], steps: [Int])

    /// Inputs x, indices int32 or int64 of x's shape but for one axis: of each line along it the elements at the
    /// indices. x of any element type.
    case takeAlong(axis: Int)
    /// Inputs values, indices of the same shape, a value that lends its shape: zeros of that shape, each value added
    /// where its index says along the axis.
    case scatterAlong(axis: Int)
    /// Any number of inputs of one element type, whichever: one after another along an axis.
    case concatenate(axis: Int)
    /// Inputs x, then as many values as `count` says: a result for each, x taken apart along an axis into their shapes.
    case splitLike(axis: Int, count: Int)
    /// So often a value before and after the elements along each leading axis listed. Any element type, with 0.
    case pad(before: [Int], after: [Int], value: Float)
    /// Inputs x [rows, …] of any element type, indices int32 or int64: for each index that row of x.
    case takeRows
    /// Inputs values, indices, a value that lends its shape: zeros of that shape, to each row all values added whose
    /// index it is.
    case scatterRows
    /// Inputs x of any element type, indices of x's shape but for so many last axes: of each plane, those axes as one,
    /// the elements at the indices of the same plane.
    case takePlanes(axes: Int)
    /// Inputs values, indices of the same shape, a value that lends its shape: zeros of that shape, each value added
    /// where its index says in its plane.
    case scatterPlanes(axes: Int)

    // Classification. The class axis is the last one unless named.
    case softmax(axis: Int)
    case logSoftmax(axis: Int)
    /// Inputs logits [rows, classes], labels int32 or int64 [rows]: −log softmax at the label; see
    /// `Reduction`.
    case softmaxCrossEntropy(Reduction)
    /// Inputs cotangent, logits, labels: the gradient of `softmaxCrossEntropy` with respect to the logits.
    case softmaxCrossEntropyGradient(Reduction)
    /// Labels int32 or int64 to float32 rows of `depth`, 1 at the label; a new last axis.
    case oneHot(depth: Int)
}

/// How a loss over rows becomes one value.
public enum Reduction: UInt8, Sendable, Hashable, CaseIterable {
    // The raw values travel on the wire: never reuse one.
    /// A value per row.
    case none = 1
    /// The sum over rows, a scalar.
    case sum = 2
    /// The mean over rows, a scalar.
    case mean = 3
}
