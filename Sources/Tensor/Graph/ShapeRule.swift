/// The checks shape rules are made of: an operation, the types given to it, and the errors that name both.
struct ShapeRule {
    let operation: Operation
    let inputs: [ValueType]
    let origin: Origin?

    /// An error about the shapes.
    func mismatch(_ reason: String) -> TensorError {
        .shapeMismatch(
            operation: operation.name, shapes: inputs.map(\.shape), reason: reason, origin: origin)
    }

    /// An error about the element types.
    func typeMismatch(_ reason: String) -> TensorError {
        .elementTypeMismatch(
            operation: operation.name, types: inputs.map(\.elementType), reason: reason, origin: origin)
    }

    /// Throws unless the condition holds.
    func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(TensorError) {
        guard condition else { throw mismatch(reason()) }
    }

    /// The operation has as many inputs as it reads.
    func requireInputCount() throws(TensorError) {
        try require(
            inputs.count == operation.inputCount, "takes \(operation.inputCount) values, got \(inputs.count)")
    }

    /// All inputs are float32.
    func requireFloats() throws(TensorError) {
        for input in inputs { try requireFloat(input) }
    }

    /// An input is float32.
    func requireFloat(_ input: ValueType) throws(TensorError) {
        guard input.elementType == .float32 else { throw typeMismatch("takes float32") }
    }

    /// All inputs have one element type, whichever.
    func requireSameElementTypes() throws(TensorError) {
        guard inputs.allSatisfy({ $0.elementType == inputs[0].elementType }) else {
            throw typeMismatch("takes values of one element type")
        }
    }

    /// An input holds labels.
    func requireLabels(_ input: ValueType) throws(TensorError) {
        guard input.elementType == .int32 || input.elementType == .int64 else {
            throw typeMismatch("takes labels of int32 or int64")
        }
    }

    /// Sizes as a shape, an overflow named as this operation's.
    func shape(_ sizes: [Int]) throws(TensorError) -> Shape {
        do throws(TensorError) {
            return try Shape(sizes)
        } catch {
            throw mismatch("the result has \(error)")
        }
    }

    /// What all inputs broadcast to.
    func broadcastShape() throws(TensorError) -> Shape {
        var result = Shape.scalar
        for input in inputs {
            guard let sizes = result.broadcast(with: input.shape) else {
                throw mismatch("the shapes do not broadcast")
            }
            result = try shape(sizes)
        }
        return result
    }

    /// One axis of the first input, counted from 0.
    func resolve(axis: Int) throws(TensorError) -> Int {
        let rank = inputs[0].shape.rank
        guard let resolved = Shape.resolve(axis: axis, rank: rank) else {
            throw mismatch("there is no axis \(axis)")
        }
        return resolved
    }

    /// Axes of a shape, counted from 0.
    func resolve(axes: [Int]?, rank: Int) throws(TensorError) -> [Int] {
        guard let resolved = Shape.resolve(axes: axes, rank: rank) else {
            throw mismatch("axes \(axes ?? []) are empty, repeated or out of range")
        }
        return resolved
    }

    /// A shape reduced over axes.
    func reduced(_ shape: Shape, _ axes: [Int]?, keepsDimensions: Bool) throws(TensorError) -> Shape {
        let resolved = try resolve(axes: axes, rank: shape.rank)
        return try self.shape(shape.reduced(over: resolved, keepsDimensions: keepsDimensions))
    }

    /// Something to choose from: the reduced axes of the first input are not empty.
    func requireElements(along axes: [Int]) throws(TensorError) {
        try require(
            axes.allSatisfy { inputs[0].shape[$0] > 0 }, "nothing to choose from along an axis of size 0")
    }

    /// The product of matrices over the last two axes, the others broadcast.
    func matrixProduct(transposeLeft: Bool, transposeRight: Bool) throws(TensorError) -> ValueType {
        try requireFloats()
        let left = inputs[0].shape, right = inputs[1].shape
        try require(left.rank >= 2 && right.rank >= 2, "both sides need at least 2 axes")
        let (rows, inner) = matrix(left, isTransposed: transposeLeft)
        let (otherInner, columns) = matrix(right, isTransposed: transposeRight)
        try require(inner == otherInner, "inner dimensions differ, \(inner) and \(otherInner)")
        let leftBatch = try shape(Array(left.dimensions.dropLast(2)))
        let rightBatch = try shape(Array(right.dimensions.dropLast(2)))
        guard let batch = leftBatch.broadcast(with: rightBatch) else {
            throw mismatch("the leading axes do not broadcast")
        }
        return ValueType(.float32, try shape(batch + [rows, columns]))
    }

