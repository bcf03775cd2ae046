extension Operation {
    /// The definitions of all operations, in the order of documents and tests.
    static let definitions: [any OperationDefinition.Type] = [
        Operations.Add.self, Operations.Subtract.self, Operations.Multiply.self, Operations.Divide.self,
        Operations.Maximum.self, Operations.Minimum.self, Operations.Greater.self, Operations.Equal.self,
        Operations.AddProduct.self, Operations.Select.self,
        Operations.Negate.self, Operations.Exp.self, Operations.Log.self, Operations.Sqrt.self,
        Operations.Reciprocal.self, Operations.Tanh.self, Operations.Sigmoid.self, Operations.ReLU.self,
        Operations.Abs.self, Operations.Sign.self, Operations.Power.self, Operations.ReLUGradient.self,
        Operations.Erf.self, Operations.Sin.self, Operations.Cos.self, Operations.Cast.self,
        Operations.Sum.self, Operations.Mean.self, Operations.Max.self, Operations.Min.self,
        Operations.Argmax.self, Operations.TopK.self, Operations.Sort.self,
        Operations.CumulativeSum.self,
        Operations.SumLike.self, Operations.BroadcastLike.self, Operations.ReshapeLike.self,
        Operations.Matmul.self, Operations.Linear.self,
        Operations.Convolve.self, Operations.ConvolutionInputGradient.self,
        Operations.ConvolutionWeightGradient.self, Operations.MaxPool.self, Operations.SumPool.self,
        Operations.SumPoolGradient.self,
        Operations.Reshape.self, Operations.Transpose.self, Operations.Expand.self, Operations.Slice.self,
        Operations.SliceGradient.self, Operations.TakeAlong.self, Operations.ScatterAlong.self,
        Operations.Concatenate.self, Operations.SplitLike.self, Operations.Pad.self,
        Operations.TakeRows.self, Operations.ScatterRows.self, Operations.TakePlanes.self,
        Operations.ScatterPlanes.self,
        Operations.Softmax.self, Operations.LogSoftmax.self, Operations.SoftmaxCrossEntropy.self,
        Operations.SoftmaxCrossEntropyGradient.self, Operations.OneHot.self,
    ]

    private static let definitionsByCode = Dictionary(
        definitions.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })

    /// All that is known of the operation.
    var definition: any OperationDefinition {
        switch self {
        case .add: Operations.Add()
        case .subtract: Operations.Subtract()
        case .multiply: Operations.Multiply()
        case .divide: Operations.Divide()
        case .maximum: Operations.Maximum()
        case .minimum: Operations.Minimum()
        case .greater: Operations.Greater()
        case .equal: Operations.Equal()
        case .addProduct: Operations.AddProduct()
        case .select: Operations.Select()
        case .negate: Operations.Negate()
        case .exp: Operations.Exp()
        case .log: Operations.Log()
        case .sqrt: Operations.Sqrt()
        case .reciprocal: Operations.Reciprocal()
        case .tanh: Operations.Tanh()
        case .sigmoid: Operations.Sigmoid()
        case .relu: Operations.ReLU()
        case .abs: Operations.Abs()
        case .sign: Operations.Sign()
        case .power(let exponent): Operations.Power(exponent: exponent)
        case .reluGradient: Operations.ReLUGradient()
        case .erf: Operations.Erf()
        case .sin: Operations.Sin()
        case .cos: Operations.Cos()
        case .cast(let elementType): Operations.Cast(elementType: elementType)
        case .sum(let axes, let keeps): Operations.Sum(axes: axes, keepsDimensions: keeps)
        case .mean(let axes, let keeps): Operations.Mean(axes: axes, keepsDimensions: keeps)
        case .max(let axes, let keeps): Operations.Max(axes: axes, keepsDimensions: keeps)
        case .min(let axes, let keeps): Operations.Min(axes: axes, keepsDimensions: keeps)
        case .argmax(let axis): Operations.Argmax(axis: axis)
        case .topK(let count, let axis): Operations.TopK(count: count, axis: axis)
        case .sort(let axis, let descending): Operations.Sort(axis: axis, isDescending: descending)
        case .cumulativeSum(let axis, let reversed):
            Operations.CumulativeSum(axis: axis, isReversed: reversed)
        case .sumLike: Operations.SumLike()
        case .broadcastLike(let axes, let keeps, let averaging):
            Operations.BroadcastLike(axes: axes, keepsDimensions: keeps, averaging: averaging)
        case .reshapeLike: Operations.ReshapeLike()
        case .matmul(let left, let right): Operations.Matmul(transposeLeft: left, transposeRight: right)
        case .linear: Operations.Linear()
        case .convolution(let windows): Operations.Convolve(convolution: windows)
        case .convolutionInputGradient(let windows):
            Operations.ConvolutionInputGradient(convolution: windows)
        case .convolutionWeightGradient(let windows):
            Operations.ConvolutionWeightGradient(convolution: windows)
        case .maxPool(let pool): Operations.MaxPool(pool: pool)
        case .sumPool(let pool): Operations.SumPool(pool: pool)
        case .sumPoolGradient(let pool): Operations.SumPoolGradient(pool: pool)
        case .reshape(let sizes): Operations.Reshape(sizes: sizes)
        case .transpose(let permutation): Operations.Transpose(permutation: permutation)
        case .expand(let sizes): Operations.Expand(sizes: sizes)
        case .slice(let starts, let stops, let steps):
            Operations.Slice(starts: starts, stops: stops, steps: steps)
        case .sliceGradient(let starts, let stops, let steps):
            Operations.SliceGradient(starts: starts, stops: stops, steps: steps)
        case .takeAlong(let axis): Operations.TakeAlong(axis: axis)
        case .scatterAlong(let axis): Operations.ScatterAlong(axis: axis)
        case .concatenate(let axis): Operations.Concatenate(axis: axis)
        case .splitLike(let axis, let count): Operations.SplitLike(axis: axis, count: count)
        case .pad(let before, let after, let value):
            Operations.Pad(before: before, after: after, value: value)
        case .takeRows: Operations.TakeRows()
        case .scatterRows: Operations.ScatterRows()
        case .takePlanes(let axes): Operations.TakePlanes(axes: axes)
        case .scatterPlanes(let axes): Operations.ScatterPlanes(axes: axes)
        case .softmax(let axis): Operations.Softmax(axis: axis)
        case .logSoftmax(let axis): Operations.LogSoftmax(axis: axis)
        case .softmaxCrossEntropy(let reduction): Operations.SoftmaxCrossEntropy(reduction: reduction)
        case .softmaxCrossEntropyGradient(let reduction):
            Operations.SoftmaxCrossEntropyGradient(reduction: reduction)
        case .oneHot(let depth): Operations.OneHot(depth: depth)
        }
    }

    /// Reads an operation off the wire.
    ///
    /// - Throws: `TensorError.invalidGraph` for a code nobody knows, and for attributes that are not exactly
    ///   what the operation has.
    package init(wireCode: UInt16, attributes: OperationAttributes) throws(TensorError) {
        guard let definition = Operation.definitionsByCode[wireCode] else {
            throw .invalidGraph(reason: "operation code \(wireCode) is unknown")
        }
        var reader = AttributeReader(wireCode: wireCode, attributes: attributes)
        self = try definition.read(&reader)
        try reader.finish()
    }

    /// The number that stands for the operation on the wire: unique, and never given to another operation.
    package var wireCode: UInt16 { type(of: definition).code }

    /// The attributes as they travel, in the order `init(wireCode:attributes:)` reads them.
    package var attributes: OperationAttributes { definition.attributes }

    /// The name in errors, logs and documents, such as `softmaxCrossEntropy`.
    package var name: String { type(of: definition).name }

    /// How many values the operation reads.
    package var inputCounts: ClosedRange<Int> { type(of: definition).inputCounts }

    /// How many values the operation makes.
    package var resultCount: Int { definition.resultCount }

    /// The types of the values the operation makes of inputs of these types.
    ///
    /// The check is complete: whatever passes, the kernels can compute without looking again.
    ///
    /// - Throws: `TensorError.shapeMismatch` or `.elementTypeMismatch`, naming the operation, what came and
    ///   `origin`.
    package func outputTypes(of inputs: [ValueType], origin: Origin? = nil) throws(TensorError) -> [ValueType]
    {
        let rule = ShapeRule(operation: self, inputs: inputs, origin: origin)
        try rule.requireInputCount()
        return try definition.outputTypes(rule)
    }

    /// What it does to the rows of a batch.
    package var rowEffect: RowEffect { definition.rowEffect }

    /// The input whose values are class indices, and how many classes there are; `nil` where no value can make the
    /// operation fail.
    package func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? {
        definition.checkedClasses(inputs)
    }

    /// Samples of every operation.
    package static let samples: [Sample] = definitions.flatMap { $0.samples }
}
