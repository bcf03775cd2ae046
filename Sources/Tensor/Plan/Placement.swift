/// Where each value of a plan lies: in what is bound, among the constants, or in the arena.
///
/// DESIGN: an arena place lives from the step that writes a value to the last that reads it; outputs and
/// states live for ever. An elementwise result takes over the memory of an input nothing reads afterwards. A
/// state's new value is written over the old one when no later step reads the old; otherwise it is written
/// aside and copied once all steps are done. Either way every step sees the old values, also where two states
/// swap.
struct Placement {
    /// The memory a value has.
    enum Place: Sendable, Hashable {
        /// Whatever is bound to an input.
        case input(Int)
        /// One of the plan's constants, by value.
        case constant(Int)
        /// An offset in the arena.
        case arena(Int)
    }

    /// The place of each value that has one.
    private(set) var places: [Int: Place] = [:]
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

    /// Finds a place for every value.
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

        for input in 0..<inputCount { places[input] = .input(input) }
        for constant in lowering.constants.keys { places[constant] = .constant(constant) }
        for update in updates { places[update.input] = .arena(arena.reserve(types[update.input].byteCount)) }
        for (index, step) in lowering.steps.enumerated() {
            // Each takes a way through all free places.
            try flag.check()
            place(step, index)
        }
    }

    /// Decides which states' new values can be written over the old ones.
    private mutating func writeStates(_ lowering: Lowering, _ updates: [Plan.Update]) {
        var producers: [Int: Int] = [:]
        for (index, step) in lowering.steps.enumerated() { producers[step.output] = index }
        for update in updates {
            let value = lowering.outputs[update.output], lastRead = lastReads[update.input]
            guard value != update.input else { continue }
            if statesWritten[value] == nil, let index = producers[value],
                lastRead < index
                    || (lastRead == index && lowering.steps[index].inputsToOverwrite.contains(update.input))
            {
                statesWritten[value] = update.input
            } else {
                commits.append((value, update.input))
            }
        }
    }

    private mutating func place(_ step: Lowering.Step, _ index: Int) {
        if let state = statesWritten[step.output] {
            places[step.output] = places[state]
        } else if let heir = step.inputsToOverwrite.first(where: { isFree($0, after: index) }) {
            places[step.output] = places[heir]
        } else {
            places[step.output] = .arena(arena.reserve(types[step.output].byteCount))
        }
        for (position, input) in step.inputs.enumerated()
        where isFree(input, after: index) && !step.inputs[..<position].contains(input) {
            guard let place = places[input], place != places[step.output], case .arena(let offset) = place
            else {
                continue
            }
            arena.release(offset, types[input].byteCount)
        }
    }

    /// Whether a value's memory is in the arena and nobody's once a step is done.
    private func isFree(_ value: Int, after step: Int) -> Bool {
        guard case .arena = places[value] else { return false }
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
