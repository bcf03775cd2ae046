/// A graph compiled for concrete input types: kernels in order, and where in one block of memory each value
/// lies.
///
/// A plan is made once and run as often as wanted, by one `Execution` per thread.
package struct Plan: Sendable {
    /// An output that is the new value of an input, so that the input's value is carried from run to run.
    package struct Update: Sendable, Hashable {
        /// The number of the output.
        package let output: Int
        /// The number of the input, of the same type.
        package let input: Int

        /// Names an output and the input that takes its value.
        package init(output: Int, input: Int) {
            self.output = output
            self.input = input
        }
    }

    /// The most bytes a plan may take unless told otherwise: 4 GiB.
    package static let memoryLimit = 4 << 30

    /// The types of the inputs.
    package let inputTypes: [ValueType]
    /// The types of the outputs.
    package let outputTypes: [ValueType]
    /// The inputs' names, for errors.
    let inputNames: [String]
    /// The bytes an execution takes: temporary values, outputs, states, constants, and inputs if they are
    /// gathered.
    package let byteCount: Int
    /// The bytes it takes where what is bound to its inputs is somebody else's: all of `byteCount` but inputs
    /// that are no states.
    package let ownByteCount: Int
    /// About how many arithmetic operations one run takes, at most `Int.max`.
    package let operationEstimate: Int

    /// The kernels in order, with the slots they work on.
    let steps: [Step]
    /// Slots of steps that have more than one result or three inputs.
    let otherSlots: [Int]
    /// What each step does, for people; apart from the steps, which are to be small.
    let listings: [Listing]
    /// The memory behind each slot: first one per input, then whatever else there is.
    let slots: [Slot]
    /// For each output, its slot.
    let outputSlots: [Int]
    /// For each input, whether its value is carried from run to run.
    let isState: [Bool]
    /// What is copied once all steps are done.
    let commits: [Commit]
    /// The size of the block of memory.
    let arenaByteCount: Int

    /// A kernel and the slots it works on.
    struct Step: Sendable {
        let kernel: Kernel
        let output: Int
        let first: Int
        let second: Int
        let third: Int
        /// Where the slots are in `otherSlots` that few steps have: of results from the second on, then of inputs from
        /// the fourth on.
        let others: Range<Int>
    }

    /// What memory a slot is.
    enum Slot: Sendable {
        /// Bound by the caller.
        case input
        /// Part of the plan.
        case constant(TensorValue)
        /// At an offset of the execution's block.
        case arena(Int)
    }

    /// A state's new value that had to be written aside.
    struct Commit: Sendable {
        let source: Int
        let target: Int
        let byteCount: Int
    }

    /// Compiles a graph.
    ///
    /// - Parameters:
    ///   - inputs: the types of what will be bound, in the order of the graph's inputs.
    ///   - updates: which outputs are the new values of which inputs. All kernels of a run see the old
    ///     values.
    ///   - memoryLimit: the largest `byteCount` to accept. Nothing of that size is allocated before the
    ///     check.
    ///   - flag: asked from node to node, and inside whatever is computed of constants.
    /// - Throws: whatever `Graph.types` finds; `TensorError.invalidGraph` or `.valueMismatch` for updates
    ///   that do not fit; `.limitExceeded`; `.cancelled`.
    /// - Complexity: O(nodes · free ranges of the arena), and what is computed of constants.
    package init(
        _ graph: Graph, inputs: [ValueType], updates: [Update] = [], memoryLimit: Int = Plan.memoryLimit,
        flag: CancelFlag = .never
    ) throws(TensorError) {
        var lowering = try Lowering(graph, inputs: inputs, flag)
        try Plan.check(updates, graph, inputs, lowering.outputTypes)
        let placement = try Placement(&lowering, inputCount: inputs.count, updates: updates, flag)
        let states = Set(updates.map(\.input))

        inputTypes = inputs
        outputTypes = lowering.outputTypes
        inputNames = graph.inputs.map(\.name)
        isState = inputs.indices.map { states.contains($0) }
        operationEstimate = lowering.operationCount
        arenaByteCount = placement.byteCount
        ownByteCount = lowering.constants.values.reduce(arenaByteCount) { $0 + $1.type.byteCount }
        byteCount = inputs.indices.reduce(ownByteCount) {
            states.contains($1) ? $0 : $0 + inputs[$1].byteCount
        }
        guard byteCount <= memoryLimit else {
            throw .limitExceeded(what: "the number of bytes of a plan", got: byteCount, limit: memoryLimit)
        }

        var table = SlotTable(inputCount: inputs.count)
        for input in inputs.indices { table.slots.append(placement.slot(of: input, lowering)) }
        var otherSlots: [Int] = []
        steps = lowering.steps.map { step in
            let slots = step.inputs.map { table.slot(of: $0, placement, lowering) }
            let results = step.outputs.map { table.slot(of: $0, placement, lowering) }
            let firstOther = otherSlots.count
            otherSlots += results.dropFirst() + slots.dropFirst(3)
            return Step(
                kernel: step.instruction.kernel, output: results[0],
                first: slots[0], second: slots.count > 1 ? slots[1] : slots[0],
                third: slots.count > 2 ? slots[2] : slots[0], others: firstOther..<otherSlots.count)
        }
        self.otherSlots = otherSlots
        listings = lowering.listings
        outputSlots = lowering.outputs.map { table.slot(of: $0, placement, lowering) }
        commits = placement.commits.map { commit in
            Commit(
                source: table.slot(of: commit.value, placement, lowering), target: commit.input,
                byteCount: inputs[commit.input].byteCount)
        }
        slots = table.slots
    }

    private static func check(
        _ updates: [Update], _ graph: Graph, _ inputs: [ValueType], _ outputs: [ValueType]
    ) throws(TensorError) {
        var seen = Set<Int>()
        for update in updates {
            guard inputs.indices.contains(update.input), outputs.indices.contains(update.output) else {
                throw .invalidGraph(
                    reason: "output \(update.output) cannot update input \(update.input): there are "
                        + "\(outputs.count) outputs and \(inputs.count) inputs")
            }
            guard seen.insert(update.input).inserted else {
                throw .invalidGraph(reason: "two outputs update input '\(graph.inputs[update.input].name)'")
            }
            guard outputs[update.output] == inputs[update.input] else {
                throw .valueMismatch(
                    name: "the new value of '\(graph.inputs[update.input].name)'",
                    expected: "\(inputs[update.input])", got: "\(outputs[update.output])")
            }
        }
    }
}

