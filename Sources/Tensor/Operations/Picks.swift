/// An operation by indices along an axis: of each line of elements others, or the same several times.
protocol PickingOperation: SinglePassOperation {
    /// The axis along which indices count.
    var axis: Int { get }
}

extension PickingOperation {
    var attributes: OperationAttributes { OperationAttributes([axis]) }
    var rowEffect: RowEffect { RowEffect(.picked) }

    /// The axis of a value that is picked from, by indices of as many axes, which may differ in size along this one.
    fileprivate func resolved(
        from whole: Shape, by indices: ValueType, _ rule: ShapeRule
    ) throws(TensorError) -> Int {
        try rule.requireLabels(indices)
        guard let axis = Shape.resolve(axis: axis, rank: whole.rank) else {
            throw rule.mismatch("there is no axis \(axis)")
        }
        try rule.require(indices.shape.rank == whole.rank, "the indices have \(indices.shape.rank) axes")
        for other in 0..<whole.rank where other != axis {
            try rule.require(
                indices.shape[other] == whole[other],
                "the indices have \(indices.shape[other]) along axis \(other), not \(whole[other])")
        }
        return axis
    }

    fileprivate func replaced(_ index: [Int], by position: Double) -> [Int] {
        var own = index
        own[axis < 0 ? axis + index.count : axis] = Int(position)
        return own
    }
}

extension Operations {
    /// The elements of each line along an axis at the indices of the same line.
    struct TakeAlong: PickingOperation {
        static let code: UInt16 = 125, name = "takeAlong", inputCounts = 2...2
        static let samples: [Operation.Sample] = [
            .init(.takeAlong(axis: -1), .signed(3, 4), .labels(.int64, below: 4, 3, 2)),
            .init(.takeAlong(axis: 0), .signed(3, 4), .labels(.int32, below: 3, 5, 4)),
            .init(
                .takeAlong(axis: 1), .labels(.uint8, below: 9, 2, 3, 2), .labels(.int64, below: 3, 2, 4, 2)),
        ]
        let axis: Int

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .takeAlong(axis: try reader.integer())
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            _ = try resolved(from: rule.inputs[0].shape, by: rule.inputs[1], rule)
            return ValueType(rule.inputs[0].elementType, rule.inputs[1].shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard rule.isNeeded[0] else { return [nil, nil] }
            return [rule.emit(.scatterAlong(axis: axis), rule.cotangent, rule.y, rule.x), nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .takeAlong(
                output.elementType, from: inputs[0].shape, axis: inputs[0].shape.resolving(axis),
                indices: inputs[1])
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? {
            (1, inputs[0].shape[inputs[0].shape.resolving(axis)])
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            ReferenceValue(inputs[1].sizes) { index in inputs[0][replaced(index, by: inputs[1][index])] }
        }
    }

    /// Zeros of the third input's shape, each of the first added where its index says along an axis.
    struct ScatterAlong: PickingOperation {
        static let code: UInt16 = 126, name = "scatterAlong", inputCounts = 3...3
        static let samples: [Operation.Sample] = [
            .init(
                .scatterAlong(axis: -1), .signed(3, 2), .labels(.int64, below: 4, 3, 2), .signed(3, 4)),
            .init(
                .scatterAlong(axis: 0), .signed(5, 4), .labels(.int32, below: 3, 5, 4),
                .labels(.uint8, below: 2, 3, 4)),
        ]
        let axis: Int

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .scatterAlong(axis: try reader.integer())
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloat(rule.inputs[0])
            _ = try resolved(from: rule.inputs[2].shape, by: rule.inputs[1], rule)
            try rule.require(
                rule.inputs[0].shape == rule.inputs[1].shape, "there are not as many values as indices")
            return ValueType(.float32, rule.inputs[2].shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard rule.isNeeded[0] else { return [nil, nil, nil] }
            return [rule.emit(.takeAlong(axis: axis), rule.cotangent, rule.y), nil, nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .scatterAlong(into: output.shape, axis: output.shape.resolving(axis), indices: inputs[1])
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? {
            (1, inputs[2].shape[inputs[2].shape.resolving(axis)])
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            var sums: [[Int]: Double] = [:]
            for index in ReferenceValue.indices(inputs[1].sizes) {
                sums[replaced(index, by: inputs[1][index]), default: 0] += inputs[0][index]
            }
            return ReferenceValue(inputs[2].sizes) { sums[$0] ?? 0 }
        }
    }
}
