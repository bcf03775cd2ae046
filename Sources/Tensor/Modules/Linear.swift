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

    /// Draws a layer's first weights from a seed.
    ///
    /// Two layers with one seed start alike; in a model of several, let them share a generator.
    public init(
        _ inputCount: Int, _ outputCount: Int, bias: Bool = true,
        initialization: Initialization = .kaimingUniform, seed: UInt64
    ) throws(TensorError) {
        var random = Philox(seed: seed, purpose: .initialization)
        try self.init(inputCount, outputCount, bias: bias, initialization: initialization, using: &random)
    }

    /// The weight, then the bias.
    public var parameters: [NamedParameter] {
        [("weight", weight)] + (bias.map { [("bias", $0)] } ?? [])
    }

    /// Records the layer's function of rows [..., in].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        guard let bias else {
            return x.applying(.matmul(transposeLeft: false, transposeRight: true), weight.tensor)
        }
        return x.applying(.linear, weight.tensor, bias.tensor)
    }
}
