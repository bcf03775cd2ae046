/// How an optimizer changes one parameter: a pure function from tensors to tensors.
///
/// A rule records the update as more graph, which runs wherever the parameter is. What it keeps between steps
/// are slots: tensors of the parameter's shape, zeros before the first step. What changes from step to step
/// but is the same for all parameters, such as the learning rate, are numbers: scalars the graph takes as
/// inputs, so that one graph serves every step.
public protocol OptimizerRule: Sendable {
    /// The names of what is kept per parameter, such as `velocity`; none for a rule without memory.
    var slotNames: [String] { get }

    /// Whether what a step keeps is more than plain sums of gradients, so that a worker counts what leaves it as of
    /// its smallest batch; true for a rule that does not say.
    var needsFullBatches: Bool { get }

    /// The scalars of one step.
    ///
    /// There are as many at every step. They are computed in double precision, where powers close to 1 keep
    /// their digits.
    ///
    /// - Parameter step: 1 for the first step, then 2 and so on.
    func numbers(step: Int, learningRate: Float) -> [Float]

    /// The scalars kept between steps where one recorded step is repeated, as in a program, before the first.
    var firstCounters: [Float] { get }

    /// Records the scalars of one step from those kept, and what is kept for the next.
    ///
    /// They are those of `numbers(step:learningRate:)`, in single precision.
    func numbers(learningRate: Tensor, counters: [Tensor]) -> (numbers: [Tensor], counters: [Tensor])

    /// Records one step of one parameter.
    ///
    /// - Parameters:
    ///   - parameter: What is learned.
    ///   - gradient: The loss's gradient with respect to it.
    ///   - slots: One tensor per name in `slotNames`, as the last step left it.
    ///   - numbers: Scalar tensors of what `numbers(step:learningRate:)` gives.
    /// - Returns: The parameter and its slots after the step.
    func step(
        parameter: Tensor, gradient: Tensor, slots: [Tensor], numbers: [Tensor]
    ) -> (parameter: Tensor, slots: [Tensor])
}

// Many parameters at once. Their state is a flat list: the first slot of every parameter, then the second of
// every parameter, and so on.
extension OptimizerRule {
    /// Squares and quotients of gradients are no plain sums: true unless a rule knows better.
    public var needsFullBatches: Bool { true }

    /// The state before the first step: zeros for every slot of every parameter.
    public func initialState(for parameters: [ValueType]) -> [TensorValue] {
        slotNames.flatMap { _ in parameters.map(TensorValue.zeros) }
    }

    /// Records one step of several parameters.
    ///
    /// - Parameters:
    ///   - parameters: What is learned.
    ///   - gradients: The loss's gradient with respect to each parameter.
    ///   - state: What the last step returned, or tensors for `initialState`.
    ///   - numbers: Scalar tensors of what `numbers(step:learningRate:)` gives.
    /// - Returns: The parameters and the state after the step, in the same order.
    /// - Throws: `TensorError.valueMismatch` where the counts do not match.
    public func step(
        parameters: [Tensor], gradients: [Tensor], state: [Tensor] = [], numbers: [Tensor]
    ) throws(TensorError) -> (parameters: [Tensor], state: [Tensor]) {
        let count = parameters.count, slotCount = slotNames.count
        try check("gradients", gradients.count, count)
        try check("state", state.count, slotCount * count)
        try check("numbers", numbers.count, self.numbers(step: 1, learningRate: 1).count)
        var newParameters: [Tensor] = [], newState = state
        for (index, parameter) in parameters.enumerated() {
            let indices = (0..<slotCount).map { $0 * count + index }
            let new = step(
                parameter: parameter, gradient: gradients[index], slots: indices.map { state[$0] },
                numbers: numbers)
            newParameters.append(new.parameter)
            for (index, slot) in zip(indices, new.slots) { newState[index] = slot }
        }
        return (newParameters, newState)
    }

    private func check(_ what: String, _ got: Int, _ expected: Int) throws(TensorError) {
        guard got == expected else {
            throw .valueMismatch(name: "\(Self.self) \(what)", expected: "\(expected) tensors", got: "\(got)")
        }
    }
}
