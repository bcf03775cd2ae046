/// A fully connected layer: `x · weightᵀ + bias` for rows of features.
///
/// Parameters, as in PyTorch: `weight` [out, in], `bias` [out].
public struct Linear: Module {
    /// The weight, a row per output.
    public let weight: Parameter
    /// The bias, where there is one.
    public let bias: Parameter?

    /// Draws a layer's first weights from a generator, the weight before the bias.
    ///
    /// - Throws: `TensorError.invalidShape` for negative sizes or ones whose product is too large.
    public init(
        _ inputCount: Int, _ outputCount: Int, bias hasBias: Bool = true,
        initialization: Initialization = .kaimingUniform, using random: inout Philox
    ) throws(TensorError) {
        let weight = try initialization.weight(fanIn: inputCount, fanOut: outputCount, using: &random)
        self.weight = Parameter("weight", weight)
        self.bias =
            hasBias
            ? Parameter(
                "bias", try initialization.bias(fanIn: inputCount, fanOut: outputCount, using: &random))
            : nil
    }

    /// Draws a layer's first weights from a seed, by default another each time.
    ///
    /// Two layers with one seed start alike; in a model of several, let them share a generator.
    ///
    /// - Throws: `TensorError.invalidShape` for negative sizes or ones whose product is too large.
    public init(
        _ inputCount: Int, _ outputCount: Int, bias: Bool = true,
        initialization: Initialization = .kaimingUniform, seed: UInt64 = .random(in: .min ... .max)
    ) throws(TensorError) {
        var random = Philox(seed: seed, purpose: .initialization)
        try self.init(inputCount, outputCount, bias: bias, initialization: initialization, using: &random)
    }

    /// The weight, then the bias.
    public var parameters: [NamedParameter] {
        [("weight", weight)] + (bias.map { [("bias", $0)] } ?? [])
    }

    /// A layer that starts from a weight [out, in] and a bias [out], as in `Linear(weight: [[1, 2]], bias: [0])`.
    ///
    /// - Throws: `TensorError.valueMismatch` for a weight without two axes or a bias of another size; whatever is
    ///   wrong with the tensors.
    public init(weight: Tensor, bias: Tensor? = nil) throws(TensorError) {
        let weight = try weight.value(), bias = try bias?.value()
        guard weight.elementType == .float32, weight.shape.rank == 2 else {
            throw .valueMismatch(name: "weight", expected: "float32 [out, in]", got: "\(weight.type)")
        }
        let outputs = weight.shape[0]
        if let bias, bias.elementType != .float32 || bias.shape.dimensions != [outputs] {
            throw .valueMismatch(name: "bias", expected: "float32 [\(outputs)]", got: "\(bias.type)")
        }
        self.init(weight: Parameter("weight", weight), bias: bias.map { Parameter("bias", $0) })
    }

    private init(weight: Parameter, bias: Parameter?) {
        (self.weight, self.bias) = (weight, bias)
    }

    /// Its sizes: `Linear(64, 10)`.
    public var heading: String {
        let shape = weight.type.shape
        return "Linear(\(shape[1]), \(shape[0])\(bias == nil ? ", bias: false" : ""))"
    }

    /// A layer of its own with the same values.
    public func copy() -> Linear { Linear(weight: weight.copy(), bias: bias?.copy()) }

    /// Records the layer's function of rows [..., in].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        guard let bias else {
            return x.applying(.matmul(transposeLeft: false, transposeRight: true), weight.tensor)
        }
        return x.applying(.linear, weight.tensor, bias.tensor)
    }
}
