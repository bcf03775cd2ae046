extension Operation {
    /// The work of the operation for values of these types, which the shape rule has passed.
    func kernel(inputs: [ValueType], output: ValueType) -> Kernel {
        switch self {
        case .negate, .exp, .log, .sqrt, .reciprocal, .tanh, .sigmoid, .relu, .abs, .sign, .power,
            .add, .subtract, .multiply, .divide, .maximum, .minimum, .greater, .reluGradient, .addProduct,
            .select,
            .equal, .cast:
            elementwiseKernel(inputs, output)
        case .sum, .mean, .max, .min, .argmax, .sumLike, .softmax, .logSoftmax:
            reductionKernel(inputs[0].shape, output.shape)
        case .softmaxCrossEntropy(let reduction):
            .crossEntropy(reduction, logits: inputs[0].shape, labels: inputs[1].elementType)
        case .softmaxCrossEntropyGradient(let reduction):
            .crossEntropyGradient(reduction, logits: inputs[1].shape, labels: inputs[2].elementType)
        case .matmul, .linear:
            productKernel(inputs[0].shape, inputs[1].shape, output.shape)
        case .reshape, .reshapeLike, .transpose, .expand, .slice, .sliceGradient, .broadcastLike, .oneHot:
            movementKernel(inputs, output)
        }
    }

    private func elementwiseKernel(_ inputs: [ValueType], _ output: ValueType) -> Kernel {
        if case .cast = self {
            return .cast(
                from: inputs[0].elementType, to: output.elementType, count: output.shape.elementCount)
        }
        let walk = Walk(broadcasting: inputs.map(\.shape), to: output.shape)
        return unaryKernel?(output.shape.elementCount) ?? binaryKernel?(walk) ?? ternaryKernel?(walk)
            ?? .equal(inputs[0].elementType, walk)
    }

    private func reductionKernel(_ input: Shape, _ output: Shape) -> Kernel {
        switch self {
        case .sum(let axes, _):
            return .sum(ReductionGeometry(input, overResolving: axes), dividedBy: 1)
        case .mean(let axes, _):
            let geometry = ReductionGeometry(input, overResolving: axes)
            return .sum(geometry, dividedBy: Double(geometry.foldedCount))
        case .max(let axes, _):
            return .max(ReductionGeometry(input, overResolving: axes))
        case .min(let axes, _):
            return .min(ReductionGeometry(input, overResolving: axes))
        case .argmax(let axis):
            return .argmax(input, axis: input.resolving(axis))
        case .softmax(let axis):
            return .softmax(input, axis: input.resolving(axis))
        case .logSoftmax(let axis):
            return .logSoftmax(input, axis: input.resolving(axis))
        default:
            return .sum(ReductionGeometry(input, to: output), dividedBy: 1)
        }
    }

    private func productKernel(_ left: Shape, _ right: Shape, _ output: Shape) -> Kernel {
        guard case .matmul(let transposeLeft, let transposeRight) = self else {
            return .linear(x: left, weight: right, rectifies: false)
        }
        var product = MatrixProduct(
            rows: output[output.rank - 2], columns: output[output.rank - 1],
            inner: left[left.rank - (transposeLeft ? 2 : 1)],
            transposesLeft: transposeLeft, transposesRight: transposeRight)
        var batch = output.leading(dropping: 2)
        if right.rank == 2 && !transposeLeft {
            // One matrix for all positions: their rows make one tall matrix.
            product = MatrixProduct(
                rows: batch.elementCount * product.rows, columns: product.columns, inner: product.inner,
                transposesRight: transposeRight)
            batch = .scalar
        }
        let strides = [(left, product.rows * product.inner), (right, product.inner * product.columns)].map {
            (side, length) in
            batch.rank == 0 ? [] : side.leading(dropping: 2).strides(broadcastTo: batch).map { $0 * length }
        }
        return .product(product, batches: Walk(batch.dimensions, strides: strides, hasLongRows: false))
    }

    private func movementKernel(_ inputs: [ValueType], _ output: ValueType) -> Kernel {
        let input = inputs[0].shape
        switch self {
        case .transpose(let permutation):
            let strides = input.strides
            return .move(
                output.elementType, Walk(output.shape.dimensions, strides: [permutation.map { strides[$0] }]))
        case .expand:
            return .move(output.elementType, Walk(broadcasting: [input], to: output.shape))
        case .broadcastLike(let axes, _, let averaging):
            let geometry = ReductionGeometry(output.shape, overResolving: axes)
            let kept = output.shape.keepingReduced(overResolving: axes)
            return .move(
                Walk(broadcasting: [kept], to: output.shape),
                dividingBy: averaging ? Float(geometry.foldedCount) : 1)
        case .slice(let starts, _, let steps):
            return .slice(output.elementType, SliceGeometry(of: input, output.shape, starts, steps))
        case .sliceGradient(let starts, _, let steps):
            return .sliceGradient(
                output.elementType, SliceGeometry(of: output.shape, input, starts, steps),
                byteCount: output.byteCount)
        case .oneHot(let depth):
            return .oneHot(depth: depth, labels: inputs[0])
        default:
            return .copy(byteCount: output.byteCount)
        }
    }

    /// About how many arithmetic operations the work takes: below 2⁶³, as no side has more than 2³¹ elements.
    func operationCount(inputs: [ValueType], output: ValueType) -> Int {
        switch self {
        case .linear:
            2 * output.shape.elementCount * inputs[1].shape[1]
        case .matmul(let transposeLeft, _):
            2 * output.shape.elementCount * inputs[0].shape[inputs[0].shape.rank - (transposeLeft ? 2 : 1)]
        default:
            inputs.reduce(output.shape.elementCount) { Swift.max($0, $1.shape.elementCount) }
        }
    }
}

extension ReductionGeometry {
    /// Plans a reduction over axes as an operation names them.
    fileprivate init(_ shape: Shape, overResolving axes: [Int]?) {
        self.init(shape, over: shape.resolving(axes))
    }
}

extension Shape {
    /// Axes as numbers from 0; the shape rule has checked them.
    fileprivate func resolving(_ axes: [Int]?) -> [Int] {
        Shape.resolve(axes: axes, rank: rank) ?? []
    }

    /// An axis as a number from 0; the shape rule has checked it.
    fileprivate func resolving(_ axis: Int) -> Int {
        Shape.resolve(axis: axis, rank: rank) ?? 0
    }

    /// This shape with size 1 along reduced axes.
    fileprivate func keepingReduced(overResolving axes: [Int]?) -> Shape {
        let sizes = reduced(over: resolving(axes), keepsDimensions: true)
        return Shape(checked: sizes, elementCount: sizes.reduce(1, *))
    }

    /// This shape without its last axes.
    func leading(dropping count: Int) -> Shape {
        let sizes = Array(dimensions.dropLast(count))
        return Shape(checked: sizes, elementCount: sizes.reduce(1, *))
    }
}
