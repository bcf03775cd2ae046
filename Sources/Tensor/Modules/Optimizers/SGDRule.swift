/// Stochastic gradient descent, exactly as PyTorch's `torch.optim.SGD` does it.
///
/// With weight decay λ, momentum μ and rate η, a step is
///
///     g ← g + λ p        v ← μ v + g        g ← g + μ v (Nesterov) or v        p ← p − η g
///
/// Velocities start at zeros, which makes the first step's v = g as in PyTorch.
public struct SGDRule: OptimizerRule {
    /// The share μ of the velocity that is kept; 0 keeps no velocity.
    public let momentum: Float
    /// The share λ of the parameter added to its gradient.
    public let weightDecay: Float
    /// Whether the step looks ahead along the velocity.
    public let nesterov: Bool

    /// Plain gradient descent unless told otherwise.
    public init(momentum: Float = 0, weightDecay: Float = 0, nesterov: Bool = false) {
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.nesterov = nesterov
    }

    /// The velocity, where there is momentum.
    public var slotNames: [String] { momentum == 0 ? [] : ["velocity"] }

    /// False: parameters and velocities are sums of gradients.
    public var needsFullBatches: Bool { false }

    /// −η, the same at every step.
    public func numbers(step: Int, learningRate: Float) -> [Float] { [-learningRate] }

    /// None: every step is as the one before.
    public var firstCounters: [Float] { [] }

    /// −η, the same at every step.
    public func numbers(
        learningRate: Tensor, counters: [Tensor]
    ) -> (numbers: [Tensor], counters: [Tensor]) {
        ([-learningRate], [])
    }

    /// Records one step of one parameter.
    public func step(
        parameter: Tensor, gradient: Tensor, slots: [Tensor], numbers: [Tensor]
    ) -> (parameter: Tensor, slots: [Tensor]) {
        var direction = gradient, newSlots: [Tensor] = []
        if weightDecay != 0 {
            direction = direction.applying(.addProduct, Tensor(weightDecay), parameter)
        }
        if momentum != 0 {
            let velocity = direction.applying(.addProduct, Tensor(momentum), slots[0])
            newSlots = [velocity]
            direction = nesterov ? direction.applying(.addProduct, Tensor(momentum), velocity) : velocity
        }
        return (parameter.applying(.addProduct, numbers[0], direction), newSlots)
    }
}

// Every step has the same numbers, so a rate alone says all there is to say.
extension SGDRule {
    /// Records one step of several parameters at a fixed rate.
    ///
    /// - Throws: `TensorError.valueMismatch` where the counts do not match.
    public func step(
        parameters: [Tensor], gradients: [Tensor], state: [Tensor] = [], learningRate: Float
    ) throws(TensorError) -> (parameters: [Tensor], state: [Tensor]) {
        try step(
            parameters: parameters, gradients: gradients, state: state, numbers: [Tensor(-learningRate)])
    }

    /// Records one step of several parameters at a rate that is a scalar tensor: a placeholder lets it change
    /// from round to round without changing the graph.
    ///
    /// - Throws: `TensorError.valueMismatch` where the counts do not match.
    public func step(
        parameters: [Tensor], gradients: [Tensor], state: [Tensor] = [], learningRateFrom learningRate: Tensor
    ) throws(TensorError) -> (parameters: [Tensor], state: [Tensor]) {
        try step(parameters: parameters, gradients: gradients, state: state, numbers: [-learningRate])
    }
}
