/// An operation that says how the elements of one value lie.
protocol LayoutOperation: SinglePassOperation {}

extension LayoutOperation {
    static var inputCounts: ClosedRange<Int> { 1...1 }
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }
}

extension Operations {
    /// The same elements under other sizes; one may be −1 (what remains), 0 keeps the input's size at that axis.
    struct Reshape: LayoutOperation {
        static let code: UInt16 = 120, name = "reshape"
        static let samples: [Operation.Sample] = [
            .init(.reshape(to: [4, 6]), .signed(2, 3, 4)), .init(.reshape(to: [0, -1]), .signed(2, 3, 4)),
        ]
        let sizes: [Int]
        let rowEffect = RowEffect(.reshaped, .proportional, isProportional: true)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .reshape(to: try reader.list())
        }

        var attributes: OperationAttributes { OperationAttributes(sizes) }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            ValueType(rule.inputs[0].elementType, try shape(rule))
        }

        /// Sizes for the input's elements, 0 and −1 resolved.
        private func shape(_ rule: ShapeRule) throws(TensorError) -> Shape {
            let source = rule.inputs[0].shape
            try rule.require(sizes.count <= Shape.rankMaximum, "more than \(Shape.rankMaximum) axes")
            try rule.require(sizes.allSatisfy { $0 >= -1 }, "a negative size in \(sizes)")
            try rule.require(sizes.filter { $0 == -1 }.count <= 1, "more than one size is -1 in \(sizes)")
            var kept = sizes
            for (axis, size) in sizes.enumerated() where size == 0 {
                try rule.require(axis < source.rank, "there is no axis \(axis) whose size to keep")
                kept[axis] = source[axis]
            }
            guard let unknown = sizes.firstIndex(of: -1) else {
                let result = try rule.shape(kept)
                try rule.require(
                    result.elementCount == source.elementCount,
                    "\(source.elementCount) elements do not fill \(result)")
                return result
            }
            kept[unknown] = try remainder(rule, of: source)
            return try rule.shape(kept)
        }

        /// What −1 stands for: kept axes cancel on both sides, so that an empty batch keeps its shape.
        private func remainder(_ rule: ShapeRule, of source: Shape) throws(TensorError) -> Int {
            let given = try rule.shape(sizes.filter { $0 > 0 }).elementCount
            let moved = source.dimensions.indices.filter { $0 >= sizes.count || sizes[$0] != 0 }
            let available = try rule.shape(moved.map { source[$0] }).elementCount
            try rule.require(available % given == 0, "\(source.elementCount) elements do not fill \(sizes)")
            return available / given
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.emit(.reshapeLike, rule.cotangent, rule.x)]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .copy(byteCount: output.byteCount)
        }

        func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool { true }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let x = inputs[0]
            let kept = sizes.enumerated().map { $1 == 0 ? x.sizes[$0] : $1 }
            let given = kept.filter { $0 != -1 }.reduce(1, *)
            return ReferenceValue(kept.map { $0 == -1 ? x.sizes.reduce(1, *) / given : $0 }, x.numbers)
        }
    }

    /// The axes in another order.
    struct Transpose: LayoutOperation {
        static let code: UInt16 = 121, name = "transpose"
        static let samples: [Operation.Sample] = [
            .init(.transpose(permutation: [2, 0, 1]), .signed(2, 3, 4))
        ]
        let permutation: [Int]

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .transpose(permutation: try reader.list())
        }

        var attributes: OperationAttributes { OperationAttributes(permutation) }

        var rowEffect: RowEffect {
            RowEffect(.transposed(permutation), .proportional, isProportional: true)
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            let source = rule.inputs[0].shape
            try rule.require(
                permutation.count <= Shape.rankMaximum && permutation.sorted() == Array(0..<source.rank),
                "\(permutation) is no order of \(source.rank) axes")
            return ValueType(rule.inputs[0].elementType, try rule.shape(permutation.map { source[$0] }))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            let inverse = permutation.indices.sorted { permutation[$0] < permutation[$1] }
            return [rule.emit(.transpose(permutation: inverse), rule.cotangent)]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            let strides = inputs[0].shape.strides
            return .move(
                output.elementType, Walk(output.shape.dimensions, strides: [permutation.map { strides[$0] }]))
        }

        func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool {
            let moved = permutation.filter { inputs[0].shape[$0] != 1 }
            return moved == moved.sorted()
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue { inputs[0].transposed(permutation) }
    }

    /// Repeats along axes of size 1, as broadcasting does; 0 keeps the input's size at that (right-aligned) axis.
    struct Expand: LayoutOperation {
        static let code: UInt16 = 122, name = "expand"
        static let samples: [Operation.Sample] = [.init(.expand(to: [3, 0, 5]), .signed(4, 1))]
        let sizes: [Int]
        let rowEffect = RowEffect(.expanded, .proportional, isProportional: true)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .expand(to: try reader.list())
        }

        var attributes: OperationAttributes { OperationAttributes(sizes) }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloats()
            let source = rule.inputs[0].shape
            try rule.require(
                sizes.count >= source.rank && sizes.count <= Shape.rankMaximum, "cannot expand to \(sizes)")
            try rule.require(sizes.allSatisfy { $0 >= 0 }, "a negative size in \(sizes)")
            var result = sizes
            for axis in 0..<sizes.count {
                let own = axis - (sizes.count - source.rank)
                if sizes[axis] == 0 {
                    try rule.require(own >= 0, "there is no axis \(axis) whose size to keep")
                    result[axis] = source[own]
                } else if own >= 0 {
                    try rule.require(
                        source[own] == 1 || source[own] == sizes[axis], "cannot expand to \(sizes)")
                }
            }
            return ValueType(.float32, try rule.shape(result))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.emit(.sumLike, rule.cotangent, rule.x)]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .move(output.elementType, Walk(broadcasting: [inputs[0].shape], to: output.shape))
        }

        // Where the number of elements stays, nothing was repeated.
        func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool {
            inputs[0].shape.elementCount == output.shape.elementCount
        }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            let x = inputs[0]
            let target = sizes.enumerated().map { $1 == 0 ? x.sizes[$0 - sizes.count + x.sizes.count] : $1 }
            return ReferenceValue(target) { x[$0] }
        }
    }
}
