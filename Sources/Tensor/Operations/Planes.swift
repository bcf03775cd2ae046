/// An operation by indices in planes, the last axes of a value taken as one: where pools have found their largest.
protocol PlaneOperation: SinglePassOperation {
    /// How many last axes are a plane.
    var axes: Int { get }
}

extension PlaneOperation {
    var attributes: OperationAttributes { OperationAttributes([axes]) }

    /// Indices lie in planes that match those of a value.
    fileprivate func requirePlanes(
        of whole: Shape, by indices: ValueType, _ rule: ShapeRule
    ) throws(TensorError) {
        try rule.requireLabels(indices)
        try rule.require(
            axes >= 1 && axes < whole.rank && indices.shape.rank == whole.rank,
            "planes of \(axes) axes, indices of \(indices.shape.rank)")
        let leading = whole.rank - axes
        try rule.require(
            whole.dimensions.prefix(leading) == indices.shape.dimensions.prefix(leading),
            "the axes before the planes differ")
    }

    /// The planes of a shape as lines: [planes, elements].
    fileprivate func lines(_ shape: Shape) -> Shape {
        let sizes = [shape.dimensions.dropLast(axes), shape.dimensions.suffix(axes)].map { $0.reduce(1, *) }
        return Shape(checked: sizes, elementCount: shape.elementCount)
    }

    /// The index of an element of the plane that an index lies in.
    fileprivate func element(_ place: Double, _ index: [Int], _ sizes: [Int]) -> [Int] {
        var rest = Int(place), own = index
        for axis in sizes.indices.suffix(axes).reversed() {
            own[axis] = rest % sizes[axis]
            rest /= sizes[axis]
        }
        return own
    }

    fileprivate func planeSize(_ shape: Shape) -> Int { shape.dimensions.suffix(axes).reduce(1, *) }
}

extension Operations {
    /// The elements of each plane at the indices of the same plane.
    struct TakePlanes: PlaneOperation {
        static let code: UInt16 = 132, name = "takePlanes", inputCounts = 2...2
        static let samples: [Operation.Sample] = [
            .init(.takePlanes(axes: 2), .signed(2, 3, 4), .labels(.int64, below: 12, 2, 2, 1)),
            .init(.takePlanes(axes: 1), .labels(.uint8, below: 9, 2, 3), .labels(.int32, below: 3, 2, 5)),
        ]
        let axes: Int
        let rowEffect = RowEffect(.rowwise(.none), .byFirst)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .takePlanes(axes: try reader.integer())
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try requirePlanes(of: rule.inputs[0].shape, by: rule.inputs[1], rule)
            return ValueType(rule.inputs[0].elementType, rule.inputs[1].shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard rule.isNeeded[0] else { return [nil, nil] }
            return [rule.emit(.scatterPlanes(axes: axes), rule.cotangent, rule.y, rule.x), nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .takeAlong(
                output.elementType, from: lines(inputs[0].shape), axis: 1,
                indices: ValueType(inputs[1].elementType, lines(inputs[1].shape)))
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? {
            (1, planeSize(inputs[0].shape))
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            ReferenceValue(inputs[1].sizes) { index in
                inputs[0][element(inputs[1][index], index, inputs[0].sizes)]
            }
        }
    }

    /// Zeros of the third input's shape, each of the first added where its index says in its plane.
    struct ScatterPlanes: PlaneOperation {
        static let code: UInt16 = 133, name = "scatterPlanes", inputCounts = 3...3
        static let samples: [Operation.Sample] = [
            .init(
                .scatterPlanes(axes: 2), .signed(2, 2, 1), .labels(.int64, below: 12, 2, 2, 1),
                .signed(2, 3, 4)),
            .init(
                .scatterPlanes(axes: 1), .signed(2, 5), .labels(.int32, below: 3, 2, 5),
                .labels(.uint8, below: 2, 2, 3)),
        ]
        let axes: Int
        let rowEffect = RowEffect(.rowwise(.none), informing: 2, .byFirst)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .scatterPlanes(axes: try reader.integer())
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloat(rule.inputs[0])
            try requirePlanes(of: rule.inputs[2].shape, by: rule.inputs[1], rule)
            try rule.require(
                rule.inputs[0].shape == rule.inputs[1].shape, "there are not as many values as indices")
            return ValueType(.float32, rule.inputs[2].shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard rule.isNeeded[0] else { return [nil, nil, nil] }
            return [rule.emit(.takePlanes(axes: axes), rule.cotangent, rule.y), nil, nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .scatterAlong(
                into: lines(output.shape), axis: 1,
                indices: ValueType(inputs[1].elementType, lines(inputs[1].shape)))
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? {
            (1, planeSize(inputs[2].shape))
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            var sums: [[Int]: Double] = [:]
            for index in ReferenceValue.indices(inputs[1].sizes) {
                let own = element(inputs[1][index], index, inputs[2].sizes)
                sums[own, default: 0] += inputs[0][index]
            }
            return ReferenceValue(inputs[2].sizes) { sums[$0] ?? 0 }
        }
    }
}
