import Ground

/// Stochastic gradient descent: `SGD(model.parameters, learningRate: 0.1)`.
public typealias SGD = Optimizer<SGDRule>

/// Adam (Kingma and Ba 2015): `Adam(model.parameters, learningRate: 0.001)`.
public typealias Adam = Optimizer<AdamRule>

/// Where an optimizer's state, such as velocities, lives when parameters travel.
public enum OptimizerState: Sendable, Hashable {
    /// It goes where its parameter goes, and comes back with it: one state, however many locations.
    case withParameters
    /// Each location has a state of its own, which never leaves it.
    case perLocation
}

/// A rule applied to the parameters of a model, step by step, wherever they are.
///
/// A step computes nothing: it records what the parameters become, from the gradients `backward()` has found.
/// What was recorded is computed when the model, or anything that depends on it, is asked for. Parameters
/// without a gradient stay as they are.
///
/// ```swift
/// let optimizer = SGD(model.parameters, learningRate: 0.1)
/// optimizer.zeroGradients()
/// let loss = ((model(data) - target) ** 2).sum()
/// loss.backward()
/// optimizer.step()
/// ```
public final class Optimizer<Rule: OptimizerRule>: Sendable {
    /// How a parameter changes.
    public let rule: Rule
    /// Where the state lives.
    public let placement: OptimizerState
    private let parameters: [Parameter]
    private let state: Lock<State>

    fileprivate struct State {
        var learningRate: Float
        var states: [LocationState] = []
    }

    /// The state at one location, or the one state that travels; how many steps it has seen its slots know.
    fileprivate struct LocationState {
        let location: any Location
        /// The slots of each parameter that has taken a step.
        var slots: [[Parameter]?]
    }

    /// An optimizer of parameters by a rule.
    public init(
        _ parameters: [NamedParameter], rule: Rule, learningRate: Float,
        state placement: OptimizerState = .withParameters
    ) {
        self.parameters = parameters.map(\.parameter)
        self.rule = rule
        self.placement = placement
        state = Lock(State(learningRate: learningRate))
    }

    /// The size of the next steps.
    public var learningRate: Float {
        get { state.withLock { $0.learningRate } }
        set { state.withLock { $0.learningRate = newValue } }
    }

    /// Forgets the gradients found so far.
    public func zeroGradients() {
        for parameter in parameters { parameter.zeroGradient() }
    }

    /// Records one step of every parameter that has a gradient.
    public func step() {
        state.withLock { state in
            // The numbers of this step, by how many came before: as a rule all parameters have seen as many.
            var known: [(step: Int, numbers: [Tensor])] = []
            for (index, parameter) in parameters.enumerated() {
                guard let gradient = parameter.gradient else { continue }
                let tensor = parameter.tensor
                let number = state.number(
                    of: placement == .perLocation ? tensor.location : Here.shared, parameters.count)
                let slots = state.states[number].slots[index] ?? makeSlots(of: parameter)
                state.states[number].slots[index] = slots
                let step = begin(slots, tensor)
                let numbers =
                    known.first { $0.step == step }?.numbers ?? numbers(of: step, state.learningRate)
                if known.last?.step != step { known.append((step, numbers)) }
                let new = rule.step(
                    parameter: tensor, gradient: gradient, slots: slots.map(\.tensor), numbers: numbers)
                parameter.cell.advance(to: new.parameter.expression)
                for (slot, tensor) in zip(slots, new.slots) {
                    slot.cell.advance(to: tensor.expression, step: step)
                }
            }
        }
    }

    /// The number of the next step of a parameter with these slots, which are zeros where its first step is
    /// still to be taken: it may have been undone, or what a worker kept may be lost.
    private func begin(_ slots: [Parameter], _ parameter: Tensor) -> Int {
        guard let first = slots.first else { return 1 }
        let isThere = slots.allSatisfy {
            $0.cell.version.location.agrees(with: parameter.expression.location)
        }
        if first.cell.step == 0 || !isThere {
            let zeros = Tensor(0).applying(
                .broadcastLike(axes: nil, keepsDimensions: false, averaging: false), parameter)
            for slot in slots { slot.cell.advance(to: zeros.expression, step: 0) }
        }
        return first.cell.step + 1
    }

    private func numbers(of step: Int, _ learningRate: Float) -> [Tensor] {
        rule.numbers(step: step, learningRate: learningRate).map { number in
            Tensor(Expression(.number(number), location: .anywhere, origin: nil))
        }
    }

    private func makeSlots(of parameter: Parameter) -> [Parameter] {
        rule.slotNames.map { name in
            let slot = Parameter("\(parameter.name).\(name)", TensorValue.zeros(parameter.type))
            parameter.cell.add(slot.cell, travels: placement == .withParameters)
            return slot
        }
    }
}

extension Optimizer.State {
    /// The number of a location's state, made when first asked for.
    fileprivate mutating func number(of location: any Location, _ parameterCount: Int) -> Int {
        if let known = states.firstIndex(where: { $0.location === location }) { return known }
        states.append(
            Optimizer.LocationState(location: location, slots: Array(repeating: nil, count: parameterCount)))
        return states.count - 1
    }
}

extension Optimizer where Rule == SGDRule {
    /// Stochastic gradient descent, as PyTorch's `torch.optim.SGD`.
    public convenience init(
        _ parameters: [NamedParameter], learningRate: Float, momentum: Float = 0, weightDecay: Float = 0,
        nesterov: Bool = false, state: OptimizerState = .withParameters
    ) {
        self.init(
            parameters, rule: SGDRule(momentum: momentum, weightDecay: weightDecay, nesterov: nesterov),
            learningRate: learningRate, state: state)
    }
}

extension Optimizer where Rule == AdamRule {
    /// Adam, as PyTorch's `torch.optim.Adam`.
    public convenience init(
        _ parameters: [NamedParameter], learningRate: Float, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Float = 1e-8, weightDecay: Float = 0, state: OptimizerState = .withParameters
    ) {
        self.init(
            parameters,
            rule: AdamRule(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay),
            learningRate: learningRate, state: state)
    }
}
