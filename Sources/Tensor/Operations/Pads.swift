extension Operations {
    /// A value before and after the elements along some leading axes.
    struct Pad: SinglePassOperation {
        static let code: UInt16 = 129, name = "pad", inputCounts = 1...1
        static let samples: [Operation.Sample] = [
            .init(.pad(before: [0, 1], after: [3, 2], value: 0.5), .signed(2, 3)),
            .init(.pad(before: [2], after: [0], value: 0), .signed(2, 3, 2)),
            .init(.pad(before: [0, 2], after: [0, 1], value: 0), .labels(.int64, below: 9, 2, 3)),
            .init(.pad(before: [1], after: [1], value: 0), .labels(.uint8, below: 9, 3)),
        ]
        let before: [Int]
        let after: [Int]
        let value: Float

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            let lists = try reader.lists(2)
            return .pad(before: lists[0], after: lists[1], value: try reader.float())
        }

        var attributes: OperationAttributes { OperationAttributes(before + after, [value]) }

        var rowEffect: RowEffect {
            RowEffect(before.first ?? 0 == 0 && after.first ?? 0 == 0 ? .kept : .picked)
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            let x = rule.inputs[0]
            try rule.require(
                before.count == after.count && before.count <= x.shape.rank,
                "\(before.count) and \(after.count) paddings for \(x.shape.rank) axes")
            try rule.require(
                (before + after).allSatisfy { (0...Shape.elementCountMaximum).contains($0) },
                "paddings \(before) and \(after)")
            try rule.require(
                x.elementType == .float32 || value == 0, "\(x.elementType) is padded with 0 alone")
            var sizes = x.shape.dimensions
            for axis in before.indices { sizes[axis] += before[axis] + after[axis] }
            return ValueType(x.elementType, try rule.shape(sizes))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let stops = after.map { $0 == 0 ? Int.max : -$0 }
            let steps = [Int](repeating: 1, count: before.count)
            return [rule.emit(.slice(starts: before, stops: stops, steps: steps), rule.cotangent)]
        }

        func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool { inputs[0].shape == output.shape }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            let steps = [Int](repeating: 1, count: before.count)
            return .pad(
                output.elementType, SliceGeometry(of: output.shape, inputs[0].shape, before, steps),
                count: output.shape.elementCount, value)
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let x = inputs[0]
            func first(_ axis: Int) -> Int { axis < before.count ? before[axis] : 0 }
            let sizes = x.sizes.enumerated().map { $1 + first($0) + ($0 < after.count ? after[$0] : 0) }
            return ReferenceValue(sizes) { index in
                let own = index.enumerated().map { $1 - first($0) }
                let isInside = zip(own, x.sizes).allSatisfy { $0 >= 0 && $0 < $1 }
                return isInside ? x[own] : Double(value)
            }
        }
    }

    /// The sum of each element and all before it along an axis, or all after it.
    struct CumulativeSum: SinglePassOperation {
        static let code: UInt16 = 77, name = "cumulativeSum", inputCounts = 1...1
        static let samples: [Operation.Sample] = [
            .init(.cumulativeSum(axis: -1, reversed: false), .signed(3, 5)),
            .init(.cumulativeSum(axis: 0, reversed: true), .signed(3, 2, 2)),
        ]
        let axis: Int
        let isReversed: Bool

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .cumulativeSum(axis: try reader.integer(), reversed: try reader.flag())
        }

        var attributes: OperationAttributes { OperationAttributes([axis, isReversed ? 1 : 0]) }
        var rowEffect: RowEffect { RowEffect(.mixed(along: axis), .proportional, isProportional: true) }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloats()
            _ = try rule.resolve(axis: axis)
            return rule.inputs[0]
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.emit(.cumulativeSum(axis: axis, reversed: !isReversed), rule.cotangent)]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .cumulativeSum(output.shape, axis: output.shape.resolving(axis), isReversed: isReversed)
        }

        var isInPlace: Bool { true }
        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let x = inputs[0], axis = axis < 0 ? axis + x.sizes.count : axis
            return ReferenceValue(x.sizes) { index in
                let places = isReversed ? index[axis]..<x.sizes[axis] : 0..<(index[axis] + 1)
                return places.reduce(0) { sum, place in
                    var own = index
                    own[axis] = place
                    return sum + x[own]
                }
            }
        }
    }
}
