import Jobs
import Protocol
import Tensor

/// What one compute thread works with: its plans and their buffers, and what all threads share.
struct Workbench {
    /// The plans of this thread.
    var plans = PlanCache()
    private let shards: ShardStore
    private let graphs: GraphCache
    private let now: @Sendable () -> Int64

    /// - Parameter now: a clock in nanoseconds.
    init(shards: ShardStore, graphs: GraphCache, now: @escaping @Sendable () -> Int64) {
        self.shards = shards
        self.graphs = graphs
        self.now = now
    }

    /// Decodes a job and runs it.
    ///
    /// - Parameters:
    ///   - started: called when a program begins; one graph alone is over too soon to tell.
    ///   - progressed: called now and then while a program runs.
    mutating func answer(
        _ work: Work, started: () -> Void, progressed: (JobProgress) -> Void
    ) -> Answer {
        do throws(JobError) {
            let job = try decode(work)
            switch job {
            case .tensor(let job):
                guard let result = try run(job, work, operationMaximum: .max) else {
                    throw .executionFailed("no job takes more operations than there are numbers")
                }
                return Release.answer(result)
            case .program(let job):
                started()
                return Release.answer(try run(job, work, progressed))
            }
        } catch {
            return Release.answer(error)
        }
    }

    /// Does a job that is over sooner than a sleeping thread is awake.
    ///
    /// - Returns: `nil` for a program, and for a graph that is not as small as `WorkerLimits` says.
    mutating func answerIfSmall(_ work: Work) -> Answer? {
        let byteCount = work.frames.reduce(work.body.count) { $0 + $1.byteCount }
        guard byteCount <= WorkerLimits.smallByteCountMaximum else { return nil }
        do throws(JobError) {
            guard case .tensor(let job) = try decode(work),
                job.graph.graph.nodes.count <= WorkerLimits.smallNodeCountMaximum
            else { return nil }
            let result = try run(job, work, operationMaximum: WorkerLimits.smallOperationMaximum)
            return result.map { Release.answer($0) }
        } catch {
            return Release.answer(error)
        }
    }

    private func decode(_ work: Work) throws(JobError) -> ReceivedJob {
        var hasNewGraphs = false
        let job = try ReceivedJob(decoding: work.body, frames: work.frames) { hash in
            let known = graphs.find(hash)
            if known == nil { hasNewGraphs = true }
            return known
        }
        if hasNewGraphs { graphs.keep(job.graphs) }
        return job
    }

    private mutating func run(
        _ job: TensorJob, _ work: Work, operationMaximum: Int
    ) throws(JobError) -> JobResult? {
        let begin = now()
        let values = try TensorJobRunner.run(
            job, plans: &plans, operationMaximum: operationMaximum, isCancelled: { work.flag.isSet })
        guard let values else { return nil }
        return JobResult(
            outputs: values.map { (name: "", value: $0) }, examples: 0, batches: 0,
            seconds: Double(now() - begin) * 1e-9)
    }

    private mutating func run(
        _ job: ProgramJob, _ work: Work, _ progressed: (JobProgress) -> Void
    ) throws(JobError) -> JobResult {
        let shard = try shards.shard(job.program.shard)
        return try withoutActuallyEscaping(progressed) { progressed throws(JobError) in
            var runner = try ProgramRunner(
                job, shard: shard, cache: &plans,
                surroundings: ProgramRunner.Surroundings(
                    isCancelled: { work.flag.isSet }, report: progressed, now: now))
            return try runner.run()
        }
    }
}
