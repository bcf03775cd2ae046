/// How a layer's first weights are drawn.
///
/// Fan-in and fan-out are the numbers of values a unit reads and writes.
public enum Initialization: Sendable, Hashable, CaseIterable {
    /// Uniform within ±1/√fan-in, the bias too: what PyTorch's layers do (`kaiming_uniform_` with a = √5).
    case kaimingUniform
    /// Uniform within ±√(6/fan-in), the bias 0: for relu (He et al. 2015).
    case heUniform
    /// Normal with variance 2/fan-in, the bias 0: for relu (He et al. 2015).
    case heNormal
    /// Uniform within ±√(6/(fan-in + fan-out)), the bias 0: for tanh and sigmoid (Glorot and Bengio 2010).
    case glorotUniform
    /// Normal with variance 2/(fan-in + fan-out), the bias 0 (Glorot and Bengio 2010).
    case glorotNormal
    /// All 0: enough for models of one layer.
    case zeros

    /// Draws a weight [fan-out, fan-in].
    ///
    /// - Throws: `TensorError.invalidShape` where it would be too large.
    package func weight(fanIn: Int, fanOut: Int, using random: inout Philox) throws(TensorError)
        -> TensorValue
    {
        try weight(try Shape([fanOut, fanIn]), fanIn: fanIn, fanOut: fanOut, using: &random)
    }

    /// Draws a weight of any shape.
    ///
    /// - Throws: `TensorError.invalidShape` where it would be too large.
    package func weight(_ shape: Shape, fanIn: Int, fanOut: Int, using random: inout Philox)
        throws(TensorError)
        -> TensorValue
    {
        let inward = Double(Swift.max(fanIn, 1)), both = Swift.max(Double(fanIn) + Double(fanOut), 1)
        let elements =
            switch self {
            case .kaimingUniform: random.uniform(shape.elementCount, within: (1 / inward).squareRoot())
            case .heUniform: random.uniform(shape.elementCount, within: (6 / inward).squareRoot())
            case .heNormal: random.normal(shape.elementCount, deviation: (2 / inward).squareRoot())
            case .glorotUniform: random.uniform(shape.elementCount, within: (6 / both).squareRoot())
            case .glorotNormal: random.normal(shape.elementCount, deviation: (2 / both).squareRoot())
            case .zeros: [Float](repeating: 0, count: shape.elementCount)
            }
        return try TensorValue(elements, shape: shape.dimensions)
    }

    /// Draws a bias [fan-out].
    package func bias(fanIn: Int, fanOut: Int, using random: inout Philox) throws(TensorError) -> TensorValue
    {
        let shape = try Shape([fanOut])
        guard self == .kaimingUniform else {
            return try TensorValue([Float](repeating: 0, count: shape.elementCount), shape: shape.dimensions)
        }
        let bound = (1 / Double(Swift.max(fanIn, 1))).squareRoot()
        return try TensorValue(random.uniform(shape.elementCount, within: bound), shape: shape.dimensions)
    }
}
