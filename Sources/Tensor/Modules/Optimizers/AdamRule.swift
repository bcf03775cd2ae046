/// Adam (Kingma and Ba 2015), exactly as PyTorch's `torch.optim.Adam` does it, or `torch.optim.AdamW`.
///
/// With decay rates β₁ and β₂, weight decay λ and rate η, step t is
///
///     p ← (1 − η λ) p (AdamW)  or  g ← g + λ p
///     m ← m + (1 − β₁) (g − m)        v ← β₂ v + (1 − β₂) g²
///     p ← p − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
public struct AdamRule: OptimizerRule {
    /// How much of the mean β₁ a step keeps.
    public let beta1: Double
    /// How much of the variance β₂ a step keeps.
    public let beta2: Double
    /// What keeps the divisor from 0; added after both roots.
    public let epsilon: Float
    /// The share λ of the parameter a step takes away.
    public let weightDecay: Float
    /// Whether weight decay leaves the gradient alone and shrinks the parameter directly, as AdamW does
    /// (Loshchilov and Hutter 2019).
    public let decouplesWeightDecay: Bool

    /// PyTorch's defaults unless told otherwise.
    public init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0,
        decouplesWeightDecay: Bool = false
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.decouplesWeightDecay = decouplesWeightDecay
    }

    /// The running means of gradients and of their squares.
    public var slotNames: [String] { ["mean", "variance"] }

    /// −η / (1 − β₁ᵗ), 1 / √(1 − β₂ᵗ), and 1 − η λ where weight decay is decoupled.
    public func numbers(step: Int, learningRate: Float) -> [Float] {
        precondition(step >= 1, "steps are counted from 1")
        let rate = Double(learningRate)
        let size = -rate / (1 - power(beta1, step)), correction = 1 / (1 - power(beta2, step)).squareRoot()
        let isShrunk = decouplesWeightDecay && weightDecay != 0
        return [Float(size), Float(correction)] + (isShrunk ? [Float(1 - rate * Double(weightDecay))] : [])
    }

    /// β₁ and β₂ to the power of the steps taken.
    public var firstCounters: [Float] { [1, 1] }

    /// The same scalars from β₁ᵗ⁻¹ and β₂ᵗ⁻¹.
    public func numbers(
        learningRate: Tensor, counters: [Tensor]
    ) -> (numbers: [Tensor], counters: [Tensor]) {
        let first = counters[0] * Float(beta1), second = counters[1] * Float(beta2)
        let size = -learningRate / (1 - first), correction = (1 - second).sqrt().reciprocal()
        let isShrunk = decouplesWeightDecay && weightDecay != 0
        return ([size, correction] + (isShrunk ? [1 - learningRate * weightDecay] : []), [first, second])
    }

    /// Records one step of one parameter.
    public func step(
        parameter: Tensor, gradient: Tensor, slots: [Tensor], numbers: [Tensor]
    ) -> (parameter: Tensor, slots: [Tensor]) {
        var parameter = parameter, gradient = gradient
        if weightDecay != 0, decouplesWeightDecay {
            parameter = parameter * numbers[2]
        } else if weightDecay != 0 {
            gradient = gradient.applying(.addProduct, Tensor(weightDecay), parameter)
        }
        let mean = slots[0].applying(.addProduct, Tensor(Float(1 - beta1)), gradient - slots[0])
        let variance = (slots[1] * Float(beta2))
            .applying(.addProduct, gradient * Float(1 - beta2), gradient)
        let divisor = Tensor(epsilon).applying(.addProduct, numbers[1], variance.applying(.sqrt))
        return (parameter.applying(.addProduct, numbers[0], mean / divisor), [mean, variance])
    }
}

/// Raises to a whole power of 1 or more by squaring.
private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0, square = base, rest = exponent
    while rest > 0 {
        if rest & 1 == 1 { result *= square }
        square *= square
        rest >>= 1
    }
    return result
}
