import Ground

/// The memory of one thread for one plan, where it runs.
///
/// Everything is allocated in `init` and by the first `gather` into an input; runs allocate nothing.
package final class Execution {
    /// What runs here.
    package let plan: Plan

    private let arena: Storage
    /// The memory of each slot; an input's is a placeholder until it is bound.
    private var memories: [Memory]
    /// The memory of the plan's other slots, as it was when their step began.
    private let others: OtherMemories
    /// Keeps what is bound alive.
    private var bound: [Storage?]
    /// The memory of inputs that are gathered, made when first needed.
    private var gathered: [Storage?]
    private var isBound: [Bool]
    private var unboundCount: Int

    /// Allocates the memory.
    package init(_ plan: Plan) {
        let arena = Storage(byteCount: plan.arenaByteCount)
        self.plan = plan
        self.arena = arena
        memories = plan.slots.map { slot in
            switch slot {
            case .input: Memory(arena)
            case .constant(let value): Memory(value.storage)
            case .arena(let offset): Memory(arena, byteOffset: offset)
            }
        }
        others = OtherMemories(count: plan.otherSlots.count, Memory(arena))
        bound = plan.inputTypes.map { _ in nil }
        gathered = plan.inputTypes.map { _ in nil }
        isBound = plan.inputTypes.map { _ in false }
        unboundCount = plan.inputTypes.count
    }

    // MARK: Inputs

    /// Gives an input its value: shared where it is only read, copied where it is a state.
    ///
    /// - Throws: `TensorError.valueMismatch` naming the input, for another type or an input that does not
    ///   exist.
    package func bind(_ value: TensorValue, to input: Int) throws(TensorError) {
        try require(input, is: value.type)
        if plan.isState[input] {
            memories[input].copy(from: Memory(value.storage), byteCount: value.type.byteCount)
        } else {
            bound[input] = value.storage
            memories[input] = Memory(value.storage)
        }
        markBound(input)
    }

    /// Gives an input rows of a table in the type they are stored in: a batch.
    ///
    /// - Throws: `TensorError.valueMismatch` for a table whose rows are not the input's, another number of
    ///   rows than the input has, or a row the table does not have.
    package func gather(
        rows: ArraySlice<Int32>, of table: TensorValue, into input: Int, flag: CancelFlag = .never
    ) throws(TensorError) {
        try gather(rows: rows.span, of: table, into: input, flag: flag)
    }

    /// Gives an input rows of a table in the type they are stored in: a batch.
    ///
    /// - Throws: `TensorError.valueMismatch` for a table whose rows are not the input's, another number of
    ///   rows than the input has, or a row the table does not have.
    package func gather(
        rows: Span<Int32>, of table: TensorValue, into input: Int, flag: CancelFlag = .never
    ) throws(TensorError) {
        try require(rows.count, of: table, for: input)
        try Memory.check(rows, below: table.shape[0])
        let rowByteCount = rows.isEmpty ? 0 : plan.inputTypes[input].byteCount / rows.count
        memoryForGathering(input).gather(rows, of: Memory(table.storage), rowByteCount: rowByteCount, flag)
        markBound(input)
    }

    /// Takes over the states of another execution of the same program, such as one for another batch size.
    ///
    /// - Throws: `TensorError.valueMismatch` where the other's inputs of the same numbers are not the same
    ///   states, or have no value.
    package func takeStates(from other: Execution) throws(TensorError) {
        for input in plan.inputTypes.indices where plan.isState[input] {
            guard other.plan.isState.indices.contains(input), other.plan.isState[input], other.isBound[input]
            else {
                throw .valueMismatch(name: plan.inputNames[input], expected: "a state", got: "none")
            }
            try require(input, is: other.plan.inputTypes[input])
            memories[input].copy(from: other.memories[input], byteCount: plan.inputTypes[input].byteCount)
            markBound(input)
        }
    }

    /// Lets go of all values that were bound: each must be bound again before the next run.
    package func unbind() {
        for input in bound.indices {
            bound[input] = nil
            isBound[input] = false
        }
        unboundCount = bound.count
    }

    // MARK: Running

    /// Runs the kernels in order, then the states have their new values.
    ///
    /// - Parameter flag: asked before each kernel, inside those that run long, and after the last; the run
    ///   stops where it is set.
    /// - Returns: whether the run came to its end.
    /// - Throws: `TensorError.valueMismatch` for an input without a value, or labels out of range.
    ///   After an error or a cancelled run the states are neither old nor new: bind them again.
    @discardableResult
    package func run(flag: CancelFlag = .never) throws(TensorError) -> Bool {
        try requireInputs()
        ComputeThread.prepare()
        // By index: in debug builds an array's iterator allocates.
        for index in 0..<plan.steps.count {
            if flag.isSet { return false }
            let step = plan.steps[index]
            for other in step.others { others[other] = memories[plan.otherSlots[other]] }
            try step.kernel.run(
                Operands(
                    output: memories[step.output], first: memories[step.first], second: memories[step.second],
                    third: memories[step.third], others: others.from(step.others.lowerBound), flag: flag))
        }
        if flag.isSet { return false }
        for index in 0..<plan.commits.count {
            let commit = plan.commits[index]
            memories[commit.target].copy(from: memories[commit.source], byteCount: commit.byteCount)
        }
        return true
    }

    // MARK: Outputs

    /// An output of the last run: a copy, or what was bound to an input where that is the output.
    ///
    /// - Parameter sharesParts: whether parts of something larger need not be copied, which then lives on with them.
    package func output(_ index: Int, sharesParts: Bool = false) -> TensorValue {
        copy(of: plan.outputSlots[index], plan.outputTypes[index], sharesParts: sharesParts)
    }

    /// A copy of an input's current value: for a state, what the last run made of it.
    ///
    /// - Throws: `TensorError.valueMismatch` for an input without a value.
    package func input(_ index: Int) throws(TensorError) -> TensorValue {
        guard isBound[index] else {
            throw .valueMismatch(name: plan.inputNames[index], expected: "a value", got: "none")
        }
        return copy(of: index, plan.inputTypes[index])
    }

    /// A state as `input` gives it, but the memory itself where it can be: of an execution that runs no more.
    ///
    /// - Throws: `TensorError.valueMismatch` for an input without a value.
    package func lastInput(_ index: Int) throws(TensorError) -> TensorValue {
        guard isBound[index], case .arena(let offset) = plan.slots[index] else { return try input(index) }
        let type = plan.inputTypes[index]
        return TensorValue(type, filled: Storage(partOf: arena, from: offset, byteCount: type.byteCount))
    }

    /// Adds the elements of an output of the last run to running sums.
    ///
    /// - Throws: `TensorError.valueMismatch` when there are not as many sums as elements.
    package func accumulate(output index: Int, into sums: inout [Double]) throws(TensorError) {
        let type = plan.outputTypes[index]
        guard sums.count == type.shape.elementCount else {
            throw .valueMismatch(
                name: "sums of output \(index)", expected: "\(type.shape.elementCount)", got: "\(sums.count)")
        }
        memories[plan.outputSlots[index]].add(as: type.elementType, to: &sums)
    }

    // MARK: Private

    private func copy(of slot: Int, _ type: ValueType, sharesParts: Bool = false) -> TensorValue {
        // What was bound and only read is as it came; a part would keep more alive than itself.
        if bound.indices.contains(slot), let storage = bound[slot], sharesParts || !storage.isPart,
            storage.byteCount == type.byteCount
        {
            return TensorValue(type, filled: storage)
        }
        return TensorValue(type, filled: Storage(copying: memories[slot], byteCount: type.byteCount))
    }

    private func markBound(_ input: Int) {
        guard !isBound[input] else { return }
        unboundCount -= 1
        isBound[input] = true
    }

    private func memoryForGathering(_ input: Int) -> Memory {
        if plan.isState[input] { return memories[input] }
        let storage = gathered[input] ?? Storage(byteCount: plan.inputTypes[input].byteCount)
        gathered[input] = storage
        bound[input] = nil
        memories[input] = Memory(storage)
        return memories[input]
    }

    private func requireInputs() throws(TensorError) {
        guard unboundCount > 0, let missing = isBound.firstIndex(of: false) else { return }
        throw .valueMismatch(
            name: plan.inputNames[missing], expected: "\(plan.inputTypes[missing])", got: "no value")
    }

    private func require(_ input: Int, is type: ValueType) throws(TensorError) {
        guard plan.inputTypes.indices.contains(input) else {
            throw .valueMismatch(
                name: "input \(input)", expected: "one of \(plan.inputTypes.count)", got: "\(type)")
        }
        guard plan.inputTypes[input] == type else {
            throw .valueMismatch(
                name: plan.inputNames[input], expected: "\(plan.inputTypes[input])", got: "\(type)")
        }
    }

    private func require(_ rowCount: Int, of table: TensorValue, for input: Int) throws(TensorError) {
        guard plan.inputTypes.indices.contains(input) else { return try require(input, is: table.type) }
        let type = plan.inputTypes[input], rank = type.shape.rank
        var fits = table.elementType == type.elementType && table.shape.rank == rank && rank >= 1
        // Axis by axis, since this runs for every batch and a shape to compare with would be allocated.
        for axis in 0..<rank where fits {
            fits = type.shape[axis] == (axis == 0 ? rowCount : table.shape[axis])
        }
        guard fits else {
            throw .valueMismatch(
                name: plan.inputNames[input], expected: "\(type)", got: "\(rowCount) rows of \(table.type)")
        }
    }
}

extension Graph {
    /// Computes the outputs: compiles the graph for these inputs and runs it once.
    ///
    /// - Throws: whatever is wrong with graph or inputs.
    public func evaluate(_ inputs: [TensorValue]) throws(TensorError) -> [TensorValue] {
        let execution = Execution(try Plan(self, inputs: inputs.map(\.type)))
        for (index, value) in inputs.enumerated() { try execution.bind(value, to: index) }
        try execution.run()
        return outputs.indices.map { execution.output($0) }
    }
}
