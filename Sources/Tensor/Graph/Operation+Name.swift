extension Operation {
    /// The name in errors, logs and documents, such as `softmaxCrossEntropy`.
    package var name: String {
        switch self {
        case .add: "add"
        case .subtract: "subtract"
        case .multiply: "multiply"
        case .divide: "divide"
        case .maximum: "maximum"
        case .minimum: "minimum"
        case .greater: "greater"
        case .equal: "equal"
        case .addProduct: "addProduct"
        case .select: "select"
        case .negate: "negate"
        case .exp: "exp"
        case .log: "log"
        case .sqrt: "sqrt"
        case .reciprocal: "reciprocal"
        case .tanh: "tanh"
        case .sigmoid: "sigmoid"
        case .relu: "relu"
        case .abs: "abs"
        case .sign: "sign"
        case .power: "power"
        case .reluGradient: "reluGradient"
        case .cast: "cast"
        case .sum: "sum"
        case .mean: "mean"
        case .max: "max"
        case .min: "min"
        case .argmax: "argmax"
        case .sumLike: "sumLike"
        case .broadcastLike: "broadcastLike"
        case .reshapeLike: "reshapeLike"
        case .matmul: "matmul"
        case .linear: "linear"
        case .reshape: "reshape"
        case .transpose: "transpose"
        case .expand: "expand"
        case .slice: "slice"
        case .sliceGradient: "sliceGradient"
        case .softmax: "softmax"
        case .logSoftmax: "logSoftmax"
        case .softmaxCrossEntropy: "softmaxCrossEntropy"
        case .softmaxCrossEntropyGradient: "softmaxCrossEntropyGradient"
        case .oneHot: "oneHot"
        }
    }

    /// The number of values the operation reads.
    package var inputCount: Int {
        switch self {
        case .negate, .exp, .log, .sqrt, .reciprocal, .tanh, .sigmoid, .relu, .abs, .sign, .power, .cast,
            .sum, .mean, .max, .min, .argmax, .reshape, .transpose, .expand, .slice, .softmax, .logSoftmax,
            .oneHot:
            1
        case .add, .subtract, .multiply, .divide, .maximum, .minimum, .greater, .equal, .reluGradient,
            .sumLike, .broadcastLike, .reshapeLike, .matmul, .sliceGradient, .softmaxCrossEntropy:
            2
        case .addProduct, .select, .linear, .softmaxCrossEntropyGradient:
            3
        }
    }
}
