/// An operation that gives its first input the shape of its second, of which nothing else has a part in it.
protocol LikenessOperation: SinglePassOperation {}

extension LikenessOperation {
    static var inputCounts: ClosedRange<Int> { 2...2 }
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

    // Where the number of elements stays, nothing was added up or repeated.
    func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool {
        inputs[0].shape.elementCount == output.shape.elementCount
    }
}

extension Operations {
    /// The sum over the axes along which the second input's shape was broadcast: undoes broadcasting.
    struct SumLike: LikenessOperation, PlainOperation {
        static let operation = Operation.sumLike
        static let code: UInt16 = 90, name = "sumLike"
        static let samples: [Operation.Sample] = [
            .init(.sumLike, .signed(2, 3, 4), .signed(3, 1)), .init(.sumLike, .signed(3, 4), .signed(3, 4)),
        ]
        let rowEffect = RowEffect(.sumLike, informing: 1, .proportional, isProportional: true)

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            let value = rule.inputs[0], model = rule.inputs[1]
            try rule.requireFloat(value)
            try rule.require(
                model.shape.broadcasts(to: value.shape), "the first shape is no broadcast of the second")
            return ValueType(.float32, model.shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard rule.isNeeded[0] else { return [nil, nil] }
            // Adding to zeros is how a value is broadcast to the shape of another.
            return [rule.emit(.add, rule.spread(rule.constant(0), nil, false), rule.cotangent), nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .sum(ReductionGeometry(inputs[0].shape, to: output.shape), dividedBy: 1)
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let x = inputs[0], sizes = inputs[1].sizes, extra = x.sizes.count - sizes.count
            let axes = x.sizes.indices.filter { $0 < extra || (sizes[$0 - extra] == 1 && x.sizes[$0] != 1) }
            let sums = axes.isEmpty ? x : x.reduced(over: axes, true) { $0.reduce(0, +) }
            return ReferenceValue(sizes, sums.numbers)
        }
    }

    /// Puts back the axes a reduction removed and repeats along them; `averaging` divides by the number of repeats,
    /// which makes it the gradient of `mean`.
    struct BroadcastLike: LikenessOperation {
        static let code: UInt16 = 91, name = "broadcastLike"
        static let samples: [Operation.Sample] = [
            .init(
                .broadcastLike(axes: [1], keepsDimensions: false, averaging: false), .signed(2, 4),
                .signed(2, 3, 4)),
            .init(
                .broadcastLike(axes: [-1], keepsDimensions: true, averaging: true), .signed(2, 3, 1),
                .signed(2, 3, 4)),
            .init(
                .broadcastLike(axes: nil, keepsDimensions: false, averaging: true), .signed(), .signed(2, 3)),
        ]
        let axes: [Int]?
        let keepsDimensions: Bool
        let averaging: Bool

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .broadcastLike(
                axes: try reader.axes(after: 2), keepsDimensions: try reader.flag(),
                averaging: try reader.flag())
        }

        var attributes: OperationAttributes {
            OperationAttributes(flags: keepsDimensions, averaging, axes: axes)
        }

        var rowEffect: RowEffect {
            RowEffect(
                .spread(along: axes), informing: 1, .proportional, isProportional: true, countsRows: true)
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            let value = rule.inputs[0], model = rule.inputs[1]
            try rule.requireFloat(value)
            let expected = try rule.reduced(model.shape, axes, keepsDimensions: keepsDimensions)
            try rule.require(
                value.shape == expected, "reducing the second shape gives \(expected), not the first")
            return ValueType(.float32, model.shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard rule.isNeeded[0] else { return [nil, nil] }
            let reduction: Operation =
                averaging
                ? .mean(axes: axes, keepsDimensions: keepsDimensions)
                : .sum(axes: axes, keepsDimensions: keepsDimensions)
            return [rule.emit(reduction, rule.cotangent), nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            let axes = output.shape.resolving(axes)
            let sizes = output.shape.reduced(over: axes, keepsDimensions: true)
            let kept = Shape(checked: sizes, elementCount: sizes.reduce(1, *))
            let repeats = axes.reduce(1) { $0 * output.shape[$1] }
            return .spread(
                Walk(broadcasting: [kept], to: output.shape), dividedBy: averaging ? Float(repeats) : 1)
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let sizes = inputs[1].sizes
            let gone = Set((axes ?? Array(sizes.indices)).map { $0 < 0 ? $0 + sizes.count : $0 })
            let kept = sizes.enumerated().map { gone.contains($0) ? 1 : $1 }
            let repeats = averaging ? gone.map { Double(sizes[$0]) }.reduce(1, *) : 1
            let placed = ReferenceValue(kept, inputs[0].numbers)
            return ReferenceValue(sizes) { placed[$0] / repeats }
        }
    }

    /// The same elements under the second input's shape, of any element type.
    struct ReshapeLike: LikenessOperation, PlainOperation {
        static let operation = Operation.reshapeLike
        static let code: UInt16 = 92, name = "reshapeLike"
        static let samples: [Operation.Sample] = [.init(.reshapeLike, .signed(2, 6), .signed(3, 4))]
        let rowEffect = RowEffect(.reshaped, informing: 1, .proportional, isProportional: true)

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            let value = rule.inputs[0], model = rule.inputs[1]
            try rule.require(
                value.shape.elementCount == model.shape.elementCount,
                "\(value.shape.elementCount) elements do not fill the second shape")
            return ValueType(value.elementType, model.shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.isNeeded[0] ? rule.emit(.reshapeLike, rule.cotangent, rule.x) : nil, nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .copy(byteCount: output.byteCount)
        }

        func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool { true }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            ReferenceValue(inputs[1].sizes, inputs[0].numbers)
        }
    }
}
