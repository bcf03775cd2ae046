#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// An operation that makes probabilities, or their logarithms, of numbers along an axis.
protocol SoftmaxOperation: SinglePassOperation {
    var axis: Int { get }
}

extension SoftmaxOperation {
    static var inputCounts: ClosedRange<Int> { 1...1 }
    var attributes: OperationAttributes { OperationAttributes([axis]) }
    var rowEffect: RowEffect { RowEffect(.mixed(along: axis)) }
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

    func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
        try rule.requireFloats()
        _ = try rule.resolve(axis: axis)
        return rule.inputs[0]
    }
}

extension Operations {
    /// eˣ over its sum along an axis.
    struct Softmax: SoftmaxOperation {
        static let code: UInt16 = 150, name = "softmax"
        static let samples: [Operation.Sample] = [
            .init(.softmax(axis: -1), .signed(3, 5)), .init(.softmax(axis: 0), .signed(3, 5)),
        ]
        let axis: Int

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .softmax(axis: try reader.integer())
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let weighted = rule.emit(.multiply, rule.cotangent, rule.output)
            let inner = rule.emit(.sum(axes: [axis], keepsDimensions: true), weighted)
            return [rule.emit(.multiply, rule.output, rule.emit(.subtract, rule.cotangent, inner))]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .softmax(inputs[0].shape, axis: inputs[0].shape.resolving(axis))
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue { inputs[0].softmax(axis) }
    }

    /// The logarithm of softmax.
    struct LogSoftmax: SoftmaxOperation {
        static let code: UInt16 = 151, name = "logSoftmax"
        static let samples: [Operation.Sample] = [.init(.logSoftmax(axis: 1), .signed(3, 5))]
        let axis: Int

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .logSoftmax(axis: try reader.integer())
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let total = rule.emit(.sum(axes: [axis], keepsDimensions: true), rule.cotangent)
            let expected = rule.emit(.multiply, rule.emit(.exp, rule.output), total)
            return [rule.emit(.subtract, rule.cotangent, expected)]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .logSoftmax(inputs[0].shape, axis: inputs[0].shape.resolving(axis))
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            inputs[0].softmax(axis).map { log($0) }
        }
    }

    /// Labels to float32 rows of `depth`, 1 at the label; a new last axis.
    struct OneHot: SinglePassOperation {
        static let code: UInt16 = 154, name = "oneHot", inputCounts = 1...1
        static let samples: [Operation.Sample] = [
            .init(.oneHot(depth: 5), .labels(.int64, below: 5, 7)),
            .init(.oneHot(depth: 3), .labels(.int32, below: 3, 2, 2)),
        ]
        let depth: Int
        let rowEffect = RowEffect(.kept)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .oneHot(depth: try reader.integer())
        }

        var attributes: OperationAttributes { OperationAttributes([depth]) }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireLabels(rule.inputs[0])
            try rule.require(depth >= 1, "a depth of \(depth)")
            return ValueType(.float32, try rule.shape(rule.inputs[0].shape.dimensions + [depth]))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            throw rule.refusal("it makes or reads whole numbers")
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .oneHot(depth: depth, labels: inputs[0])
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { (0, depth) }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            ReferenceValue(inputs[0].sizes + [depth]) { index in
                inputs[0][index.dropLast()] == Double(index[index.count - 1]) ? 1 : 0
            }
        }
    }
}
