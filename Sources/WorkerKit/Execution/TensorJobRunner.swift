import Jobs
import Protocol
import Tensor

/// Runs one graph once, on values the job brought along, objects kept for its trainer, and whole columns.
///
/// All that shapes, labels and limits can tell is checked before the graph runs: that its objects and columns
/// are there, that what leaves may, that there is room for what is kept.
struct TensorJobRunner {
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
        _ job: TensorJob, plans: inout PlanCache, _ surroundings: Surroundings
    ) throws(JobError) -> Answer? {
        let answer: Answer?
        do throws(JobError) {
            answer = try run(job, &plans, surroundings)
        } catch {
            inventory.objects.release(job.released, of: surroundings.owner)
            throw error
        }
        if answer != nil { inventory.objects.release(job.released, of: surroundings.owner) }
        return answer
    }

    private mutating func run(
        _ job: TensorJob, _ plans: inout PlanCache, _ surroundings: Surroundings
    ) throws(JobError) -> Answer? {
        let begin = surroundings.now()
        var inputs: [BoundInput] = []
        inputs.reserveCapacity(job.bindings.count)
        for binding in job.bindings { inputs.append(try inventory.input(binding, of: surroundings.owner)) }
        // Before memory is taken for a plan: objects and columns may be larger than the job that names them.
        if surroundings.isHurried {
            guard inputs.byteCount <= WorkerLimits.smallByteCountMaximum,
                try isSmall(job, inputs, &plans)
            else { return nil }
        }
        let prepared = try prepare(job, inputs, &plans, surroundings.flag)
        let types = prepared.plan.outputTypes
        let leaving = job.leavingOutputs
        let labels = try permit(job, inputs, leaving)
        try Release.checkSizes(leaving.map { types[$0] })
        let room = job.kept.map { (id: $0.object, type: types[$0.output]) }
        try inventory.objects.checkRoom(for: room, of: surroundings.owner)
        guard let grant = try memory(for: job, prepared.plan, surroundings) else { return nil }
        let execution = plans.execution(of: prepared)
        // A plan is kept for the next job; what this one bound must not be kept with it.
        defer { execution.unbind() }
        try compute(execution, inputs, areOpen: labels == nil, surroundings)
        let answer = release(
            job, leaving, execution,
            seconds: Release.seconds(surroundings.now() - begin, tellsOfRows: labels != nil))
        if case .failure = answer { return answer }
        let arrivals = job.kept.map { kept in
            ObjectStore.Arrival(
                id: kept.object, value: execution.output(kept.output), label: labels?[kept.output] ?? .open)
        }
        grant.giveBack(room.reduce(0) { $0 + ObjectStore.cost(of: $1.type) })
        try inventory.objects.keep(arrivals, of: surroundings.owner)
        return answer
    }

    /// Whether compiling and running a graph, copies of its outputs included, takes some microseconds: told
    /// from shapes alone, before anything is compiled or computed.
    private func isSmall(
        _ job: TensorJob, _ inputs: [BoundInput], _ plans: inout PlanCache
    ) throws(JobError) -> Bool {
        let types = inputs.map(\.value.type)
        // What was found small once is.
        if plans.isKept(job.graph, inputs: types) { return true }
        do {
            let estimate = try job.graph.graph.estimate(inputs: types)
            return estimate.operationCount <= WorkerLimits.smallOperationMaximum
                && estimate.byteCount <= WorkerLimits.smallValueByteCountMaximum
        } catch {
            throw Release.error(preparing: "the graph", error)
        }
    }

    /// Takes the memory of a job: the message it came as, its plan, and copies of its outputs. Objects and
    /// columns it binds have theirs already.
    private func memory(
        for job: TensorJob, _ plan: Plan, _ surroundings: Surroundings
    ) throws(JobError) -> MemoryBudget.Grant? {
        let overhead = job.kept.count * WorkerLimits.objectOverheadByteCount
        let byteCount = plan.outputTypes.reduce(plan.ownByteCount + overhead) {
            $0.addingSaturated($1.byteCount)
        }.addingSaturated(surroundings.jobByteCount)
        if surroundings.isHurried { return inventory.memory.take(byteCount) }
        return try inventory.memory.wait(for: byteCount, surroundings.flag)
    }

    private func prepare(
        _ job: TensorJob, _ inputs: [BoundInput], _ plans: inout PlanCache, _ flag: CancelFlag
    ) throws(JobError) -> PreparedPlan {
        do {
            return try plans.prepared(job.graph, inputs: inputs.map(\.value.type), flag)
        } catch {
            throw Release.error(preparing: "the graph", error)
        }
    }

    /// The labels of the outputs; `nil` where no input tells of the worker's rows, and so nothing does.
    private mutating func permit(
        _ job: TensorJob, _ inputs: [BoundInput], _ leaving: [Int]
    ) throws(JobError) -> [RowLabel]? {
        guard inputs.contains(where: { $0.label != .open }) else { return nil }
        let verdict: RowVerdict
        do {
            verdict = try verdicts.verdict(on: job.graph, inputs: inputs)
        } catch {
            throw Release.error(preparing: "the graph", error)
        }
        try Release.permit(verdict, leaving: leaving, by: inventory.rules)
        return verdict.outputs
    }

    private func compute(
        _ execution: Execution, _ inputs: [BoundInput], areOpen: Bool, _ surroundings: Surroundings
    ) throws(JobError) {
        let isDone: Bool
        do throws(TensorError) {
            for (index, input) in inputs.enumerated() { try execution.bind(input.value, to: index) }
            isDone = try execution.run(flag: surroundings.flag)
        } catch {
            // Where nothing comes from a data set the values are the trainer's own, and so may be the text.
            throw areOpen
                ? .executionFailed("the graph failed while it ran: \(error)")
                : Release.error(running: "the graph", error)
        }
        guard isDone else { throw .cancelled }
    }

    private func release(
        _ job: TensorJob, _ leaving: [Int], _ execution: Execution, seconds: Double
    ) -> Answer {
        if let transfer = job.transfer {
            return Release.answer(
                StoreJob(tensors: transfer.kept.map { ($0.object, execution.output($0.output)) }),
                to: transfer.worker)
        }
        return Release.answer(
            JobResult(
                outputs: leaving.map { (name: "", value: execution.output($0)) }, examples: 0, batches: 0,
                seconds: seconds))
    }
}

extension [BoundInput] {
    fileprivate var byteCount: Int { reduce(0) { $0 + $1.value.type.byteCount } }
}

extension TensorJob {
    /// The outputs that leave the worker, to the trainer or to another worker, in order.
    fileprivate var leavingOutputs: [Int] {
        let outputs = graph.graph.outputs.indices
        guard !kept.isEmpty else { return Array(outputs) }
        let staying = Set(kept.map(\.output))
        return outputs.filter { !staying.contains($0) }
    }
}
