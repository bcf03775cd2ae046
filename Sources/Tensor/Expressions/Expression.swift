/// One recorded step of a lazy computation: a leaf, or an operation on earlier expressions.
///
/// An expression is never changed once recorded, so it may be shared freely.
final class Expression: @unchecked Sendable {
    // Proof of `@unchecked`: the three inputs are written in `init` and once more in `deinit`, when no other
    // reference is left that could read them; all else is constant.

    /// Where a value comes from. What else may hold a leaf, such as a worker, becomes a case here.
    enum Kind: Sendable {
        /// A number that is part of the program.
        case scalar(Float)
        /// A value at hand.
        case value(TensorValue)
        /// A value named now and bound when a graph runs.
        case placeholder(Graph.Input)
        /// The current value of a module's parameter.
        case parameter(Parameter)
        /// A value that could not be made; the error surfaces where it is asked for.
        case failure(TensorError)
        /// An operation on the inputs.
        case operation(Operation)
    }

    let kind: Kind
    let origin: Origin?
    // Three fields in place of an array: one allocation per node, not two.
    private var first: Expression?
    private var second: Expression?
    private var third: Expression?

    init(
        _ kind: Kind, _ first: Expression? = nil, _ second: Expression? = nil, _ third: Expression? = nil,
        origin: Origin?
    ) {
        self.kind = kind
        self.first = first
        self.second = second
        self.third = third
        self.origin = origin
    }

    /// Lends each input in order.
    func forEachInput(_ body: (Expression) -> Void) {
        if let first { body(first) }
        if let second { body(second) }
        if let third { body(third) }
    }

    /// Frees what only this expression held in a loop: a chain freed by recursion overflows the stack.
    deinit {
        guard hasInputs else { return }
        var pending: [Expression] = []
        moveInputs(to: &pending)
        while var expression = pending.popLast() {
            if isKnownUniquelyReferenced(&expression) { expression.moveInputs(to: &pending) }
        }
    }

    private var hasInputs: Bool { first != nil }

    private func moveInputs(to pending: inout [Expression]) {
        move(&first, to: &pending)
        move(&second, to: &pending)
        move(&third, to: &pending)
    }

    private func move(_ input: inout Expression?, to pending: inout [Expression]) {
        // Leaves have nothing behind them, so ordinary release will do.
        if let expression = input.take(), expression.hasInputs { pending.append(expression) }
    }
}
