import Datasets
import Jobs
import Protocol
import Tensor

/// Folds a program's step graph over the rows of a shard, then runs its finish graph.
///
/// The fold is `BatchFold`'s; the sums are given to the finish graph as float32. All that shapes and types can
/// tell is checked before the first batch runs. Numbers that are not finite are no error: the trainer judges
/// them. The same job gives the same bits every time.
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
    private let surroundings: Surroundings
    private let grant: MemoryBudget.Grant?

    private var fold: BatchFold
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
        let rowCount = table?.rowCount ?? 0
        let sizes = BatchCounts(job.program.schedule, rowCount: rowCount).sizes
        var columns: [TensorValue] = []
        for name in job.program.columns { columns.append(try shard.column(name, of: table)) }
        var grant: MemoryBudget.Grant?
        plans = try ProgramPlans(
            job, columns: columns.map(\.type), sizes: sizes, cache: &cache, surroundings.flag
        ) { (byteCount) throws(JobError) in
            grant = try surroundings.memory.wait(
                for: byteCount.addingSaturated(surroundings.jobByteCount), surroundings.flag)
        }
        self.grant = grant
        do throws(TensorError) {
            fold = try BatchFold(
                job.program.schedule, rowCount: rowCount, columns: columns, bindings: job.bindings,
                stateCount: job.program.stateCount, steps: plans.steps, metricShapes: plans.metricShapes)
        } catch {
            throw Release.error(preparing: "the step graph", error)
        }
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
            for size in fold.counts.sizes {
                let inputs = try ProgramPlans.inputs(job, columns.map(\.type), rowCount: size)
                steps.append(.init(rowCount: size, types: try job.program.step.graph.types(binding: inputs)))
            }
            let finish = ProgramPlans.finishInputs(job, plans.metricShapes)
            return FoldAnalysis(
                job: job, counts: fold.counts, steps: steps,
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
            while try fold.advance(surroundings.flag) { reportProgress() }
        } catch {
            throw Release.error(running: "the step graph", error)
        }
        guard fold.isDone, !surroundings.flag.isSet else { throw .cancelled }
        let outputs: [TensorValue]
        do throws(TensorError) {
            outputs = try finish()
        } catch {
            throw Release.error(running: "the finish graph", error)
        }
        guard outputs.count == job.program.outputs.count else { throw .cancelled }
        return JobResult(
            outputs: zip(job.program.outputs, outputs).map { (name: $0, value: $1) },
            examples: fold.examples, batches: fold.batches,
            seconds: Release.seconds(surroundings.now() - started, tellsOfRows: true))
    }

    private mutating func reportProgress() {
        let now = surroundings.now()
        guard now - reportedAt >= WorkerLimits.progressIntervalNanoseconds, !fold.isDone else { return }
        reportedAt = now
        surroundings.report(
            Release.progress(batchesDone: fold.batches, of: fold.counts, examplesDone: fold.examples))
    }

    /// Runs the finish graph; no outputs when cancelled.
    private func finish() throws(TensorError) -> [TensorValue] {
        let stateCount = job.program.stateCount
        let first = job.bindings.prefix(stateCount)
        var values = Array(first)
        for index in 0..<stateCount { values.append(try fold.state(index)) }
        values += job.bindings.dropFirst(stateCount)
        for (sum, shape) in zip(fold.sums, plans.metricShapes) {
            values.append(try TensorValue(sum.map { Float($0) }, shape: shape.dimensions))
        }
        values.append(TensorValue(scalar: Float(fold.examples)))
        for (index, value) in values.enumerated() { try plans.finish.bind(value, to: index) }
        guard try plans.finish.run(flag: surroundings.flag) else { return [] }
        return plans.finish.plan.outputTypes.indices.map { plans.finish.output($0) }
    }
}
