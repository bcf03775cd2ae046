import Ground
import Synchronization

/// What tensors were recorded as, numbered: the shape of a computation, apart from the values it starts from.
///
/// Two traces with equal keys are the same computation, so what was made of one (`Recipe`) serves the other:
/// that is how a training step that was seen before costs microseconds.
///
/// DESIGN. Numbers are kept in the expressions, beside the stamp of the trace that gave them: a dictionary
/// would cost more than all the rest. So there is one trace at a time in a process, each some microseconds.
struct Trace: ~Copyable {
    /// What identifies a computation: its steps and which of them are asked for.
    struct Key: Hashable {
        fileprivate(set) var steps: [Step] = []
        fileprivate(set) var outputs: [Int32] = []
        /// Mixed from all that `==` compares, as far as that is quick.
        fileprivate var fingerprint: UInt64 = 0

        func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

        fileprivate mutating func mix(_ number: UInt64) {
            fingerprint = (fingerprint ^ number) &* 0x9E37_79B9_7F4A_7C15
            fingerprint ^= fingerprint >> 29
        }
    }

    /// One expression; numbers are indices into `Key.steps`.
    enum Step: Hashable {
        case input(ValueType)
        case placeholder(Graph.Input)
        case constant(Float)
        /// A parameter's version made by an earlier step: gradients end here.
        case version(Int32)
        case operation(Operation, Int32, Int32, Int32)
        /// An operation on more than three.
        case wideOperation(Operation, [Int32])
        /// A later value of an operation, and how many come before it.
        case result(of: Int32, Int)
        case gradients(loss: Int32, targets: [Int32])
        case gradient(Int32, Int)
    }

    /// What an input is bound to.
    enum Leaf: Sendable {
        case value(TensorValue)
        case remote(any RemoteValue)
        case placeholder(Graph.Input)
        case parameter(ParameterCell)
    }

    /// Whether parameters are inputs by name, whatever their values: as a program's graph wants them.
    private let namesParameters: Bool
    private let stamp: UInt64
    private(set) var key = Key()
    /// What the inputs are bound to, in order.
    private(set) var leaves: [Leaf] = []
    /// The source line of each step.
    private(set) var origins: [Origin?] = []
    /// The parameters whose versions were met, each once.
    private(set) var parameters: [ParameterCell] = []
    /// The losses whose gradients were met, with their numbers.
    private(set) var losses: [(loss: Expression, id: Int32)] = []

    /// The last stamp given, and the lock of all marks.
    private static let stamps = Lock<UInt64>(0)
    /// Expressions are numbered by recursion so deep, then in a loop: recursion would overflow the stack.
    private static let recursionMaximum = 256
    private static let idBits: UInt64 = 24

    private init(_ stamp: UInt64, namesParameters: Bool) {
        self.stamp = stamp << Trace.idBits
        self.namesParameters = namesParameters
        key.steps.reserveCapacity(48)
        origins.reserveCapacity(48)
    }

    /// Traces what `gather` asks for, while nobody else traces; what is made of the trace need not hurry.
    static func take(
        namingParameters: Bool = false, _ gather: (inout Trace) throws(TensorError) -> Void
    ) throws(TensorError) -> Trace {
        try stamps.withLock { (last) throws(TensorError) in
            last += 1
            var trace = Trace(last, namesParameters: namingParameters)
            try gather(&trace)
            return trace
        }
    }

    /// Marks expressions one has been at, while nobody else does; `visit` says whether it was the first time.
    static func visiting(_ body: (_ visit: (Expression) -> Bool) -> Void) {
        stamps.withLock { last in
            last += 1
            let stamp = last << idBits
            body { expression in
                guard expression.mark.load(ordering: .relaxed) != stamp else { return false }
                expression.mark.store(stamp, ordering: .relaxed)
                return true
            }
        }
    }

    /// Asks for an expression; everything it needs is traced.
    mutating func add(output: Expression) throws(TensorError) {
        switch output.memo {
        case .failure(let error): throw error
        case .remote(let value):
            // Its gradients may need the way it was computed: the memo serves only who asks for the value.
            add(output: bind(.remote(value), value.type))
        case nil:
            add(output: try number(output, 0))
        }
    }

    /// Asks for a step that was traced already.
    mutating func add(output id: Int32) {
        key.outputs.append(id)
        key.mix(UInt64(truncatingIfNeeded: id) &+ 1)
    }

