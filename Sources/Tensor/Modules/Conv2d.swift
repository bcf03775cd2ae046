/// A convolution over images [rows, channels, height, width], and a bias for each channel of the result.
///
/// Parameters, as in PyTorch: `weight` [out, in / groups, height, width], `bias` [out].
public struct Conv2d: Module {
    /// The weight.
    public let weight: Parameter
    /// The bias, where there is one.
    public let bias: Parameter?
    /// How the windows lie.
    public let windows: Convolution

    /// Draws a layer's first weights from a generator, the weight before the bias.
    ///
    /// - Parameters:
    ///   - kernelSize: the height and width of a window.
    ///   - stride: the distance between neighbouring windows.
    ///   - padding: how many zeros lie around an image.
    ///   - dilation: the distance between neighbours within a window.
    ///   - groups: into how many parts channels are cut, each made of one.
    /// - Throws: `TensorError.invalidShape` for sizes below 1, groups that do not divide both numbers of channels, or a
    ///   weight that is too large.
    public init(
        _ inputChannels: Int, _ outputChannels: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
        dilation: Int = 1, groups: Int = 1, bias hasBias: Bool = true,
        initialization: Initialization = .kaimingUniform, using random: inout Philox
    ) throws(TensorError) {
        guard groups >= 1, inputChannels.isMultiple(of: groups), outputChannels.isMultiple(of: groups) else {
            throw .invalidShape(
                [outputChannels, inputChannels, kernelSize, kernelSize],
                reason: "no \(groups) groups of channels")
        }
        let shape = try Shape([outputChannels, inputChannels / groups, kernelSize, kernelSize])
        guard shape.elementCount > 0 else {
            throw .invalidShape(shape.dimensions, reason: "a convolution of no channels or no windows")
        }
        let fanIn = shape.elementCount / outputChannels
        weight = Parameter(
            "weight",
            try initialization.weight(
                shape, fanIn: fanIn, fanOut: shape.elementCount / (inputChannels / groups), using: &random))
        bias =
            hasBias
            ? Parameter(
                "bias", try initialization.bias(fanIn: fanIn, fanOut: outputChannels, using: &random)) : nil
        windows = Convolution(
            strides: [stride, stride], padding: [padding, padding], dilations: [dilation, dilation],
            groups: groups)
    }

    /// Draws a layer's first weights from a seed, by default another each time; see the initializer with a generator.
    ///
    /// - Throws: as that does.
    public init(
        _ inputChannels: Int, _ outputChannels: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
        dilation: Int = 1, groups: Int = 1, bias: Bool = true,
        initialization: Initialization = .kaimingUniform, seed: UInt64 = .random(in: .min ... .max)
    ) throws(TensorError) {
        var random = Philox(seed: seed, purpose: .initialization)
        try self.init(
            inputChannels, outputChannels, kernelSize: kernelSize, stride: stride, padding: padding,
            dilation: dilation, groups: groups, bias: bias, initialization: initialization, using: &random)
    }

    private init(weight: Parameter, bias: Parameter?, windows: Convolution) {
        (self.weight, self.bias, self.windows) = (weight, bias, windows)
    }

    /// The weight, then the bias.
    public var parameters: [NamedParameter] {
        [("weight", weight)] + (bias.map { [("bias", $0)] } ?? [])
    }

    /// Its sizes: `Conv2d(1, 32, kernelSize: 5, padding: 2)`.
    public var heading: String {
        let shape = weight.type.shape
        var text = "Conv2d(\(shape[1] * windows.groups), \(shape[0]), kernelSize: \(shape[2])"
        if windows.strides[0] != 1 { text += ", stride: \(windows.strides[0])" }
        if windows.padding[0] != 0 { text += ", padding: \(windows.padding[0])" }
        if windows.dilations[0] != 1 { text += ", dilation: \(windows.dilations[0])" }
        if windows.groups != 1 { text += ", groups: \(windows.groups)" }
        return text + (bias == nil ? ", bias: false)" : ")")
    }

    /// A layer of its own with the same values.
    public func copy() -> Conv2d { Conv2d(weight: weight.copy(), bias: bias?.copy(), windows: windows) }

    /// Records the layer's function of images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let sums = x.applying(.convolution(windows), weight.tensor)
        guard let bias else { return sums }
        return sums.applying(.add, bias.tensor.applying(.reshape(to: [-1, 1, 1])))
    }
}
