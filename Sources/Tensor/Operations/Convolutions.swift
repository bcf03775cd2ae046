/// A convolution or one of its gradients: each is linear in its two first inputs, and their gradients are these again.
protocol ConvolutionOperation: SingleResultOperation {
    /// How the windows lie.
    var convolution: Convolution { get }
    /// The shapes of x, weight and result of the convolution, whichever of them this makes.
    func shapes(_ inputs: [ValueType], _ output: ValueType) -> ConvolutionShapes
    /// Which of the three it makes.
    static var side: ConvolutionWork.Side { get }
}

extension ConvolutionOperation {
    var attributes: OperationAttributes { convolution.attributes }
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

    func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
        .convolution(
            ConvolutionWork(side: Self.side, convolution: convolution, shapes: shapes(inputs, output)))
    }

    func operationCount(_ inputs: [ValueType], _ output: ValueType) -> Int {
        let shapes = shapes(inputs, output)
        return 2 * shapes.output.elementCount * (shapes.weight.elementCount / max(1, shapes.weight[0]))
    }

    /// Calls `body` for every product there is, with the indices in x, weight and result.
    fileprivate func forEachProduct(
        _ x: [Int], _ weight: [Int], _ output: [Int], _ body: ([Int], [Int], [Int]) -> Void
    ) {
        let axes = convolution.axes(weight), inner = ReferenceValue.indices(Array(weight.dropFirst()))
        for index in ReferenceValue.indices(output) {
            let group = index[1] / (weight[0] / convolution.groups)
            for place in inner {
                let elements = axes.enumerated().compactMap { axis, windows in
                    windows.element(of: index[axis + 2], place[axis + 1], among: x[axis + 2])
                }
                guard elements.count == axes.count else { continue }
                body([index[0], group * weight[1] + place[0]] + elements, [index[1]] + place, index)
            }
        }
    }
}

extension Operations {
    /// Sums of products of windows with a weight: what deep learning calls a convolution.
    struct Convolve: ConvolutionOperation {
        static let code: UInt16 = 102, name = "convolution", inputCounts = 2...2
        static let side = ConvolutionWork.Side.output
        static let samples: [Operation.Sample] = [
            .init(
                .convolution(Convolution(strides: [1, 1], padding: [1, 0], dilations: [1, 1])),
                .signed(2, 2, 3, 3), .signed(3, 2, 3, 2)),
            .init(
                .convolution(Convolution(strides: [2, 1], padding: [1, 2], dilations: [1, 2], groups: 2)),
                .signed(1, 4, 4, 2), .signed(2, 2, 2, 2)),
            .init(
                .convolution(Convolution(strides: [2], padding: [0], dilations: [1])),
                .signed(2, 2, 5), .signed(2, 2, 2)),
            .init(
                .convolution(
                    Convolution(strides: [1, 2, 1], padding: [0, 1, 0], dilations: [1, 1, 1], groups: 3)),
                .signed(1, 3, 2, 2, 1), .signed(3, 1, 2, 2, 1)),
        ]
        let convolution: Convolution
        let rowEffect = RowEffect(.convolved, factors: 0..<2, .byOne, isProportional: true)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .convolution(try Convolution(&reader))
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloats()
            return ValueType(
                .float32, try convolution.output(rule.inputs[0].shape, rule.inputs[1].shape, rule))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let (x, weight, cotangent) = (rule.x, rule.y, rule.cotangent)
            return [
                rule.isNeeded[0]
                    ? rule.emit(.convolutionInputGradient(convolution), cotangent, weight, x) : nil,
                rule.isNeeded[1]
                    ? rule.emit(.convolutionWeightGradient(convolution), x, cotangent, weight) : nil,
            ]
        }

