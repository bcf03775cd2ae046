/// Stochastic gradient descent, exactly as PyTorch's `torch.optim.SGD` does it.
///
/// An optimizer is a function from tensors to tensors: it records the update as more graph, which runs
/// wherever the parameters are. With weight decay λ, momentum μ and rate η, a step is
///
///     g ← g + λ p        v ← μ v + g        g ← g + μ v (Nesterov) or v        p ← p − η g
///
/// Velocities start at zeros, which makes the first step's v = g as in PyTorch.
public struct SGD: Sendable {
    /// The rate η; a placeholder lets it change from round to round without changing the graph.
    public let learningRate: Tensor
    /// The share μ of the velocity that is kept; 0 keeps no velocity.
    public let momentum: Float
    /// The share λ of the parameter added to its gradient.
    public let weightDecay: Float
    /// Whether the step looks ahead along the velocity.
    public let nesterov: Bool

    private let negativeRate: Tensor

    /// An optimizer with a fixed rate.
    public init(learningRate: Float, momentum: Float = 0, weightDecay: Float = 0, nesterov: Bool = false) {
        self.learningRate = Tensor(learningRate)
        self.negativeRate = Tensor(-learningRate)
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.nesterov = nesterov
    }

    /// An optimizer whose rate is a scalar tensor, such as an input.
    public init(
        learningRateFrom learningRate: Tensor, momentum: Float = 0, weightDecay: Float = 0,
        nesterov: Bool = false
    ) {
        self.learningRate = learningRate
        self.negativeRate = -learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.nesterov = nesterov
    }

    /// The state before the first step: a velocity of zeros per parameter, or nothing without momentum.
    public func initialState(for parameters: [ValueType]) -> [TensorValue] {
        momentum == 0 ? [] : parameters.map(TensorValue.zeros)
    }

    /// Records one step.
    ///
    /// - Parameters:
    ///   - parameters: What is learned.
    ///   - gradients: The loss's gradient with respect to each parameter.
    ///   - state: What the last step returned, or tensors for `initialState`.
    /// - Returns: The parameters and the state after the step, in the same order.
    /// - Throws: `TensorError.valueMismatch` where the counts do not match.
    public func step(
        parameters: [Tensor], gradients: [Tensor], state: [Tensor] = []
    ) throws(TensorError) -> (parameters: [Tensor], state: [Tensor]) {
        try SGD.check("gradients", gradients.count, parameters.count)
        try SGD.check("state", state.count, momentum == 0 ? 0 : parameters.count)
        var newParameters: [Tensor] = [], newState: [Tensor] = []
        for (index, parameter) in parameters.enumerated() {
            var direction = gradients[index]
            if weightDecay != 0 {
                direction = direction.applying(.addProduct, Tensor(weightDecay), parameter)
            }
            if momentum != 0 {
                let velocity = direction.applying(.addProduct, Tensor(momentum), state[index])
                newState.append(velocity)
                direction = nesterov ? direction.applying(.addProduct, Tensor(momentum), velocity) : velocity
            }
            newParameters.append(parameter.applying(.addProduct, negativeRate, direction))
        }
        return (newParameters, newState)
    }

    private static func check(_ what: String, _ got: Int, _ expected: Int) throws(TensorError) {
        guard got == expected else {
            throw .valueMismatch(name: "SGD \(what)", expected: "\(expected) tensors", got: "\(got)")
        }
    }
}
