/// An operation that makes one number of all along some axes, of float32.
protocol ReductionOperation: SinglePassOperation {
    /// The axes; `nil` for all, negative ones count from the end.
    var axes: [Int]? { get }
    /// Whether they stay, with size 1.
    var keepsDimensions: Bool { get }
    /// The work.
    func instruction(_ geometry: ReductionGeometry) -> Instruction
    /// What it makes of some numbers.
    func reference(_ numbers: [Double]) -> Double
}

extension ReductionOperation {
    static var inputCounts: ClosedRange<Int> { 1...1 }
    var attributes: OperationAttributes { OperationAttributes(flags: keepsDimensions, axes: axes) }

    func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
        try rule.requireFloats()
        return ValueType(
            .float32, try rule.reduced(rule.inputs[0].shape, axes, keepsDimensions: keepsDimensions))
    }

    func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
        instruction(ReductionGeometry(inputs[0].shape, over: inputs[0].shape.resolving(axes)))
    }

    // Where the number of elements stays, nothing was put together.
    func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool {
        inputs[0].shape.elementCount == output.shape.elementCount
    }

    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

    func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
        inputs[0].reduced(over: axes, keepsDimensions) { reference($0) }
    }
}

/// A reduction that chooses one of the numbers; equal ones share the gradient.
protocol ExtremeOperation: ReductionOperation {}

extension ExtremeOperation {
    var rowEffect: RowEffect { RowEffect(.reduced(over: axes, isSum: false)) }

    func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
        try rule.requireFloats()
        let shape = rule.inputs[0].shape
        try rule.requireElements(along: try rule.resolve(axes: axes, rank: shape.rank))
        return ValueType(.float32, try rule.reduced(shape, axes, keepsDimensions: keepsDimensions))
    }

    func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
        let isExtreme = rule.emit(.equal, rule.x, rule.spread(rule.output, axes, keepsDimensions))
        let count = rule.emit(.sum(axes: axes, keepsDimensions: keepsDimensions), isExtreme)
        let share = rule.emit(.divide, rule.cotangent, count)
        return [rule.emit(.multiply, isExtreme, rule.spread(share, axes, keepsDimensions))]
    }
}

extension Operations {
    /// The sum along axes.
    struct Sum: ReductionOperation {
        static let code: UInt16 = 70, name = "sum"
        static let samples: [Operation.Sample] = [
            .init(.sum(axes: nil, keepsDimensions: false), .signed(2, 3, 4)),
            .init(.sum(axes: [0], keepsDimensions: false), .signed(2, 3, 4)),
            .init(.sum(axes: [0, -1], keepsDimensions: true), .signed(2, 3, 4)),
        ]
        let axes: [Int]?
        let keepsDimensions: Bool

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .sum(axes: try reader.axes(after: 1), keepsDimensions: try reader.flag())
        }

        var rowEffect: RowEffect {
            RowEffect(.reduced(over: axes, isSum: true), .proportional, isProportional: true)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.spread(rule.cotangent, axes, keepsDimensions)]
        }

        func instruction(_ geometry: ReductionGeometry) -> Instruction { .sum(geometry, dividedBy: 1) }
        func reference(_ numbers: [Double]) -> Double { numbers.reduce(0, +) }
    }

    /// The mean along axes.
    struct Mean: ReductionOperation {
        static let code: UInt16 = 71, name = "mean"
        static let samples: [Operation.Sample] = [
            .init(.mean(axes: nil, keepsDimensions: false), .signed(2, 3, 4)),
            .init(.mean(axes: [1], keepsDimensions: true), .signed(2, 3, 4)),
        ]
        let axes: [Int]?
        let keepsDimensions: Bool

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .mean(axes: try reader.axes(after: 1), keepsDimensions: try reader.flag())
        }

        var rowEffect: RowEffect {
            RowEffect(.reduced(over: axes, isSum: true), .byCount, isProportional: true)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.spread(rule.cotangent, axes, keepsDimensions, averaging: true)]
        }

        func instruction(_ geometry: ReductionGeometry) -> Instruction {
            .sum(geometry, dividedBy: Double(geometry.foldedCount))
        }

        func reference(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }
    }

    /// The largest along axes.
    struct Max: ExtremeOperation {
        static let code: UInt16 = 72, name = "max"
        static let samples: [Operation.Sample] = [
            .init(.max(axes: [1], keepsDimensions: false), .signed(3, 5)),
            .init(.max(axes: nil, keepsDimensions: true), .signed(3, 5)),
        ]
        let axes: [Int]?
        let keepsDimensions: Bool

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .max(axes: try reader.axes(after: 1), keepsDimensions: try reader.flag())
        }

        func instruction(_ geometry: ReductionGeometry) -> Instruction { .max(geometry) }
        func reference(_ numbers: [Double]) -> Double { numbers.max() ?? .nan }
    }

    /// The smallest along axes.
    struct Min: ExtremeOperation {
        static let code: UInt16 = 73, name = "min"
        static let samples: [Operation.Sample] = [
            .init(.min(axes: [0], keepsDimensions: false), .signed(3, 5))
        ]
        let axes: [Int]?
        let keepsDimensions: Bool

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .min(axes: try reader.axes(after: 1), keepsDimensions: try reader.flag())
        }

        func instruction(_ geometry: ReductionGeometry) -> Instruction { .min(geometry) }
        func reference(_ numbers: [Double]) -> Double { numbers.min() ?? .nan }
    }

    /// The index of the largest along an axis, the first of equals, as int64; drops the axis.
    struct Argmax: SinglePassOperation {
        static let code: UInt16 = 74, name = "argmax", inputCounts = 1...1
        static let samples: [Operation.Sample] = [
            .init(.argmax(axis: -1), .signed(3, 5)), .init(.argmax(axis: 0), .flags(3, 5)),
        ]
        let axis: Int
        let rowEffect = RowEffect(.place)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .argmax(axis: try reader.integer())
        }

        var attributes: OperationAttributes { OperationAttributes([axis]) }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloats()
            let resolved = try rule.resolve(axis: axis)
            try rule.requireElements(along: [resolved])
            return ValueType(
                .int64, try rule.reduced(rule.inputs[0].shape, [resolved], keepsDimensions: false))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            throw rule.refusal("it makes or reads whole numbers")
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .argmax(inputs[0].shape, axis: inputs[0].shape.resolving(axis))
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            inputs[0].reduced(over: [axis], false) { row in
                Double(row.firstIndex(of: row.max() ?? .nan) ?? -1)
            }
        }
    }
}

extension Shape {
    /// Axes as numbers from 0; the shape rule has checked them.
    func resolving(_ axes: [Int]?) -> [Int] { Shape.resolve(axes: axes, rank: rank) ?? [] }

    /// An axis as a number from 0; the shape rule has checked it.
    func resolving(_ axis: Int) -> Int { Shape.resolve(axis: axis, rank: rank) ?? 0 }
}
