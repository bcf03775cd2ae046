import Jobs
import Protocol
import Tensor

/// Runs one graph once, or none, on values the job brought along, objects kept for its trainer, and whole columns.
///
/// All that shapes, labels and limits can tell is checked before the graph runs: that its objects and columns
/// are there, that what leaves may, that there is room for what is kept. Where there is no graph the sources are
/// what comes out, under the same rules.
struct GraphRunner {
    /// What a job's caller brings.
    struct Surroundings {
        /// Whose objects the job means.
        let owner: Identifier
        /// Whether only a job of some microseconds is to be run.
        let isHurried: Bool
        /// Says when to stop.
        let flag: CancelFlag
        /// A clock in nanoseconds; only differences count.
        let now: () -> Int64
        /// The bytes the job came as.
        var jobByteCount = 0
    }

    /// A job whose sources were found.
    private struct Task {
        let job: Job
        let graph: SealedGraph?
        /// The graph's inputs; without one all sources.
        let inputs: [BoundInput]
        /// The bytes of objects the job lets go while it still needs them.
        var freedByteCount = 0

        /// The bytes taken for what is made of nothing.
        var madeByteCount: Int { inputs.reduce(0) { $0.addingSaturated($1.madeByteCount) } }
    }

    private let inventory: Inventory
    private(set) var verdicts = VerdictCache()

    /// - Parameter inventory: where objects and columns are found.
    init(_ inventory: Inventory) { self.inventory = inventory }

    /// Runs a job; the objects it releases are gone afterwards, whatever came of it.
    ///
    /// - Returns: what it came to, or `nil` for a job that is too large for someone in a hurry; then nothing
    ///   was done.
    /// - Throws: `JobError`: `unknownObject`, `unknownDataset`, `notPermitted`, `invalid` for a graph or values
    ///   that do not fit, `limitExceeded`, `executionFailed`, `cancelled`.
    mutating func answer(
        _ job: Job, plans: inout PlanCache, _ surroundings: Surroundings
    ) throws(JobError) -> Answer? {
        let begin = surroundings.now()
        var task: Task
        do throws(JobError) {
            task = try find(job, surroundings.owner)
            // Before memory is taken for a plan: objects and columns may be larger than the job that names them.
            if surroundings.isHurried {
                guard try isSmall(task, &plans, surroundings.owner) else { return nil }
            }
        } catch {
            inventory.letGo(job, of: surroundings.owner)
            throw error
        }
        // Before there is anything new, so that there is room for it.
        if !job.released.isEmpty { task.freedByteCount = freedByteCount(of: job, surroundings.owner) }
        inventory.letGo(job, of: surroundings.owner)
        guard let graph = task.graph else { return try pass(task, begin, surroundings) }
        return try run(task, graph, &plans, begin, surroundings)
    }

    private func find(_ job: Job, _ owner: Identifier) throws(JobError) -> Task {
        var inputs: [BoundInput] = []
        inputs.reserveCapacity(job.sources.count)
        guard case .graph(let graph, let numbers) = job.compute else {
            for source in job.sources { inputs.append(try inventory.input(source, of: owner)) }
            return Task(job: job, graph: nil, inputs: inputs)
        }
        for number in numbers ?? Array(job.sources.indices) {
            inputs.append(try inventory.input(job.sources[number], of: owner))
        }
        return Task(job: job, graph: graph, inputs: inputs)
    }

    /// The bytes of objects that are let go and go on being needed.
    private func freedByteCount(of job: Job, _ owner: Identifier) -> Int {
        let released = Set(job.released)
        var bound: Set<ObjectID> = []
        for case .object(let id) in job.sources where released.contains(id) { bound.insert(id) }
        return bound.reduce(0) { sum, id in
            let object = try? inventory.objects.find(id, of: owner)
            return sum.addingSaturated(object?.value.type.byteCount ?? 0)
        }
    }

    // MARK: With a graph

