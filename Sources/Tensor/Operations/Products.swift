extension Operations {
    /// The product of matrices over the last two axes, the others broadcast; each side may be read transposed.
    struct Matmul: SingleResultOperation {
        static let code: UInt16 = 100, name = "matmul", inputCounts = 2...2
        static let samples: [Operation.Sample] = [
            .init(.matmul(transposeLeft: false, transposeRight: false), .signed(3, 4), .signed(4, 5)),
            .init(.matmul(transposeLeft: true, transposeRight: false), .signed(4, 3), .signed(4, 5)),
            .init(.matmul(transposeLeft: false, transposeRight: true), .signed(3, 4), .signed(5, 4)),
            .init(.matmul(transposeLeft: true, transposeRight: true), .signed(4, 3), .signed(5, 4)),
            .init(
                .matmul(transposeLeft: false, transposeRight: false), .signed(2, 1, 3, 4), .signed(5, 4, 2)),
        ]
        let transposeLeft: Bool
        let transposeRight: Bool

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .matmul(transposeLeft: try reader.flag(), transposeRight: try reader.flag())
        }

        var attributes: OperationAttributes {
            OperationAttributes([transposeLeft ? 1 : 0, transposeRight ? 1 : 0])
        }

        var rowEffect: RowEffect {
            RowEffect(
                .product(transposeLeft: transposeLeft, transposeRight: transposeRight), factors: 0..<2,
                .byOne,
                isProportional: true)
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloats()
            let left = rule.inputs[0].shape, right = rule.inputs[1].shape
            try rule.require(left.rank >= 2 && right.rank >= 2, "both sides need at least 2 axes")
            let (rows, inner) = matrix(left, isTransposed: transposeLeft)
            let (otherInner, columns) = matrix(right, isTransposed: transposeRight)
            try rule.require(inner == otherInner, "inner dimensions differ, \(inner) and \(otherInner)")
            guard let batch = left.leading(dropping: 2).broadcast(with: right.leading(dropping: 2)) else {
                throw rule.mismatch("the leading axes do not broadcast")
            }
            return ValueType(.float32, try rule.shape(batch + [rows, columns]))
        }

        private func matrix(_ shape: Shape, isTransposed: Bool) -> (rows: Int, columns: Int) {
            let rows = shape[shape.rank - 2], columns = shape[shape.rank - 1]
            return isTransposed ? (columns, rows) : (rows, columns)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [
                rule.like(0) {
                    transposeLeft
                        ? $0.emit(
                            .matmul(transposeLeft: transposeRight, transposeRight: true), $0.y, $0.cotangent)
                        : $0.emit(
                            .matmul(transposeLeft: false, transposeRight: !transposeRight), $0.cotangent, $0.y
                        )
                },
                rule.like(1) {
                    transposeRight
                        ? $0.emit(
                            .matmul(transposeLeft: true, transposeRight: transposeLeft), $0.cotangent, $0.x)
                        : $0.emit(
                            .matmul(transposeLeft: !transposeLeft, transposeRight: false), $0.x, $0.cotangent)
                },
            ]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            let left = inputs[0].shape, right = inputs[1].shape, shape = output.shape
            var product = MatrixProduct(
                rows: shape[shape.rank - 2], columns: shape[shape.rank - 1], inner: inner(left),
                transposesLeft: transposeLeft, transposesRight: transposeRight)
            var batch = shape.leading(dropping: 2)
            if right.rank == 2 && !transposeLeft {
                // One matrix for all positions: their rows make one tall matrix.
                product = MatrixProduct(
                    rows: batch.elementCount * product.rows, columns: product.columns, inner: product.inner,
                    transposesRight: transposeRight)
                batch = .scalar
            }
            let strides = [(left, product.rows * product.inner), (right, product.inner * product.columns)].map
            {
                (side, length) in
                batch.rank == 0
                    ? [] : side.leading(dropping: 2).strides(broadcastTo: batch).map { $0 * length }
            }
            return .product(product, batches: Walk(batch.dimensions, strides: strides, hasLongRows: false))
        }

        private func inner(_ left: Shape) -> Int { left[left.rank - (transposeLeft ? 2 : 1)] }

        func operationCount(_ inputs: [ValueType], _ output: ValueType) -> Int {
            2 * output.shape.elementCount * inner(inputs[0].shape)
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let right = transposeRight ? inputs[1].swapped : inputs[1]
            return (transposeLeft ? inputs[0].swapped : inputs[0]).product(right)
        }
    }

    /// x [..., in] · weightᵀ + bias, for a weight [out, in] and a bias [out].
    struct Linear: PlainOperation {
        static let operation = Operation.linear
        static let code: UInt16 = 101, name = "linear", inputCounts = 3...3
        static let samples: [Operation.Sample] = [
            .init(.linear, .signed(6, 4), .signed(5, 4), .signed(5)),
            .init(.linear, .signed(2, 3, 4), .signed(5, 4), .signed(5)),
        ]
        let rowEffect = RowEffect(.linear, factors: 0..<2, .byOne)

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloats()
            let x = rule.inputs[0].shape, weight = rule.inputs[1].shape, bias = rule.inputs[2].shape
            try rule.require(x.rank >= 2, "x needs at least 2 axes")
            try rule.require(weight.rank == 2, "the weight needs 2 axes [out, in]")
            try rule.require(
                x[x.rank - 1] == weight[1],
                "x has \(x[x.rank - 1]) features, the weight takes \(weight[1])")
            try rule.require(bias.dimensions == [weight[0]], "the bias is not [\(weight[0])]")
            return ValueType(.float32, try rule.shape(x.dimensions.dropLast() + [weight[0]]))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let input = Operation.matmul(transposeLeft: false, transposeRight: false)
            let weight = Operation.matmul(transposeLeft: true, transposeRight: false)
            return [
                rule.isNeeded[0] ? rule.emit(input, rule.cotangent, rule.y) : nil,
                rule.like(1) { $0.emit(weight, $0.cotangent, $0.x) },
                rule.like(2) { $0.cotangent },
            ]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .linear(x: inputs[0].shape, weight: inputs[1].shape, rectifies: false)
        }

        func operationCount(_ inputs: [ValueType], _ output: ValueType) -> Int {
            2 * output.shape.elementCount * inputs[1].shape[1]
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            ReferenceValue.broadcast([inputs[0].product(inputs[1].swapped), inputs[2]]) { $0[0] + $0[1] }
        }
    }
}

extension Shape {
    /// This shape without its last axes.
    func leading(dropping count: Int) -> Shape {
        let sizes = Array(dimensions.dropLast(count))
        return Shape(checked: sizes, elementCount: sizes.reduce(1, *))
    }
}
