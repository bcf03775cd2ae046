/// What one step of a plan does, as data: the work, its sizes and how its operands lie.
///
/// An operation becomes one when its types are known (`OperationDefinition.instruction`); passes read and replace them;
/// `kernel` makes each of them run, last of all.
enum Instruction: Sendable, Hashable {
    /// A function of one number, for so many.
    case unary(UnaryFunction, count: Int)
    /// A function of two numbers.
    case binary(BinaryFunction, Walk)
    /// A function of three numbers.
    case ternary(TernaryFunction, Walk)
    /// 1 where two numbers of any one type are equal, else 0.
    case equal(ElementType, Walk)
    /// So many numbers as another type.
    case cast(from: ElementType, to: ElementType, count: Int)
    /// Sums, divided by a number.
    case sum(ReductionGeometry, dividedBy: Double)
    /// The largest, a NaN before all.
    case max(ReductionGeometry)
    /// The smallest, a NaN before all.
    case min(ReductionGeometry)
    /// The place of the largest along an axis.
    case argmax(Shape, axis: Int)
    /// Products of matrices, one for each place of a walk.
    case product(MatrixProduct, batches: Walk)
    /// x · weightᵀ + bias, and 0 in place of what is negative.
    case linear(x: Shape, weight: Shape, rectifies: Bool)
    /// Sums of products of windows with a weight, or the gradient of either.
    case convolution(ConvolutionWork)
    /// The largest of each window, and where.
    case maxPool(PoolGeometry)
    /// The sum of each window.
    case sumPool(PoolGeometry)
    /// Its gradient.
    case sumPoolGradient(PoolGeometry)
    /// Sums of all up to each along an axis.
    case cumulativeSum(Shape, axis: Int, isReversed: Bool)
    /// So many bytes as they lie.
    case copy(byteCount: Int)
    /// Elements in another order, or several times.
    case move(ElementType, Walk)
    /// Floats in another order, or several times, divided by a number.
    case spread(Walk, dividedBy: Float)
    /// Elements of a slice.
    case slice(ElementType, SliceGeometry)
    /// Zeros, and a slice put into them.
    case sliceGradient(ElementType, SliceGeometry, byteCount: Int)
    /// So many of a number, and a slice put into them.
    case pad(ElementType, SliceGeometry, count: Int, Float)
    /// The first elements along an axis in order, and where they were.
    case order(Shape, axis: Int, count: Int, isDescending: Bool)
    /// The elements along an axis at indices.
    case takeAlong(ElementType, from: Shape, axis: Int, indices: ValueType)
    /// Zeros, and values added at indices along an axis.
    case scatterAlong(into: Shape, axis: Int, indices: ValueType)
    /// Rows at indices.
    case takeRows(ValueType, indices: ValueType)
    /// Zeros, and rows added at indices.
    case scatterRows(into: Shape, indices: ValueType)
    /// Values one after another along an axis.
    case concatenate(ElementType, [Shape], axis: Int)
    /// A value taken apart along an axis.
    case split(ElementType, [Shape], axis: Int)
    /// Rows of zeros with a 1 at the label.
    case oneHot(depth: Int, labels: ValueType)
    /// Exponentials over their sum along an axis.
    case softmax(Shape, axis: Int)
    /// The logarithms of these.
    case logSoftmax(Shape, axis: Int)
    /// −log softmax at the label.
    case crossEntropy(Reduction, logits: Shape, labels: ElementType)
    /// Its gradient.
    case crossEntropyGradient(Reduction, logits: Shape, labels: ElementType)
}

/// A function of one number.
enum UnaryFunction: Sendable, Hashable {
    case negate, exp, log, sqrt, reciprocal, tanh, sigmoid, relu, abs, sign, erf, sin, cos
    case power(Float)
}

/// A function of two numbers.
enum BinaryFunction: Sendable, Hashable {
    case add, subtract, multiply, divide, maximum, minimum, greater, reluGradient
}

/// A function of three numbers.
enum TernaryFunction: Sendable, Hashable {
    case addProduct, select
}