    private mutating func run(
        _ task: Task, _ graph: SealedGraph, _ plans: inout PlanCache, _ begin: Int64,
        _ surroundings: Surroundings
    ) throws(JobError) -> Answer? {
        let prepared: PreparedPlan
        do {
            prepared = try plans.prepared(graph, inputs: task.inputs.map(\.type), surroundings.flag)
        } catch {
            throw Release.error(preparing: "the graph", error)
        }
        let types = prepared.plan.outputTypes
        let labels = try permit(task)
        try check(task.job, types, surroundings.owner)
        let byteCount = types.reduce(prepared.plan.ownByteCount) { $0.addingSaturated($1.byteCount) }
        guard let grant = try memory(for: task, byteCount, surroundings) else { return nil }
        let execution = plans.execution(of: prepared)
        // A plan is kept for the next job; what this one bound must not be kept with it.
        defer { execution.unbind() }
        try compute(execution, task.inputs, areOpen: labels == nil, surroundings)
        return try settle(
            task.job, types.indices.map { execution.output($0) }, labels, grant,
            seconds: Release.seconds(surroundings.now() - begin, tellsOfRows: labels != nil),
            surroundings.owner)
    }

    /// Takes the memory of a job: the message it came as, its plan, copies of its outputs, and what is made of
    /// nothing. Objects and columns it binds have theirs already.
    private func memory(
        for task: Task, _ byteCount: Int, _ surroundings: Surroundings
    ) throws(JobError) -> MemoryBudget.Grant? {
        let keptCount = task.job.outputs.count { if case .object = $0.destination { true } else { false } }
        let total = byteCount.addingSaturated(keptCount * WorkerLimits.objectOverheadByteCount)
            .addingSaturated(task.madeByteCount).addingSaturated(task.freedByteCount)
            .addingSaturated(surroundings.jobByteCount)
        if surroundings.isHurried { return inventory.memory.take(total) }
        return try inventory.memory.wait(for: total, surroundings.flag)
    }

    private func compute(
        _ execution: Execution, _ inputs: [BoundInput], areOpen: Bool, _ surroundings: Surroundings
    ) throws(JobError) {
        var values: [TensorValue] = []
        values.reserveCapacity(inputs.count)
        for input in inputs { values.append(try input.value()) }
        let isDone: Bool
        do throws(TensorError) {
            for (index, value) in values.enumerated() { try execution.bind(value, to: index) }
            isDone = try execution.run(flag: surroundings.flag)
        } catch {
            // Where nothing comes from a data set the values are the trainer's own, and so may be the text.
            throw areOpen
                ? .executionFailed("the graph failed while it ran: \(error)")
                : Release.error(running: "the graph", error)
        }
        guard isDone else { throw .cancelled }
    }

    // MARK: Without one

    /// The sources as outputs.
    private mutating func pass(
        _ task: Task, _ begin: Int64, _ surroundings: Surroundings
    ) throws(JobError) -> Answer? {
        let labels = try permit(task)
        try check(task.job, task.inputs.map(\.type), surroundings.owner)
        var grant: MemoryBudget.Grant?
        // What came with the job is there; what is kept of it is counted as objects.
        if task.madeByteCount > 0 {
            grant = try memory(for: task, 0, surroundings)
            guard grant != nil else { return nil }
        }
        var values: [TensorValue] = []
        values.reserveCapacity(task.inputs.count)
        for input in task.inputs { values.append(try input.value()) }
        return try settle(
            task.job, values, labels, grant,
            seconds: Release.seconds(surroundings.now() - begin, tellsOfRows: labels != nil),
            surroundings.owner)
    }

    // MARK: Either way

    /// Whether compiling and running a job, copies of its outputs included, takes some microseconds: told
    /// from shapes alone, before anything is compiled or computed.
    private func isSmall(
        _ task: Task, _ plans: inout PlanCache, _ owner: Identifier
    ) throws(JobError) -> Bool {
        guard task.inputs.byteCount <= WorkerLimits.smallByteCountMaximum else { return false }
        if task.job.listsObjects, inventory.objects.count(of: owner) > WorkerLimits.smallObjectCountMaximum {
            return false
        }
        guard let graph = task.graph else { return true }
        guard graph.graph.nodes.count <= WorkerLimits.smallNodeCountMaximum else { return false }
        let types = task.inputs.map(\.type)
        // What was found small once is.
        if plans.isKept(graph, inputs: types) { return true }
        do {
            let estimate = try graph.graph.estimate(inputs: types)
            return estimate.operationCount <= WorkerLimits.smallOperationMaximum
                && estimate.byteCount <= WorkerLimits.smallValueByteCountMaximum
        } catch {
            throw Release.error(preparing: "the graph", error)
        }
    }