/// Slots given to values in the order they are first used, the inputs' first.
private struct SlotTable {
    var slots: [Plan.Slot] = []
    private let inputCount: Int
    private var numbers: [Int: Int] = [:]

    init(inputCount: Int) {
        self.inputCount = inputCount
    }

    mutating func slot(of value: Int, _ placement: Placement, _ lowering: Lowering) -> Int {
        if value < inputCount { return value }
        if let number = numbers[value] { return number }
        numbers[value] = slots.count
        slots.append(placement.slot(of: value, lowering))
        return slots.count - 1
    }
}

extension Placement {
    /// The memory of a value, as a plan keeps it.
    fileprivate func slot(of value: Int, _ lowering: Lowering) -> Plan.Slot {
        switch slots[value] {
        case .arena(let offset): return .arena(offset)
        case .constant: return lowering.constants[value].map { .constant($0) } ?? .input
        case .input, nil: return .input
        }
    }
}

extension Graph {
    /// What running the graph would take at most, told from shapes alone: nothing is compiled or computed.
    ///
    /// - Returns: about how many arithmetic operations, and the bytes of all values.
    /// - Throws: whatever `types` finds.
    /// - Complexity: O(inputs + nodes).
    package func estimate(
        inputs: [ValueType]
    ) throws(TensorError) -> (operationCount: Int, byteCount: Int) {
        let types = try types(binding: inputs)
        var operationCount = 0, byteCount = 0
        for type in types { byteCount = byteCount.addingSaturated(type.byteCount) }
        for (index, node) in nodes.enumerated() {
            let count = node.operation.definition.operationCount(
                node.inputs.map { types[$0] }, Array(types[values(ofNode: index)]))
            operationCount = operationCount.addingSaturated(count)
        }
        return (operationCount, byteCount)
    }
}
