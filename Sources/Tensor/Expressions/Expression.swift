import Ground
import Synchronization

/// One recorded step of a lazy computation: a leaf, or an operation on earlier expressions.
///
/// What an expression means never changes. What may change is said where it is: the version of a parameter
/// forgets how it came about once its value is known (`Version`), and a tensor may be used up (`spend`).
package final class Expression: @unchecked Sendable {
    // Proof of `@unchecked`: the inputs are written in `init` and once more in `deinit`, or by the `deinit` of
    // the only expression that still refers to this one; all else is constant, atomic or under a lock.

    /// Where a value comes from.
    package enum Kind: Sendable {
        /// A number that is part of the program, and so of its graph.
        case scalar(Float)
        /// A number that differs from run to run, such as a learning rate: an input of the graph.
        case number(Float)
        /// A value at hand.
        case value(TensorValue)
        /// A value named now and bound when a graph runs.
        case placeholder(Graph.Input)
        /// A value a worker keeps.
        case remote(any RemoteValue)
        /// A parameter as it was at one time. Gradients end here.
        case version(Version)
        /// Another name for the input, which can be used up by itself.
        case alias
        /// A value that could not be made; the error surfaces where it is asked for.
        indirect case failure(TensorError)
        /// An operation on the inputs: the first value it makes.
        case operation(Operation)
        /// A later value of the operation that is the input.
        case result(Int)
        /// The gradients of a loss, the first input, with respect to all others.
        case gradients
        /// One of the gradients that are the input.
        case gradient(Int)
    }

    /// How a tensor was used up.
    package enum Spending: UInt8, Sendable {
        case fetched = 1
        case moved
        case released
    }

    /// What is known of a loss besides how it is computed.
    package enum Memo: Sendable {
        /// Its value, kept at a worker by the job that computed its gradients.
        case remote(any RemoteValue)
        /// Why it is of no use.
        indirect case failure(TensorError)
    }

    package let kind: Kind
    package let location: RecordedLocation
    package let origin: Origin?
    // Three fields in place of an array: one allocation per node, not two.
    private(set) var first: Expression?
    private(set) var second: Expression?
    private(set) var third: Expression?
    private(set) var rest: [Expression]
    /// The number the trace that is under way has given it; see `Trace`.
    let mark = Atomic<UInt64>(0)
    private let spending = Atomic<UInt8>(0)
    private let isDifferentiated = Atomic<Bool>(false)
    private let hasMemo = Atomic<Bool>(false)
    private let memos = Lock<Memo?>(nil)

    package init(
        _ kind: Kind, _ first: Expression? = nil, _ second: Expression? = nil, _ third: Expression? = nil,
        rest: [Expression] = [], location: RecordedLocation, origin: Origin?
    ) {
        self.kind = kind
        self.location = location
        self.origin = origin
        (self.first, self.second, self.third, self.rest) = (first, second, third, rest)
    }

    /// Lends each input in order; a version's is what it is computed from, as long as that is not known.
    func forEachInput(_ body: (Expression) -> Void) {
        if let first { body(first) }
        if let second { body(second) }
        if let third { body(third) }
        for input in rest { body(input) }
        if case .version(let version) = kind, case .recorded(let source) = version.state { body(source) }
    }

    /// What is known of a loss.
    package var memo: Memo? {
        get { hasMemo.load(ordering: .acquiring) ? memos.withLock { $0 } : nil }
        set {
            memos.withLock { $0 = newValue }
            hasMemo.store(newValue != nil, ordering: .releasing)
        }
    }

    /// Whether the value is known where the expression is: nothing has to be computed or sent.
    package var isSettled: Bool {
        guard case .version(let version) = kind else { return false }
        return switch version.state {
        case .remote: true
        case .value: !location.isRemote
        case .recorded: false
        }
    }

    /// The expression that this is another name of, or itself.
    package var original: Expression {
        guard case .alias = kind, let first else { return self }
        return first.original
    }

    /// Gives a parameter's version its value; nothing else has one to be given.
    package func settle(_ state: Version.State) {
        guard case .version(let version) = kind else { return }
        version.settle(state)
        version.cell.didSettle()
    }

    /// Notes that the tensor may not be used again; what was recorded before keeps its meaning.
    package func spend(_ how: Spending) { spending.store(how.rawValue, ordering: .relaxed) }

    /// How the tensor was used up, if it was.
    package var spent: Spending? { Spending(rawValue: spending.load(ordering: .relaxed)) }

    /// Whether gradients were asked for.
    var wasDifferentiated: Bool { isDifferentiated.load(ordering: .relaxed) }

    /// Notes that gradients were asked for; `false` when they had been already.
    func differentiate() -> Bool { !isDifferentiated.exchange(true, ordering: .relaxed) }

    /// Frees what only this expression held in a loop: a chain freed by recursion overflows the stack.
    deinit {
        guard hasInputs else { return }
        var pending: [Expression] = []
        moveInputs(to: &pending)
        while var expression = pending.popLast() {
            if isKnownUniquelyReferenced(&expression) { expression.moveInputs(to: &pending) }
        }
    }

    private var hasInputs: Bool {
        if first != nil { return true }
        if case .version = kind { return true }
        return false
    }

    private func moveInputs(to pending: inout [Expression]) {
        move(&first, to: &pending)
        move(&second, to: &pending)
        move(&third, to: &pending)
        if !rest.isEmpty {
            pending.append(contentsOf: rest)
            rest = []
        }
        if case .version(let version) = kind, let source = version.takeSource() { pending.append(source) }
    }

    private func move(_ input: inout Expression?, to pending: inout [Expression]) {
        // Leaves have nothing behind them, so ordinary release will do.
        if let expression = input.take(), expression.hasInputs { pending.append(expression) }
    }
}

/// A parameter as it was at one time: computed from something recorded, until its value is known.
package final class Version: Sendable {
    /// How the value is known.
    package enum State: Sendable {
        /// It is to be computed.
        case recorded(Expression)
        /// It is here; where the version is at a worker it is still to be sent.
        case value(TensorValue)
        /// The worker keeps it.
        case remote(any RemoteValue)
    }

    /// The parameter.
    let cell: ParameterCell
    private let current: Lock<State?>

    init(of cell: ParameterCell, _ state: State) {
        self.cell = cell
        current = Lock(state)
    }

    /// How the value is known now.
    package var state: State {
        // Only an expression that is being freed takes the source away.
        current.withLock { $0 } ?? .recorded(Version.gone)
    }

    /// Gives the version its value, and forgets how it came about; once it is kept at a worker a further time
    /// does nothing.
    func settle(_ state: State) {
        // Freed outside the lock: what hangs on the source may be long.
        let old = current.withLock { current -> State? in
            if case .remote? = current { return nil }
            defer { current = state }
            return current
        }
        withExtendedLifetime(old) {}
    }

    /// Takes away what the version is computed from, for it is being freed.
    func takeSource() -> Expression? {
        current.withLock { current in
            guard case .recorded(let source)? = current else { return nil }
            current = nil
            return source
        }
    }

    private static let gone = Expression(
        .failure(.invalidGraph(reason: "a parameter's version that is gone")), location: .anywhere,
        origin: nil)
}