    /// The labels of the outputs; `nil` where no input tells of the worker's rows, and so nothing does.
    private mutating func permit(_ task: Task) throws(JobError) -> [RowLabel]? {
        guard task.inputs.contains(where: { $0.label != .open }) else { return nil }
        let verdict: RowVerdict
        if let graph = task.graph {
            do {
                verdict = try verdicts.verdict(on: graph, inputs: task.inputs)
            } catch {
                throw Release.error(preparing: "the graph", error)
            }
        } else {
            verdict = RowVerdict(passing: task.inputs.map(\.label))
        }
        try Release.permit(verdict, leaving: task.job.leavingOutputs, by: inventory.rules)
        return verdict.outputs
    }

    /// Checks that what leaves may travel, and that there is room for what stays.
    private func check(_ job: Job, _ types: [ValueType], _ owner: Identifier) throws(JobError) {
        try Release.checkSizes(job.leavingOutputs.map { types[$0] })
        guard !job.outputs.isEmpty else { return }
        let room = zip(job.outputs, types).compactMap {
            output, type -> (key: ObjectStore.Key, type: ValueType)? in
            if case .object(let id) = output.destination { (.object(id), type) } else { nil }
        }
        try inventory.objects.checkRoom(for: room, of: owner)
    }

    /// Sends outputs where they belong; what stays is kept once it is sure that there is an answer.
    private func settle(
        _ job: Job, _ values: [TensorValue], _ labels: [RowLabel]?, _ grant: MemoryBudget.Grant?,
        seconds: Double, _ owner: Identifier
    ) throws(JobError) -> Answer {
        let outputs = job.leavingOutputs.map { index in
            (name: job.outputs.isEmpty ? "" : job.outputs[index].name, value: values[index])
        }
        var result = JobResult(outputs: outputs, examples: 0, batches: 0, seconds: seconds)
        let answer: Answer
        if let (worker, tensors) = job.transferred(values) {
            answer = Release.answer(Job(keeping: tensors), to: worker)
        } else {
            answer = Release.answer(result)
        }
        if case .failure = answer { return answer }
        let arrivals = job.outputs.indices.compactMap { index -> ObjectStore.Arrival? in
            guard case .object(let id) = job.outputs[index].destination else { return nil }
            return ObjectStore.Arrival(id: id, value: values[index], label: labels?[index] ?? .open)
        }
        grant?.giveBack(arrivals.reduce(0) { $0 + ObjectStore.cost(of: $1.value.type) })
        try inventory.objects.keep(arrivals, of: owner)
        guard job.listsObjects, case .result = answer else { return answer }
        result.objects = inventory.objects.objects(of: owner)
        return Release.answer(result)
    }
}

extension [BoundInput] {
    fileprivate var byteCount: Int { reduce(0) { $0.addingSaturated($1.type.byteCount) } }
}

extension Job {
    /// What goes to another worker of a job that sends something there, and what it becomes.
    func transferred(
        _ values: [TensorValue]
    ) -> (worker: SessionID, tensors: [(object: ObjectID, value: TensorValue)])? {
        var worker: SessionID?
        var tensors: [(object: ObjectID, value: TensorValue)] = []
        for (output, value) in zip(outputs, values) {
            guard case .transfer(let other, let object) = output.destination else { continue }
            worker = other
            tensors.append((object, value))
        }
        return worker.map { ($0, tensors) }
    }
}

extension Inventory {
    /// Lets go of what a job says nobody needs any more.
    func letGo(_ job: Job, of owner: Identifier) {
        objects.release(job.released, of: owner)
        objects.end(job.ended, of: owner)
    }
}
