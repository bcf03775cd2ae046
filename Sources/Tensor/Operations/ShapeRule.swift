extension ClosedRange<Int> {
    /// A number, or from which to which, for messages.
    var asCount: String { count == 1 ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)" }
}

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
        let counts = operation.inputCounts
        try require(counts.contains(inputs.count), "takes \(counts.asCount) values, got \(inputs.count)")
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
}
