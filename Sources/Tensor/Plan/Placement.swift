/// Where each value of a plan lies: in what is bound, among the constants, or in the arena.
///
/// DESIGN: a value has room in the arena from the step that writes it to the last that reads it; outputs and
/// states live for ever. An elementwise result takes over the memory of an input nothing reads afterwards. A
/// state's new value is written over the old one when no later step reads the old; otherwise it is written
/// aside and copied once all steps are done. Either way every step sees the old values, also where two states
/// swap.
struct Placement {
    /// The memory a value has.
    enum Slot: Sendable, Hashable {
        /// Whatever is bound to an input.
        case input(Int)
        /// One of the plan's constants, by value.
        case constant(Int)
        /// An offset in the arena.
        case arena(Int)
    }

    /// The memory of each value that has any.
    private(set) var slots: [Int: Slot] = [:]
    /// What to copy once all steps are done: from value to input, in this order.
    private(set) var commits: [(value: Int, input: Int)] = []
    /// The number of bytes of the arena.
    var byteCount: Int { arena.byteCount }

    private let inputCount: Int
    private let types: [ValueType]
    private var arena = Arena()
    /// The last step that reads each value; `Int.max` for what must outlive the run.
    private var lastReads: [Int]
    /// For each value that is the new value of a state and may be written there, the state's input.
    private var statesWritten: [Int: Int] = [:]

    /// Finds memory for every value.
    ///
    /// - Parameter updates: which outputs are the new values of which inputs; checked by the plan.
    /// - Throws: `TensorError.cancelled`.
    init(
        _ lowering: inout Lowering, inputCount: Int, updates: [Plan.Update], _ flag: CancelFlag
    ) throws(TensorError) {
        lowering.keepReplacedStates(updates)
        self.inputCount = inputCount
        self.types = lowering.types
        self.lastReads = [Int](repeating: -1, count: lowering.types.count)
        for (index, step) in lowering.steps.enumerated() {
            for input in step.inputs { lastReads[input] = index }
        }
        writeStates(lowering, updates)
        for output in lowering.outputs { lastReads[output] = .max }

        for input in 0..<inputCount { slots[input] = .input(input) }
        for constant in lowering.constants.keys { slots[constant] = .constant(constant) }
        for update in updates { slots[update.input] = .arena(arena.reserve(types[update.input].byteCount)) }
        for (index, step) in lowering.steps.enumerated() {
            // Each takes a way through all free ranges.
            try flag.check()
            assign(step, index)
        }
    }

    /// Decides which states' new values can be written over the old ones.
    private mutating func writeStates(_ lowering: Lowering, _ updates: [Plan.Update]) {
        var producers: [Int: Int] = [:]
        for (index, step) in lowering.steps.enumerated() {
            for output in step.outputs { producers[output] = index }
        }
        for update in updates {
            let value = lowering.outputs[update.output], lastRead = lastReads[update.input]
            guard value != update.input else { continue }
            if statesWritten[value] == nil, let index = producers[value],
                lastRead < index
                    || (lastRead == index && lowering.steps[index].outputs[0] == value
                        && lowering.steps[index].inputsToOverwrite.contains(update.input))
            {
                statesWritten[value] = update.input
            } else {
                commits.append((value, update.input))
            }
        }
    }

    private mutating func assign(_ step: Lowering.Step, _ index: Int) {
        for (position, output) in step.outputs.enumerated() {
            if let state = statesWritten[output] {
                slots[output] = slots[state]
            } else if position == 0,
                let heir = step.inputsToOverwrite.first(where: { isFree($0, after: index) })
            {
                slots[output] = slots[heir]
            } else {
                slots[output] = .arena(arena.reserve(types[output].byteCount))
            }
        }
        for (position, input) in step.inputs.enumerated()
        where isFree(input, after: index) && !step.inputs[..<position].contains(input) {
            guard let slot = slots[input], slot != slots[step.outputs[0]] else { continue }
            release(input, slot)
        }
        // What nobody reads is written all the same, and has its memory for this step.
        for output in step.outputs where lastReads[output] < 0 && statesWritten[output] == nil {
            guard let slot = slots[output] else { continue }
            release(output, slot)
        }
    }

    private mutating func release(_ value: Int, _ slot: Slot) {
        guard case .arena(let offset) = slot else { return }
        arena.release(offset, types[value].byteCount)
    }

    /// Whether a value's memory is in the arena and nobody's once a step is done.
    private func isFree(_ value: Int, after step: Int) -> Bool {
        guard case .arena = slots[value] else { return false }
        return lastReads[value] == step && value >= inputCount && statesWritten[value] == nil
    }
}

extension Lowering {
    /// Outputs that are a state's old value become copies, since the state will be overwritten.
    fileprivate mutating func keepReplacedStates(_ updates: [Plan.Update]) {
        let replaced = Set(updates.filter { outputs[$0.output] != $0.input }.map(\.input))
        for index in outputs.indices where replaced.contains(outputs[index]) { copyOutput(index) }
    }
}
