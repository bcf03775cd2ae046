#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension Operations {
    /// −log softmax of logits [rows, classes] at labels int32 or int64 [rows], reduced as said.
    struct SoftmaxCrossEntropy: SinglePassOperation {
        static let code: UInt16 = 152, name = "softmaxCrossEntropy", inputCounts = 2...2
        static let samples: [Operation.Sample] = [
            .init(.softmaxCrossEntropy(.none), .signed(6, 5), .labels(.int64, below: 5, 6)),
            .init(.softmaxCrossEntropy(.sum), .signed(6, 5), .labels(.int32, below: 5, 6)),
            .init(.softmaxCrossEntropy(.mean), .signed(6, 5), .labels(.int64, below: 5, 6)),
        ]
        let reduction: Reduction

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .softmaxCrossEntropy(try reader.reduction())
        }

        var attributes: OperationAttributes { OperationAttributes([Int(reduction.rawValue)]) }
        var rowEffect: RowEffect { RowEffect(.rowwise(reduction)) }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.crossEntropy(reduction, logits: rule.inputs[0], labels: rule.inputs[1])
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard !rule.isNeeded[1] else { throw rule.refusal("labels have no gradient") }
            return [rule.emit(.softmaxCrossEntropyGradient(reduction), rule.cotangent, rule.x, rule.y), nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .crossEntropy(reduction, logits: inputs[0].shape, labels: inputs[1].elementType)
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? {
            (1, inputs[0].shape[1])
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let probabilities = inputs[0].softmax(1), labels = inputs[1]
            let rows = ReferenceValue(labels.sizes) { -log(probabilities[[$0[0], Int(labels[$0])]]) }
            return switch reduction {
            case .none: rows
            case .sum: rows.reduced(over: nil, false) { $0.reduce(0, +) }
            case .mean: rows.reduced(over: nil, false) { $0.reduce(0, +) / Double($0.count) }
            }
        }
    }

    /// The gradient of `softmaxCrossEntropy` with respect to the logits; inputs cotangent, logits, labels.
    struct SoftmaxCrossEntropyGradient: SinglePassOperation {
        static let code: UInt16 = 153, name = "softmaxCrossEntropyGradient", inputCounts = 3...3
        static let samples: [Operation.Sample] = [
            .init(
                .softmaxCrossEntropyGradient(.none), .signed(6), .signed(6, 5), .labels(.int64, below: 5, 6)),
            .init(
                .softmaxCrossEntropyGradient(.sum), .signed(), .signed(6, 5), .labels(.int32, below: 5, 6)),
            .init(
                .softmaxCrossEntropyGradient(.mean), .signed(), .signed(6, 5), .labels(.int64, below: 5, 6)),
        ]
        let reduction: Reduction

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .softmaxCrossEntropyGradient(try reader.reduction())
        }

        var attributes: OperationAttributes { OperationAttributes([Int(reduction.rawValue)]) }

        var rowEffect: RowEffect {
            RowEffect(
                .rowwise(.none), factors: 0..<2, reduction == .mean ? .steep : .byFirst,
                isProportional: true, countsRows: reduction == .mean)
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            let loss = try rule.crossEntropy(reduction, logits: rule.inputs[1], labels: rule.inputs[2])
            try rule.require(rule.inputs[0] == loss, "the cotangent is not \(loss)")
            return rule.inputs[1]
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard !rule.isNeeded[2] else { throw rule.refusal("labels have no gradient") }
            return [
                rule.isNeeded[0] ? slope(&rule) : nil,
                rule.isNeeded[1] ? curvature(&rule) : nil,
                nil,
            ]
        }

        /// It is linear in its own cotangent (x): what it is for a cotangent of ones.
        private func slope(_ rule: inout GradientRule) -> GradientRule.ValueID {
            let ones = rule.spread(rule.constant(1), nil, false)
            let unit = rule.emit(.softmaxCrossEntropyGradient(reduction), ones, rule.y, rule.z)
            let weighted = rule.emit(.multiply, rule.cotangent, unit)
            return rule.emit(.sum(axes: reduction == .none ? [1] : nil, keepsDimensions: false), weighted)
        }

        /// A row's gradient is g (p − label) with p the softmax, so its derivative is that of softmax, times g.
        private func curvature(_ rule: inout GradientRule) -> GradientRule.ValueID {
            let probabilities = rule.emit(.softmax(axis: 1), rule.y)
            let weighted = rule.emit(.multiply, rule.cotangent, probabilities)
            let inner = rule.emit(.sum(axes: [1], keepsDimensions: true), weighted)
            let slope = rule.emit(.multiply, probabilities, rule.emit(.subtract, rule.cotangent, inner))
            // The loss's cotangent for each row: the labels' shape is the rows'.
            let repeated = Operation.broadcastLike(
                axes: nil, keepsDimensions: false, averaging: reduction == .mean)
            let perRow = reduction == .none ? rule.x : rule.emit(repeated, rule.x, rule.z)
            let factor = rule.emit(
                .broadcastLike(axes: [1], keepsDimensions: false, averaging: false), perRow, rule.y)
            return rule.emit(.multiply, slope, factor)
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .crossEntropyGradient(reduction, logits: inputs[1].shape, labels: inputs[2].elementType)
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? {
            (2, inputs[1].shape[1])
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let (cotangent, logits, labels) = (inputs[0], inputs[1], inputs[2])
            let probabilities = logits.softmax(1)
            let scale = reduction == .mean ? 1 / Double(labels.sizes[0]) : 1
            return ReferenceValue(logits.sizes) { index in
                let hit: Double = labels[[index[0]]] == Double(index[1]) ? 1 : 0
                return cotangent[[index[0]]] * scale * (probabilities[index] - hit)
            }
        }
    }
}

extension ShapeRule {
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
