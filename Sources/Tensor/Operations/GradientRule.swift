/// One step of the walk backwards: a node, the cotangents of its results, and where to put new nodes.
///
/// No rule knows a shape: what must follow a shape is made by `sumLike`, `broadcastLike` and `reshapeLike`
/// from the value that has it. Every rule is made of operations of the table, so gradients have gradients.
struct GradientRule {
    typealias ValueID = GraphBuilder.ValueID

    let node: Graph.Node
    /// The first result; the others have the numbers after it.
    let output: ValueID
    /// For each result, the cotangent it has, if the loss depends on it: of at least one.
    let cotangents: [ValueID?]
    /// The cotangent of the only result, or of the first that has one.
    let cotangent: ValueID
    /// For each input, whether anyone wants its gradient.
    let isNeeded: [Bool]
    let origin: Origin?
    var builder: GraphBuilder

    /// The first input.
    var x: ValueID { node.inputs[0] }
    /// The second.
    var y: ValueID { node.inputs[1] }
    /// The third.
    var z: ValueID { node.inputs[2] }

    /// What each input's gradient gains from this node; `nil` where it gains nothing.
    ///
    /// - Throws: `TensorError.notDifferentiable` naming the operation.
    mutating func contributions() throws(TensorError) -> [ValueID?] {
        try node.operation.definition.gradient(&self)
    }

    /// Adds a node.
    mutating func emit(_ operation: Operation, _ inputs: ValueID...) -> ValueID {
        builder.append(operation, inputs, origin: origin)
    }

    /// Adds a node that reads any number of values.
    mutating func emit(_ operation: Operation, all inputs: [ValueID]) -> ValueID {
        builder.append(operation, inputs, origin: origin)
    }

    /// A number.
    mutating func constant(_ scalar: Float) -> ValueID { builder.constant(scalar) }

    /// A product, left out where one side is the constant 1 the walk starts from.
    mutating func product(_ left: ValueID, _ right: ValueID) -> ValueID {
        let one = constant(1)
        if left == one { return right }
        if right == one { return left }
        return emit(.multiply, left, right)
    }

    /// Sums what broadcasting repeated: `value()` with the shape of an input, if its gradient is wanted.
    mutating func like(_ index: Int, _ value: (inout GradientRule) -> ValueID) -> ValueID? {
        guard isNeeded[index] else { return nil }
        let value = value(&self)
        return emit(.sumLike, value, node.inputs[index])
    }

    /// Repeats what a reduction of the first input made over the axes it removed.
    mutating func spread(
        _ value: ValueID, _ axes: [Int]?, _ keepsDimensions: Bool, averaging: Bool = false
    ) -> ValueID {
        emit(.broadcastLike(axes: axes, keepsDimensions: keepsDimensions, averaging: averaging), value, x)
    }

    /// 1 where the winner is greater, a half where both are equal, else 0.
    mutating func share(_ winner: ValueID, _ loser: ValueID) -> ValueID {
        emit(.addProduct, emit(.greater, winner, loser), constant(0.5), emit(.equal, winner, loser))
    }

    /// That the operation has no gradient, and why.
    func refusal(_ reason: String) -> TensorError {
        .notDifferentiable(operation: node.operation.name, reason: reason, origin: origin)
    }
}
