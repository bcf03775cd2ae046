extension Operation {
    /// The type of the value the operation makes of inputs of these types.
    ///
    /// The check is complete: whatever passes, the kernels can compute without looking again.
    ///
    /// - Throws: `TensorError.shapeMismatch` or `.elementTypeMismatch`, naming the operation, what came and
    ///   `origin`.
    package func outputType(of inputs: [ValueType], origin: Origin? = nil) throws(TensorError) -> ValueType {
        let rule = ShapeRule(operation: self, inputs: inputs, origin: origin)
        try rule.requireInputCount()
        switch self {
        case .add, .subtract, .multiply, .divide, .maximum, .minimum, .greater, .addProduct, .select:
            try rule.requireFloats()
            return ValueType(.float32, try rule.broadcastShape())
        case .equal:
            try rule.requireSameElementTypes()
            return ValueType(.float32, try rule.broadcastShape())
        case .negate, .exp, .log, .sqrt, .reciprocal, .tanh, .sigmoid, .relu, .abs, .sign, .power:
            try rule.requireFloats()
            return inputs[0]
        case .reluGradient:
            try rule.requireFloats()
            try rule.require(inputs[0].shape == inputs[1].shape, "the two shapes differ")
            return inputs[0]
        case .cast(let elementType):
            return ValueType(elementType, inputs[0].shape)
        case .sum, .mean, .max, .min, .argmax:
            return try rule.reduction()
        case .sumLike, .broadcastLike, .reshapeLike:
            return try rule.likeness()
        case .matmul(let transposeLeft, let transposeRight):
            return try rule.matrixProduct(transposeLeft: transposeLeft, transposeRight: transposeRight)
        case .linear:
            return try rule.linear()
        case .reshape(let sizes):
            return ValueType(inputs[0].elementType, try rule.reshaped(to: sizes))
        case .transpose(let permutation):
            return ValueType(inputs[0].elementType, try rule.transposed(by: permutation))
        case .expand(let sizes):
            try rule.requireFloats()
            return ValueType(.float32, try rule.expanded(to: sizes))
        case .slice(let starts, let stops, let steps):
            return ValueType(inputs[0].elementType, try rule.sliced(inputs[0].shape, starts, stops, steps))
        case .sliceGradient(let starts, let stops, let steps):
            let slice = try rule.sliced(inputs[1].shape, starts, stops, steps)
            try rule.require(inputs[0].shape == slice, "the cotangent is not \(slice)")
            return ValueType(inputs[0].elementType, inputs[1].shape)
        case .softmax(let axis), .logSoftmax(let axis):
            try rule.requireFloats()
            _ = try rule.resolve(axis: axis)
            return inputs[0]
        case .softmaxCrossEntropy(let reduction):
            return try rule.crossEntropy(reduction, logits: inputs[0], labels: inputs[1])
        case .softmaxCrossEntropyGradient(let reduction):
            let loss = try rule.crossEntropy(reduction, logits: inputs[1], labels: inputs[2])
            try rule.require(inputs[0] == loss, "the cotangent is not \(loss)")
            return inputs[1]
        case .oneHot(let depth):
            try rule.requireLabels(inputs[0])
            try rule.require(depth >= 1, "a depth of \(depth)")
            return ValueType(.float32, try rule.shape(inputs[0].shape.dimensions + [depth]))
        }
    }
}

extension ShapeRule {
    fileprivate func reduction() throws(TensorError) -> ValueType {
        try requireFloats()
        switch operation {
        case .sum(let axes, let keepsDimensions), .mean(let axes, let keepsDimensions):
            return ValueType(.float32, try reduced(inputs[0].shape, axes, keepsDimensions: keepsDimensions))
        case .max(let axes, let keepsDimensions), .min(let axes, let keepsDimensions):
            try requireElements(along: try resolve(axes: axes, rank: inputs[0].shape.rank))
            return ValueType(.float32, try reduced(inputs[0].shape, axes, keepsDimensions: keepsDimensions))
        case .argmax(let axis):
            let resolved = try resolve(axis: axis)
            try requireElements(along: [resolved])
            return ValueType(.int64, try reduced(inputs[0].shape, [resolved], keepsDimensions: false))
        default:
            throw mismatch("no reduction")
        }
    }

    fileprivate func likeness() throws(TensorError) -> ValueType {
        let value = inputs[0], model = inputs[1]
        switch operation {
        case .sumLike:
            try requireFloat(value)
            try require(
                model.shape.broadcasts(to: value.shape), "the first shape is no broadcast of the second")
        case .broadcastLike(let axes, let keepsDimensions, _):
            try requireFloat(value)
            let expected = try reduced(model.shape, axes, keepsDimensions: keepsDimensions)
            try require(value.shape == expected, "reducing the second shape gives \(expected), not the first")
        default:
            try require(
                value.shape.elementCount == model.shape.elementCount,
                "\(value.shape.elementCount) elements do not fill the second shape")
        }
        return ValueType(value.elementType, model.shape)
    }

    fileprivate func linear() throws(TensorError) -> ValueType {
        try requireFloats()
        let x = inputs[0].shape, weight = inputs[1].shape, bias = inputs[2].shape
        try require(x.rank >= 2, "x needs at least 2 axes")
        try require(weight.rank == 2, "the weight needs 2 axes [out, in]")
        try require(
            x[x.rank - 1] == weight[1],
            "x has \(x[x.rank - 1]) features, the weight takes \(weight[1])")
        try require(bias.dimensions == [weight[0]], "the bias is not [\(weight[0])]")
        return ValueType(.float32, try shape(x.dimensions.dropLast() + [weight[0]]))
    }

    fileprivate func crossEntropy(
        _ reduction: Reduction, logits: ValueType, labels: ValueType
    ) throws(TensorError) -> ValueType {
        try requireFloat(logits)
        try requireLabels(labels)
        try require(logits.shape.rank == 2, "the logits need 2 axes [rows, classes]")
        try require(logits.shape[1] >= 1, "there are no classes")
        try require(labels.shape.dimensions == [logits.shape[0]], "the labels are not [\(logits.shape[0])]")
        return ValueType(.float32, reduction == .none ? labels.shape : .scalar)
    }
}