    private func matrix(_ shape: Shape, isTransposed: Bool) -> (rows: Int, columns: Int) {
        let rows = shape[shape.rank - 2], columns = shape[shape.rank - 1]
        return isTransposed ? (columns, rows) : (rows, columns)
    }

    /// Sizes for the first input's elements, 0 and −1 resolved.
    func reshaped(to sizes: [Int]) throws(TensorError) -> Shape {
        let source = inputs[0].shape
        try require(sizes.count <= Shape.rankMaximum, "more than \(Shape.rankMaximum) axes")
        try require(sizes.allSatisfy { $0 >= -1 }, "a negative size in \(sizes)")
        try require(sizes.filter { $0 == -1 }.count <= 1, "more than one size is -1 in \(sizes)")
        var kept = sizes
        for (axis, size) in sizes.enumerated() where size == 0 {
            try require(axis < source.rank, "there is no axis \(axis) whose size to keep")
            kept[axis] = source[axis]
        }
        guard let unknown = sizes.firstIndex(of: -1) else {
            let result = try shape(kept)
            try require(
                result.elementCount == source.elementCount,
                "\(source.elementCount) elements do not fill \(result)")
            return result
        }
        kept[unknown] = try remainder(of: source, sizes: sizes)
        return try shape(kept)
    }

    /// What −1 stands for: kept axes cancel on both sides, so that an empty batch keeps its shape.
    private func remainder(of source: Shape, sizes: [Int]) throws(TensorError) -> Int {
        let given = try shape(sizes.filter { $0 > 0 }).elementCount
        let moved = source.dimensions.indices.filter { $0 >= sizes.count || sizes[$0] != 0 }
        let available = try shape(moved.map { source[$0] }).elementCount
        try require(available % given == 0, "\(source.elementCount) elements do not fill \(sizes)")
        return available / given
    }

    /// The first input's shape with its axes in another order.
    func transposed(by permutation: [Int]) throws(TensorError) -> Shape {
        let source = inputs[0].shape
        try require(
            permutation.count <= Shape.rankMaximum && permutation.sorted() == Array(0..<source.rank),
            "\(permutation) is no order of \(source.rank) axes")
        return try shape(permutation.map { source[$0] })
    }

    /// What a slice leaves of a shape: every range must lie within its axis.
    func sliced(
        _ source: Shape, _ starts: [Int], _ stops: [Int], _ steps: [Int]
    ) throws(TensorError) -> Shape {
        try require(
            starts.count == stops.count && starts.count == steps.count,
            "\(starts.count) starts, \(stops.count) stops and \(steps.count) steps")
        try require(starts.count <= source.rank, "\(starts.count) ranges for \(source.rank) axes")
        var sizes = source.dimensions
        for axis in starts.indices {
            let range = SliceRange(starts[axis], stops[axis], steps[axis])
            guard let count = range.count(of: sizes[axis]) else {
                throw mismatch("axis \(axis) of size \(sizes[axis]) has no \(range)")
            }
            sizes[axis] = count
        }
        return try shape(sizes)
    }

    /// The first input's shape repeated along axes of size 1.
    func expanded(to sizes: [Int]) throws(TensorError) -> Shape {
        let source = inputs[0].shape
        try require(
            sizes.count >= source.rank && sizes.count <= Shape.rankMaximum, "cannot expand to \(sizes)")
        try require(sizes.allSatisfy { $0 >= 0 }, "a negative size in \(sizes)")
        var result = sizes
        for axis in 0..<sizes.count {
            let own = axis - (sizes.count - source.rank)
            if sizes[axis] == 0 {
                try require(own >= 0, "there is no axis \(axis) whose size to keep")
                result[axis] = source[own]
            } else if own >= 0 {
                try require(source[own] == 1 || source[own] == sizes[axis], "cannot expand to \(sizes)")
            }
        }
        return try shape(result)
    }
}
