import Datasets
import Jobs
import Protocol
import Tensor

/// Folds a program's step graph over the rows of a shard, then runs its finish graph.
///
/// The order of rows is `RowOrder`'s. State stays in the plan's buffers from batch to batch; metrics are
/// summed element by element in double precision, in the order of the batches, and given to the finish graph
/// as float32. All that shapes and types can tell is checked before the first batch runs. Numbers that are
/// not finite are no error: the trainer judges them. The same job gives the same bits every time.
struct ProgramRunner {
    /// What a program's caller brings: when to stop, whom to tell, what time it is.
    struct Surroundings {
        /// Says when to stop.
        let flag: CancelFlag
        /// Told how far the job is, at most every `WorkerLimits.progressIntervalNanoseconds`.
        let report: (JobProgress) -> Void
        /// A clock in nanoseconds; only differences count.
        let now: () -> Int64
        /// Where memory comes from.
        var memory = MemoryBudget(limit: .max)
        /// The bytes the job came as.
        var jobByteCount = 0
    }

    private let job: ProgramJob
    private let columns: [TensorValue]
    private let classCounts: [Int?]
    private let plans: ProgramPlans
    private let counts: BatchCounts
    private let rowCount: Int
    private let surroundings: Surroundings
    private let lease: MemoryBudget.Lease?

    private var sums: [[Double]]
    /// The plan that holds the present state; `nil` before the first batch.
    private var current: Execution?
    private var batches = 0
    private var examples = 0
    private var reportedAt: Int64

    /// Finds the columns of a program and compiles its graphs.
    ///
    /// - Throws: `JobError`: `unknownDataset` for a column the shard has not, `invalid` for graphs that do not fit each
    ///   other, the bindings or the columns, `limitExceeded` for plans that would take too much memory.
    init(
        _ job: ProgramJob, shard: Shard, cache: inout PlanCache, surroundings: Surroundings
    ) throws(JobError) {
        try job.program.check(bindingCount: job.bindings.count)
        let table = job.program.part == .train ? shard.train : shard.heldOut
        rowCount = table?.rowCount ?? 0
        counts = BatchCounts(job.program.schedule, rowCount: rowCount)
        var columns: [TensorValue] = []
        for name in job.program.columns { columns.append(try shard.column(name, of: table)) }
        var lease: MemoryBudget.Lease?
        plans = try ProgramPlans(
            job, columns: columns.map(\.type), sizes: counts.sizes, cache: &cache, surroundings.flag
        ) { (byteCount) throws(JobError) in
            lease = try surroundings.memory.wait(
                for: byteCount.addingSaturated(surroundings.jobByteCount), surroundings.flag)
        }
        self.lease = lease
        sums = plans.metricShapes.map { [Double](repeating: 0, count: $0.elementCount) }
        self.job = job
        self.columns = columns
        classCounts = job.program.columns.map { shard.schema[$0]?.classes?.count }
        self.surroundings = surroundings
        reportedAt = surroundings.now()
    }

    /// What the program tells of rows, found without running it.
    ///
    /// - Throws: what is wrong with its graphs.
    func verdict() throws(JobError) -> FoldVerdict {
        do throws(TensorError) {
            var steps: [FoldAnalysis.Step] = []
            for size in counts.sizes {
                let inputs = try ProgramPlans.inputs(job, columns.map(\.type), rowCount: size)
                steps.append(.init(rowCount: size, types: try job.program.step.graph.types(binding: inputs)))
            }
            let finish = ProgramPlans.finishInputs(job, plans.metricShapes)
            return FoldAnalysis(
                job: job, counts: counts, steps: steps,
                finishTypes: try job.program.finish.graph.types(binding: finish), classCounts: classCounts
            ).verdict
        } catch {
            throw Release.error(preparing: "the program", error)
        }
    }

    /// Runs the program.
    ///
    /// - Throws: `JobError.executionFailed` or `cancelled`.
    mutating func run() throws(JobError) -> JobResult {
        let started = surroundings.now()
        defer { plans.unbind() }
        do throws(TensorError) {
            try fold()
        } catch {
            throw Release.error(running: "the step graph", error)
        }
        guard batches == counts.total, !surroundings.flag.isSet else { throw .cancelled }
        let outputs: [TensorValue]
        do throws(TensorError) {
            outputs = try finish()
        } catch {
            throw Release.error(running: "the finish graph", error)
        }
        guard outputs.count == job.program.outputs.count else { throw .cancelled }
        return JobResult(
            outputs: zip(job.program.outputs, outputs).map { (name: $0, value: $1) },
            examples: examples, batches: batches,
            seconds: Release.seconds(surroundings.now() - started, tellsOfRows: true))
    }

    /// Runs the batches; ends early when cancelled.
    private mutating func fold() throws(TensorError) {
        let schedule = job.program.schedule
        var epoch = 0
        while batches < counts.total {
            let order = RowOrder.rows(rowCount, shuffleSeed: schedule.shuffleSeed, epoch: epoch)
            for batch in 0..<min(counts.perEpoch, counts.total - batches) {
                guard try step(order[counts.positions(ofBatch: batch)]) else { return }
            }
            epoch += 1
        }
    }

    /// Runs one batch; `false` when cancelled.
    private mutating func step(_ rows: ArraySlice<Int32>) throws(TensorError) -> Bool {
        let execution = plans.step(rowCount: rows.count)
        try carryState(to: execution)
        for (index, column) in columns.enumerated() {
            try execution.gather(
                rows: rows, of: column, into: job.bindings.count + index, flag: surroundings.flag)
        }
        guard try execution.run(flag: surroundings.flag) else { return false }
        for index in sums.indices {
            try execution.accumulate(output: job.program.stateCount + index, into: &sums[index])
        }
        batches += 1
        examples += rows.count
        reportProgress()
        return true
    }

    private mutating func carryState(to execution: Execution) throws(TensorError) {
        if execution === current { return }
        if let current {
            try execution.takeStates(from: current)
        } else {
            for index in 0..<job.program.stateCount { try execution.bind(job.bindings[index], to: index) }
        }
        current = execution
    }

    private mutating func reportProgress() {
        let now = surroundings.now()
        guard now - reportedAt >= WorkerLimits.progressIntervalNanoseconds, batches < counts.total else {
            return
        }
        reportedAt = now
        surroundings.report(Release.progress(batchesDone: batches, of: counts, examplesDone: examples))
    }

    /// Runs the finish graph; no outputs when cancelled.
    private func finish() throws(TensorError) -> [TensorValue] {
        let stateCount = job.program.stateCount
        let first = job.bindings.prefix(stateCount)
        var values = Array(first)
        for index in 0..<stateCount { values.append(try current?.input(index) ?? job.bindings[index]) }
        values += job.bindings.dropFirst(stateCount)
        for (sum, shape) in zip(sums, plans.metricShapes) {
            values.append(try TensorValue(sum.map { Float($0) }, shape: shape.dimensions))
        }
        values.append(TensorValue(scalar: Float(examples)))
        for (index, value) in values.enumerated() { try plans.finish.bind(value, to: index) }
        guard try plans.finish.run(flag: surroundings.flag) else { return [] }
        return plans.finish.plan.outputTypes.indices.map { plans.finish.output($0) }
    }
}
