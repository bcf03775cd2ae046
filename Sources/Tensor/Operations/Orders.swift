/// An operation that puts the elements along an axis in order, and tells where each was: equal ones as they came, a NaN
/// before all others where the largest come first, else after them.
protocol OrderingOperation: OperationDefinition {
    /// The axis along which elements are ordered.
    var axis: Int { get }
    /// Whether the largest come first.
    var isDescending: Bool { get }
    /// How many of a line of elements are kept.
    func keptCount(of size: Int) -> Int
}

extension OrderingOperation {
    static var inputCounts: ClosedRange<Int> { 1...1 }
    var resultCount: Int { 2 }
    // What is where in an order tells of single elements.
    var rowEffect: RowEffect { RowEffect(.picked) }
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

    func outputTypes(_ rule: ShapeRule) throws(TensorError) -> [ValueType] {
        try rule.requireFloats()
        let axis = try rule.resolve(axis: axis)
        var sizes = rule.inputs[0].shape.dimensions
        let count = keptCount(of: sizes[axis])
        try rule.require(
            count >= 0 && count <= sizes[axis], "\(count) of \(sizes[axis]) elements along axis \(axis)")
        sizes[axis] = count
        let shape = try rule.shape(sizes)
        return [ValueType(.float32, shape), ValueType(.int64, shape)]
    }

    func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
        guard let cotangent = rule.cotangents[0] else { return [nil] }
        return [rule.emit(.scatterAlong(axis: axis), cotangent, rule.output + 1, rule.x)]
    }

    func instruction(_ inputs: [ValueType], _ outputs: [ValueType]) -> Instruction {
        let axis = inputs[0].shape.resolving(axis)
        return .order(inputs[0].shape, axis: axis, count: outputs[0].shape[axis], isDescending: isDescending)
    }

    func operationCount(_ inputs: [ValueType], _ outputs: [ValueType]) -> Int {
        // Comparing n elements takes n · log₂ n steps, and a size has 31 bits.
        let count = inputs[0].shape.elementCount, size = inputs[0].shape[inputs[0].shape.resolving(axis)]
        return count * (Int.bitWidth - size.leadingZeroBitCount + 1)
    }

    func references(_ inputs: [ReferenceValue]) -> [ReferenceValue] {
        let x = inputs[0], axis = axis < 0 ? axis + x.sizes.count : axis
        var sizes = x.sizes
        sizes[axis] = keptCount(of: sizes[axis])
        func place(_ index: [Int]) -> Int {
            let line = (0..<x.sizes[axis]).map { position in
                var own = index
                own[axis] = position
                return x[own]
            }
            let order = line.indices.sorted { left, right in
                line[left] == line[right]
                    ? left < right : (line[left] > line[right]) == isDescending
            }
            return order[index[axis]]
        }
        return [
            ReferenceValue(sizes) { index in
                var own = index
                own[axis] = place(index)
                return x[own]
            },
            ReferenceValue(sizes) { Double(place($0)) },
        ]
    }
}

extension Operations {
    /// The largest along an axis, in falling order, and where they were.
    struct TopK: OrderingOperation {
        static let code: UInt16 = 75, name = "topK"
        static let samples: [Operation.Sample] = [
            .init(.topK(count: 2, axis: -1), .signed(3, 5)), .init(.topK(count: 3, axis: 0), .signed(4, 2)),
            .init(.topK(count: 2, axis: 1), .flags(2, 4, 3)), .init(.topK(count: 0, axis: 0), .signed(3, 2)),
        ]
        let count: Int
        let axis: Int
        let isDescending = true

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .topK(count: try reader.integer(), axis: try reader.integer())
        }

        var attributes: OperationAttributes { OperationAttributes([count, axis]) }
        func keptCount(of size: Int) -> Int { count }
    }

    /// All along an axis in order, and where they were.
    struct Sort: OrderingOperation {
        static let code: UInt16 = 76, name = "sort"
        static let samples: [Operation.Sample] = [
            .init(.sort(axis: -1, descending: false), .signed(3, 5)),
            .init(.sort(axis: 0, descending: true), .signed(4, 2)),
            .init(.sort(axis: 1, descending: false), .flags(2, 4, 3)),
        ]
        let axis: Int
        let isDescending: Bool

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .sort(axis: try reader.integer(), descending: try reader.flag())
        }

        var attributes: OperationAttributes { OperationAttributes([axis, isDescending ? 1 : 0]) }
        func keptCount(of size: Int) -> Int { size }
    }
}
