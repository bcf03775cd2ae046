import Ground
import Synchronization

/// What a parameter is at each moment: the part of it that recorded expressions refer to.
///
/// A cell refers to its present version and the version to its cell; the parameter, to which nothing in
/// between refers, breaks that circle when it goes (`abandon`). A weak reference would do too, but every
/// count on its object would take the slow way.
package final class ParameterCell: Sendable {
    private struct State {
        /// The value as it is now; made when first asked for. Beside it, as beside the two below, how many steps of
        /// an optimizer it has seen, for those that count.
        var version: Expression?
        var step = 0
        /// The last version whose value was known, to go back to.
        var settled: Expression?
        var settledStep = 0
        /// The last value held in this process.
        var home: TensorValue
        var homeStep = 0
        var gradient: Tensor?
        /// What travels with the parameter: an optimizer's state.
        var companions: [ParameterCell] = []
        /// What takes every step with it, be it where it is: when one is undone the other is.
        var followers: [ParameterCell] = []
        var isAbandoned = false

        /// Notes the present version as the one to go back to, if its value is known by now.
        mutating func remember() {
            guard let version, case .version(let known) = version.kind else { return }
            switch known.state {
            case .recorded:
                return
            case .value(let value):
                if !version.location.isRemote { (home, homeStep) = (value, step) }
                (settled, settledStep) = (version, step)
            case .remote:
                (settled, settledStep) = (version, step)
            }
        }
    }

    package let name: String
    package let type: ValueType
    /// The last trace that met the parameter; see `Trace`.
    let mark = Atomic<UInt64>(0)
    private let state: Lock<State>

    init(_ name: String, _ value: TensorValue) {
        self.name = name
        type = value.type
        state = Lock(State(home: value))
    }

    /// The value as it is now, as the leaf of expressions.
    package var version: Expression { state.withLock { version(&$0) } }

    /// Where the value is.
    package var location: any Location { version.location.resolved }

    /// What travels with the parameter.
    package var companions: [ParameterCell] {
        let companions = state.withLock { $0.companions }
        return companions.isEmpty ? [] : companions.filter { !$0.isAbandoned }
    }

    /// The sum of the gradients found so far.
    var gradient: Tensor? { state.withLock { $0.gradient } }

    /// Whether the parameter is gone: what becomes of it is nobody's business any more.
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    private func version(_ state: inout State) -> Expression {
        if let version = state.version { return version }
        let version = make(.value(state.home), .here)
        guard !state.isAbandoned else { return version }
        (state.version, state.settled) = (version, version)
        (state.step, state.settledStep) = (state.homeStep, state.homeStep)
        return version
    }

    private func make(_ state: Version.State, _ location: RecordedLocation, origin: Origin? = nil)
        -> Expression
    {
        Expression(.version(Version(of: self, state)), location: location, origin: origin)
    }

    /// How many steps of an optimizer the value has seen, where that is counted.
    var step: Int { state.withLock { $0.step } }

    /// Makes something recorded the value, where it is computed.
    ///
    /// - Parameter step: how many steps it has seen; as many as before unless told.
    package func advance(to expression: Expression, step: Int? = nil) {
        let version = make(.recorded(expression), expression.location, origin: expression.origin)
        state.withLock { state in
            guard !state.isAbandoned else { return }
            state.remember()
            state.version = version
            state.step = step ?? state.step
        }
    }

    /// Notes that the value of a version is known from now on.
    func didSettle() { state.withLock { $0.remember() } }

    /// Makes a value in this process the parameter's.
    package func receive(_ value: TensorValue) {
        state.withLock { state in
            (state.home, state.version, state.settled) = (value, nil, nil)
            state.homeStep = state.step
        }
    }

    /// Makes the value one a worker keeps.
    package func settle(at remote: any RemoteValue) {
        become(make(.remote(remote), .at(remote.location)), home: nil)
    }

    /// Makes a value of this process the parameter's, at a location where it may still have to go.
    func become(_ value: TensorValue, at location: RecordedLocation) {
        become(make(.value(value), location), home: value)
    }

    private func become(_ version: Expression, home: TensorValue?) {
        state.withLock { state in
            guard !state.isAbandoned else { return }
            if let home { (state.home, state.homeStep) = (home, state.step) }
            (state.version, state.settled) = (version, version)
            state.settledStep = state.step
        }
    }

    /// Goes back to the last value held in this process.
    package func restore() {
        state.withLock { state in
            state.remember()
            (state.version, state.settled, state.gradient) = (nil, nil, nil)
            (state.step, state.settledStep) = (state.homeStep, state.homeStep)
        }
        for companion in companions { companion.restore() }
    }

    /// Undoes recorded steps that cannot be computed: the value is again what it was before them.
    func revertIfBroken() {
        let version = version
        guard case .version(let known) = version.kind, case .recorded = known.state else { return }
        do {
            let trace = try Trace.take { trace throws(TensorError) in try trace.add(output: version) }
            _ = try RecipeCache.shared.recipe(for: trace)
        } catch {
            revert()
        }
    }

    /// Undoes recorded steps that were not computed.
    package func revert() {
        let followers = state.withLock { state in
            state.remember()
            (state.version, state.step, state.gradient) = (state.settled, state.settledStep, nil)
            return state.followers
        }
        for follower in followers { follower.revert() }
    }

    /// Sends the value, and what travels with it, with the next job that needs it there.
    ///
    /// - Throws: `TensorError.elsewhere` while it is at another worker.
    func send(to location: any Location) throws(TensorError) {
        let destination = RecordedLocation(location), version = version
        if !version.location.agrees(with: destination) { become(try value(of: version), at: destination) }
        for companion in companions { try companion.send(to: location) }
    }

    /// The value of a version in this process, computed now if it must be.
    func value(of version: Expression) throws(TensorError) -> TensorValue {
        if !version.location.isRemote, case .version(let known) = version.kind,
            case .value(let value) = known.state
        {
            return value
        }
        return try Tensor(version).value()
    }

    /// The value and location another parameter starts from.
    func copy(to other: ParameterCell) {
        let version = version
        guard case .version(let known) = version.kind else { return }
        switch known.state {
        case .remote(let value): other.settle(at: value)
        case .value(let value): other.become(value, at: version.location)
        case .recorded: other.advance(to: version)
        }
    }

    /// The last value held in this process.
    var home: TensorValue {
        state.withLock { state in
            state.remember()
            return state.home
        }
    }

    /// Adds what `backward()` found.
    func accumulate(_ gradient: Tensor) {
        // Recorded outside the lock: an error's text may need a trace, and a trace needs the lock.
        while true {
            let old = self.gradient
            let sum = old.map { $0 + gradient } ?? gradient
            let isStored = state.withLock { state in
                guard state.gradient?.expression === old?.expression else { return false }
                state.gradient = sum
                return true
            }
            if isStored { return }
        }
    }

    /// Forgets the gradients found so far.
    func zeroGradient() {
        // Freed outside the lock: a gradient holds all that was recorded for it.
        let old = state.withLock { $0.gradient.take() }
        withExtendedLifetime(old) {}
    }

    /// Lets another parameter, such as a velocity, take its steps with this one, and travel with it or not.
    func add(_ follower: ParameterCell, travels: Bool) {
        state.withLock { state in
            // An optimizer that is gone takes its state along.
            state.followers.removeAll { $0.isAbandoned }
            state.companions.removeAll { $0.isAbandoned }
            state.followers.append(follower)
            if travels { state.companions.append(follower) }
        }
    }

    /// Lets go of everything: the parameter is gone.
    func abandon() {
        let old = state.withLock { state in
            defer {
                (state.version, state.settled, state.gradient) = (nil, nil, nil)
                (state.companions, state.followers) = ([], [])
                state.isAbandoned = true
            }
            return (state.version, state.settled, state.gradient)
        }
        withExtendedLifetime(old) {}
    }
}