    /// Numbers an expression, inputs before what reads them.
    private mutating func number(_ expression: Expression, _ depth: Int) throws(TensorError) -> Int32 {
        if let id = known(expression) { return id }
        guard depth < Trace.recursionMaximum else { return try numberInLoop(expression) }
        let id: Int32
        switch expression.kind {
        case .operation(let operation):
            let first = try number(expression.first, depth), second = try number(expression.second, depth)
            let third = try number(expression.third, depth)
            key.mix(UInt64(operation.wireCode))
            key.mix(UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second)))
            guard expression.rest.isEmpty else {
                var inputs = [first, second, third]
                for input in expression.rest { inputs.append(try number(input, depth + 1)) }
                id = try append(.wideOperation(operation, inputs), expression.origin)
                break
            }
            id = try append(.operation(operation, first, second, third), expression.origin)
        case .result(let index):
            let first = try number(expression.first, depth)
            key.mix(UInt64(UInt32(bitPattern: first)) << 32 | UInt64(truncatingIfNeeded: index))
            id = try append(.result(of: first, index), expression.origin)
        case .scalar(let scalar):
            key.mix(UInt64(scalar.bitPattern))
            id = try append(.constant(scalar), nil)
        case .number(let number):
            id = bind(.value(TensorValue(scalar: number)), ValueType(.float32, .scalar))
        case .value(let value):
            id = bind(.value(value), value.type)
        case .remote(let value):
            id = bind(.remote(value), value.type)
        case .placeholder(let input):
            leaves.append(.placeholder(input))
            id = try append(.placeholder(input), nil)
        case .failure(let error):
            throw error
        case .version(let version):
            id = try number(version, of: expression, depth)
        case .alias:
            id = try number(expression.first, depth)
        case .gradients:
            let loss = try number(expression.first, depth)
            if let first = expression.first { losses.append((first, loss)) }
            var targets: [Int32] = []
            for target in expression.rest { targets.append(try number(target, depth + 1)) }
            id = try append(.gradients(loss: loss, targets: targets), expression.origin)
        case .gradient(let index):
            let group = try number(expression.first, depth)
            id = try append(.gradient(group, index), expression.origin)
        }
        expression.mark.store(stamp | UInt64(truncatingIfNeeded: id), ordering: .relaxed)
        return id
    }

    private mutating func number(_ input: Expression?, _ depth: Int) throws(TensorError) -> Int32 {
        guard let input else { return -1 }
        return try number(input, depth + 1)
    }

    private mutating func number(
        _ version: Version, of expression: Expression, _ depth: Int
    ) throws(TensorError) -> Int32 {
        let cell = version.cell
        guard !namesParameters else {
            leaves.append(.parameter(cell))
            return try append(.input(cell.type), nil)
        }
        meet(cell)
        switch version.state {
        case .value(let value): return bind(.value(value), value.type)
        case .remote(let value): return bind(.remote(value), value.type)
        case .recorded(let source):
            let id = try number(source, depth + 1)
            key.mix(UInt64(truncatingIfNeeded: id))
            return try append(.version(id), expression.origin)
        }
    }

    private mutating func numberInLoop(_ root: Expression) throws(TensorError) -> Int32 {
        var path = [root]
        while let expression = path.last {
            let depth = path.count
            if known(expression) == nil {
                expression.forEachInput { input in
                    if known(input) == nil { path.append(input) }
                }
                guard path.count == depth else { continue }
                // Everything it reads is known, so this goes no deeper.
                _ = try number(expression, 0)
            }
            path.removeLast()
        }
        return try number(root, 0)
    }

    /// The number this trace has given an expression.
    private func known(_ expression: Expression) -> Int32? {
        let mark = expression.mark.load(ordering: .relaxed)
        let mask: UInt64 = 1 << Trace.idBits - 1
        return mark & ~mask == stamp ? Int32(truncatingIfNeeded: mark & mask) : nil
    }

    private mutating func meet(_ cell: ParameterCell) {
        guard cell.mark.exchange(stamp, ordering: .relaxed) != stamp else { return }
        parameters.append(cell)
    }

    private mutating func bind(_ leaf: Leaf, _ type: ValueType) -> Int32 {
        leaves.append(leaf)
        key.steps.append(.input(type))
        origins.append(nil)
        key.mix(UInt64(type.elementType.rawValue) << 8 | UInt64(type.shape.rank))
        key.mix(UInt64(truncatingIfNeeded: type.shape.elementCount))
        return Int32(truncatingIfNeeded: key.steps.count - 1)
    }

    private mutating func append(_ step: Step, _ origin: Origin?) throws(TensorError) -> Int32 {
        guard key.steps.count < Trace.stepsMaximum else {
            throw .limitExceeded(
                what: "the number of recorded steps", got: key.steps.count + 1, limit: Trace.stepsMaximum)
        }
        key.steps.append(step)
        origins.append(origin)
        return Int32(truncatingIfNeeded: key.steps.count - 1)
    }

    /// As many as marks can tell apart, some left for what is bound.
    private static let stepsMaximum = 1 << 23
}
