extension Operations {
    /// The rows of a value at indices: an embedding.
    struct TakeRows: SinglePassOperation, PlainOperation {
        static let operation = Operation.takeRows
        static let code: UInt16 = 130, name = "takeRows", inputCounts = 2...2
        static let samples: [Operation.Sample] = [
            .init(.takeRows, .signed(5, 3), .labels(.int64, below: 5, 2, 4)),
            .init(.takeRows, .signed(4), .labels(.int32, below: 4, 6)),
            .init(.takeRows, .labels(.uint8, below: 9, 3, 2, 2), .labels(.int64, below: 3)),
        ]
        let rowEffect = RowEffect(.lookedUp, factors: 0..<2, .byOne)

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireLabels(rule.inputs[1])
            try rule.require(rule.inputs[0].shape.rank >= 1, "there are no rows in a scalar")
            let sizes = rule.inputs[1].shape.dimensions + rule.inputs[0].shape.dimensions.dropFirst()
            return ValueType(rule.inputs[0].elementType, try rule.shape(sizes))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.isNeeded[0] ? rule.emit(.scatterRows, rule.cotangent, rule.y, rule.x) : nil, nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .takeRows(inputs[0], indices: inputs[1])
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? {
            (1, inputs[0].shape[0])
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let rank = inputs[1].sizes.count
            return ReferenceValue(inputs[1].sizes + inputs[0].sizes.dropFirst()) { index in
                inputs[0][[Int(inputs[1][Array(index.prefix(rank))])] + index.dropFirst(rank)]
            }
        }
    }

    /// Zeros of the third input's shape, and to each row what has its index added.
    struct ScatterRows: SinglePassOperation, PlainOperation {
        static let operation = Operation.scatterRows
        static let code: UInt16 = 131, name = "scatterRows", inputCounts = 3...3
        static let samples: [Operation.Sample] = [
            .init(.scatterRows, .signed(2, 4, 3), .labels(.int64, below: 5, 2, 4), .signed(5, 3)),
            .init(.scatterRows, .signed(6), .labels(.int32, below: 4, 6), .labels(.uint8, below: 2, 4)),
        ]
        let rowEffect = RowEffect(.contracted, informing: 2, factors: 0..<2, .byFirst)

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloat(rule.inputs[0])
            try rule.requireLabels(rule.inputs[1])
            let whole = rule.inputs[2].shape
            try rule.require(whole.rank >= 1, "there are no rows in a scalar")
            try rule.require(
                rule.inputs[0].shape.dimensions == rule.inputs[1].shape.dimensions
                    + whole.dimensions.dropFirst(),
                "there is not a row for each index")
            return ValueType(.float32, whole)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.isNeeded[0] ? rule.emit(.takeRows, rule.cotangent, rule.y) : nil, nil, nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .scatterRows(into: output.shape, indices: inputs[1])
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? {
            (1, inputs[2].shape[0])
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let rank = inputs[1].sizes.count
            var sums: [[Int]: Double] = [:]
            for index in ReferenceValue.indices(inputs[0].sizes) {
                let own = [Int(inputs[1][Array(index.prefix(rank))])] + index.dropFirst(rank)
                sums[own, default: 0] += inputs[0][index]
            }
            return ReferenceValue(inputs[2].sizes) { sums[$0] ?? 0 }
        }
    }
}
