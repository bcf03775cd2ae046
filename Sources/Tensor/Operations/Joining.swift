extension Operations {
    /// The most values that are joined, or that one is taken apart into: as many as a graph may have inputs.
    static let partsMaximum = 4_096

    /// Values one after another along an axis, of any one element type.
    struct Concatenate: SinglePassOperation {
        static let code: UInt16 = 127, name = "concatenate"
        static let inputCounts = 1...Operations.partsMaximum
        static let samples: [Operation.Sample] = [
            .init(.concatenate(axis: 0), .signed(2, 3), .signed(1, 3)),
            .init(
                .concatenate(axis: -1), .signed(2, 3), .signed(2, 1), .signed(2, 0), .signed(2, 4),
                .signed(2, 2)),
            .init(
                .concatenate(axis: 1), .labels(.int64, below: 9, 2, 2, 2), .labels(.int64, below: 9, 2, 1, 2),
                .labels(.int64, below: 9, 2, 3, 2), .labels(.int64, below: 9, 2, 1, 2)),
            .init(.concatenate(axis: 0), .labels(.uint8, below: 9, 3)),
        ]
        let axis: Int
        var rowEffect: RowEffect { RowEffect(.joined(along: axis), .additive) }

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .concatenate(axis: try reader.integer())
        }

        var attributes: OperationAttributes { OperationAttributes([axis]) }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireSameElementTypes()
            let axis = try rule.resolve(axis: axis)
            var sizes = rule.inputs[0].shape.dimensions
            for input in rule.inputs.dropFirst() {
                try rule.require(
                    input.shape.rank == sizes.count
                        && sizes.indices.allSatisfy { $0 == axis || input.shape[$0] == sizes[$0] },
                    "sizes differ along other axes than \(axis)")
                sizes[axis] = sizes[axis].addingSaturated(input.shape[axis])
            }
            return ValueType(rule.inputs[0].elementType, try rule.shape(sizes))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let inputs = rule.node.inputs
            let first = rule.emit(.splitLike(axis: axis, count: inputs.count), all: [rule.cotangent] + inputs)
            return inputs.indices.map { rule.isNeeded[$0] ? first + $0 : nil }
        }

        func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool { inputs.count == 1 }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .concatenate(output.elementType, inputs.map(\.shape), axis: output.shape.resolving(axis))
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let axis = axis < 0 ? axis + inputs[0].sizes.count : axis
            let origins = inputs.enumerated().flatMap { number, input in
                (0..<input.sizes[axis]).map { (number, $0) }
            }
            var sizes = inputs[0].sizes
            sizes[axis] = origins.count
            return ReferenceValue(sizes) { index in
                let (number, position) = origins[index[axis]]
                var own = index
                own[axis] = position
                return inputs[number][own]
            }
        }
    }

    /// The first input taken apart along an axis, into a part of the shape of each other one.
    struct SplitLike: OperationDefinition {
        static let code: UInt16 = 128, name = "splitLike", inputCounts = 2...1 + Operations.partsMaximum
        static let samples: [Operation.Sample] = [
            .init(
                .splitLike(axis: 0, count: 2), .signed(3, 3), .signed(2, 3), .labels(.uint8, below: 2, 1, 3)),
            .init(
                .splitLike(axis: -1, count: 5), .signed(2, 10), .signed(2, 3), .signed(2, 1), .signed(2, 0),
                .signed(2, 4), .signed(2, 2)),
            .init(.splitLike(axis: 0, count: 1), .labels(.int64, below: 9, 3), .signed(3)),
        ]
        let axis: Int
        let count: Int
        var rowEffect: RowEffect {
            RowEffect(.mixed(along: axis), informing: 1, .proportional, isProportional: true)
        }

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .splitLike(axis: try reader.integer(), count: try reader.integer())
        }

        var attributes: OperationAttributes { OperationAttributes([axis, count]) }

        // The type rule refuses other counts; a graph's values are numbered before.
        var resultCount: Int { min(max(1, count), Operations.partsMaximum) }

        func outputTypes(_ rule: ShapeRule) throws(TensorError) -> [ValueType] {
            try rule.require(
                count == resultCount && rule.inputs.count == 1 + count,
                "\(count) parts like \(rule.inputs.count - 1) values")
            let whole = rule.inputs[0], axis = try rule.resolve(axis: axis)
            var size = 0
            for input in rule.inputs.dropFirst() {
                try rule.require(
                    input.shape.rank == whole.shape.rank
                        && (0..<whole.shape.rank).allSatisfy {
                            $0 == axis || input.shape[$0] == whole.shape[$0]
                        },
                    "sizes differ along other axes than \(axis)")
                size = size.addingSaturated(input.shape[axis])
            }
            try rule.require(size == whole.shape[axis], "the parts have \(size) along axis \(axis) together")
            return rule.inputs.dropFirst().map { ValueType(whole.elementType, $0.shape) }
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let others = rule.node.inputs.dropFirst()
            guard rule.isNeeded[0] else { return [nil] + others.map { _ in nil } }
            let parts = zip(rule.cotangents, others).map { cotangent, other in
                cotangent
                    ?? rule.emit(
                        .broadcastLike(axes: nil, keepsDimensions: false, averaging: false), rule.constant(0),
                        other)
            }
            return [rule.emit(.concatenate(axis: axis), all: parts)] + others.map { _ in nil }
        }

        func isView(_ inputs: [ValueType], _ outputs: [ValueType]) -> Bool { count == 1 }

        func instruction(_ inputs: [ValueType], _ outputs: [ValueType]) -> Instruction {
            .split(inputs[0].elementType, outputs.map(\.shape), axis: inputs[0].shape.resolving(axis))
        }

        func operationCount(_ inputs: [ValueType], _ outputs: [ValueType]) -> Int {
            inputs[0].shape.elementCount
        }
        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

        func references(_ inputs: [ReferenceValue]) -> [ReferenceValue] {
            let axis = axis < 0 ? axis + inputs[0].sizes.count : axis
            var start = 0
            return inputs.dropFirst().map { lender in
                defer { start += lender.sizes[axis] }
                return ReferenceValue(lender.sizes) { index in
                    var own = index
                    own[axis] += start
                    return inputs[0][own]
                }
            }
        }
    }
}
