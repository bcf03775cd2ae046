/// An operation on the elements of a slice, of any element type: every `step`-th from `start` up to `stop` along each
/// leading axis listed.
protocol SliceOperation: SinglePassOperation {
    var starts: [Int] { get }
    var stops: [Int] { get }
    var steps: [Int] { get }
}

extension SliceOperation {
    var attributes: OperationAttributes { OperationAttributes(starts + stops + steps) }
    // Of every row the same part is a row again; some of the rows are not.
    var rowEffect: RowEffect {
        let isWhole = starts.first ?? 0 == 0 && stops.first ?? .max == .max && steps.first ?? 1 == 1
        return isWhole
            ? RowEffect(.kept, informing: 1, .proportional, isProportional: true) : RowEffect(.picked)
    }
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

    // Where the number of elements stays, nothing was left out.
    func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool {
        inputs[0].shape.elementCount == output.shape.elementCount
    }

    /// What the slice leaves of a shape: every range must lie within its axis.
    fileprivate func sliced(_ source: Shape, _ rule: ShapeRule) throws(TensorError) -> Shape {
        try rule.require(
            starts.count == stops.count && starts.count == steps.count,
            "\(starts.count) starts, \(stops.count) stops and \(steps.count) steps")
        try rule.require(starts.count <= source.rank, "\(starts.count) ranges for \(source.rank) axes")
        var sizes = source.dimensions
        for axis in starts.indices {
            let range = SliceRange(starts[axis], stops[axis], steps[axis])
            guard let count = range.count(of: sizes[axis]) else {
                throw rule.mismatch("axis \(axis) of size \(sizes[axis]) has no \(range)")
            }
            sizes[axis] = count
        }
        return try rule.shape(sizes)
    }

    /// The indices the slice keeps along each axis.
    fileprivate func positions(of sizes: [Int]) -> [[Int]] {
        sizes.enumerated().map { axis, size in
            guard axis < starts.count else { return Array(0..<size) }
            let start = starts[axis] < 0 ? size + starts[axis] : starts[axis]
            let stop = stops[axis] < 0 ? size + stops[axis] : min(size, stops[axis])
            return Array(stride(from: start, to: stop, by: steps[axis]))
        }
    }
}

extension Operations {
    /// The elements of a slice.
    struct Slice: SliceOperation {
        static let code: UInt16 = 123, name = "slice", inputCounts = 1...1
        static let samples: [Operation.Sample] = [
            .init(.slice(starts: [1, 0], stops: [3, 5], steps: [1, 2]), .signed(4, 5)),
            .init(.slice(starts: [1], stops: [3], steps: [1]), .signed(4, 2, 3)),
            .init(.slice(starts: [0, -3], stops: [.max, -1], steps: [2, 1]), .signed(3, 4, 2)),
            .init(.slice(starts: [2], stops: [.max], steps: [3]), .labels(.int64, below: 9, 9)),
            .init(.slice(starts: [0, 1], stops: [2, 4], steps: [1, 1]), .labels(.uint8, below: 9, 3, 5)),
        ]
        let starts: [Int]
        let stops: [Int]
        let steps: [Int]

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            let lists = try reader.lists(3)
            return .slice(starts: lists[0], stops: lists[1], steps: lists[2])
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            ValueType(rule.inputs[0].elementType, try sliced(rule.inputs[0].shape, rule))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.emit(.sliceGradient(starts: starts, stops: stops, steps: steps), rule.cotangent, rule.x)]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .slice(output.elementType, SliceGeometry(of: inputs[0].shape, output.shape, starts, steps))
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let kept = positions(of: inputs[0].sizes)
            return ReferenceValue(kept.map(\.count)) { index in
                inputs[0][zip(kept, index).map { $0[$1] }]
            }
        }
    }

    /// Zeros of the second input's shape, the first where `slice` with the same numbers reads.
    struct SliceGradient: SliceOperation {
        static let code: UInt16 = 124, name = "sliceGradient", inputCounts = 2...2
        static let samples: [Operation.Sample] = [
            .init(
                .sliceGradient(starts: [1, 0], stops: [3, 5], steps: [1, 2]), .signed(2, 3), .signed(4, 5)),
            .init(
                .sliceGradient(starts: [-2], stops: [.max], steps: [1]), .signed(2, 2, 3), .signed(4, 2, 3)),
            .init(
                .sliceGradient(starts: [1], stops: [4], steps: [2]), .labels(.int32, below: 9, 2),
                .labels(.uint8, below: 9, 5)),
        ]
        let starts: [Int]
        let stops: [Int]
        let steps: [Int]

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            let lists = try reader.lists(3)
            return .sliceGradient(starts: lists[0], stops: lists[1], steps: lists[2])
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            let slice = try sliced(rule.inputs[1].shape, rule)
            try rule.require(rule.inputs[0].shape == slice, "the cotangent is not \(slice)")
            return ValueType(rule.inputs[0].elementType, rule.inputs[1].shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard rule.isNeeded[0] else { return [nil, nil] }
            return [rule.emit(.slice(starts: starts, stops: stops, steps: steps), rule.cotangent), nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .sliceGradient(
                output.elementType, SliceGeometry(of: output.shape, inputs[0].shape, starts, steps),
                byteCount: output.byteCount)
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let kept = positions(of: inputs[1].sizes)
            return ReferenceValue(inputs[1].sizes) { index in
                let own = zip(kept, index).compactMap { $0.firstIndex(of: $1) }
                return own.count == index.count ? inputs[0][own] : 0
            }
        }
    }
}
