extension Operation {
    /// Whether the result is the first input's bytes, so that nothing needs to be done.
    func isAlias(inputs: [ValueType], output: ValueType) -> Bool {
        let input = inputs[0]
        switch self {
        case .reshape, .reshapeLike:
            return true
        case .cast:
            return input.elementType == output.elementType
        case .sum, .mean, .max, .min, .sumLike, .broadcastLike, .expand, .slice, .sliceGradient:
            // Where the number of elements stays, nothing was added up, repeated or left out.
            return input.shape.elementCount == output.shape.elementCount
        case .transpose(let permutation):
            let moved = permutation.filter { input.shape[$0] != 1 }
            return moved == moved.sorted()
        default:
            return false
        }
    }

    /// The inputs whose memory the result may take: each of their elements is read for the last time when the
    /// same element of the result is written.
    func inputsToOverwrite(inputs: [ValueType], output: ValueType) -> [Int] {
        switch self {
        case .add, .subtract, .multiply, .divide, .maximum, .minimum, .greater, .addProduct, .select,
            .negate, .exp, .log, .sqrt, .reciprocal, .tanh, .sigmoid, .relu, .abs, .sign, .power,
            .reluGradient:
            inputs.indices.filter { inputs[$0] == output }
        default:
            []
        }
    }
}