        func shapes(_ inputs: [ValueType], _ output: ValueType) -> ConvolutionShapes {
            ConvolutionShapes(x: inputs[0].shape, weight: inputs[1].shape, output: output.shape)
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let x = inputs[0].sizes, weight = inputs[1].sizes
            let sizes =
                [x[0], weight[0]]
                + convolution.axes(weight).enumerated().map { $1.count(of: x[$0 + 2]) ?? 0 }
            return .sums(sizes) { add in
                forEachProduct(x, weight, sizes) { own, place, index in
                    add(index, inputs[0][own] * inputs[1][place])
                }
            }
        }
    }

    /// The gradient of a convolution's x: a transposed convolution.
    struct ConvolutionInputGradient: ConvolutionOperation {
        static let code: UInt16 = 103, name = "convolutionInputGradient", inputCounts = 3...3
        static let side = ConvolutionWork.Side.x
        static let samples: [Operation.Sample] = [
            .init(
                .convolutionInputGradient(
                    Convolution(strides: [2, 1], padding: [1, 0], dilations: [1, 2])),
                .signed(1, 2, 2, 2), .signed(2, 2, 2, 2), .signed(1, 2, 3, 4)),
            .init(
                .convolutionInputGradient(
                    Convolution(strides: [1], padding: [1], dilations: [1], groups: 2)),
                .signed(2, 4, 4), .signed(4, 1, 3), .labels(.uint8, below: 2, 2, 2, 4)),
        ]
        let convolution: Convolution
        let rowEffect = RowEffect(.convolved, informing: 2, factors: 0..<2, .byOne, isProportional: true)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .convolutionInputGradient(try Convolution(&reader))
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            for input in rule.inputs.prefix(2) { try rule.requireFloat(input) }
            let x = rule.inputs[2].shape
            let output = try convolution.output(x, rule.inputs[1].shape, rule)
            try rule.require(rule.inputs[0].shape == output, "the cotangent is not \(output)")
            return ValueType(.float32, x)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let (own, weight, cotangent) = (rule.x, rule.y, rule.cotangent)
            return [
                rule.isNeeded[0] ? rule.emit(.convolution(convolution), cotangent, weight) : nil,
                rule.isNeeded[1]
                    ? rule.emit(.convolutionWeightGradient(convolution), cotangent, own, weight) : nil,
                nil,
            ]
        }

        func shapes(_ inputs: [ValueType], _ output: ValueType) -> ConvolutionShapes {
            ConvolutionShapes(x: output.shape, weight: inputs[1].shape, output: inputs[0].shape)
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            .sums(inputs[2].sizes) { add in
                forEachProduct(inputs[2].sizes, inputs[1].sizes, inputs[0].sizes) { own, place, index in
                    add(own, inputs[0][index] * inputs[1][place])
                }
            }
        }
    }

    /// The gradient of a convolution's weight.
    struct ConvolutionWeightGradient: ConvolutionOperation {
        static let code: UInt16 = 104, name = "convolutionWeightGradient", inputCounts = 3...3
        static let side = ConvolutionWork.Side.weight
        static let samples: [Operation.Sample] = [
            .init(
                .convolutionWeightGradient(
                    Convolution(strides: [2, 1], padding: [1, 0], dilations: [1, 2])),
                .signed(2, 2, 3, 3), .signed(2, 2, 2, 1), .signed(2, 2, 2, 2)),
            .init(
                .convolutionWeightGradient(
                    Convolution(strides: [1], padding: [1], dilations: [1], groups: 2)),
                .signed(2, 2, 4), .signed(2, 4, 4), .labels(.int32, below: 2, 4, 1, 3)),
        ]
        let convolution: Convolution
        let rowEffect = RowEffect(.contracted, informing: 2, factors: 0..<2, .byOne, isProportional: true)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .convolutionWeightGradient(try Convolution(&reader))
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            for input in rule.inputs.prefix(2) { try rule.requireFloat(input) }
            let weight = rule.inputs[2].shape
            let output = try convolution.output(rule.inputs[0].shape, weight, rule)
            try rule.require(rule.inputs[1].shape == output, "the cotangent is not \(output)")
            return ValueType(.float32, weight)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let (x, own, cotangent) = (rule.x, rule.y, rule.cotangent)
            return [
                rule.isNeeded[0]
                    ? rule.emit(.convolutionInputGradient(convolution), own, cotangent, x) : nil,
                rule.isNeeded[1] ? rule.emit(.convolution(convolution), x, cotangent) : nil,
                nil,
            ]
        }

        func shapes(_ inputs: [ValueType], _ output: ValueType) -> ConvolutionShapes {
            ConvolutionShapes(x: inputs[0].shape, weight: output.shape, output: inputs[1].shape)
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            .sums(inputs[2].sizes) { add in
                forEachProduct(inputs[0].sizes, inputs[2].sizes, inputs[1].sizes) { own, place, index in
                    add(place, inputs[0][own] * inputs[1][index])
                }
            }
        }
    }
}
