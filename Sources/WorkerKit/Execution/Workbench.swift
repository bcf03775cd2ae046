import Ground
import Jobs
package import Protocol
import Tensor

/// What one compute thread works with: its plans and their buffers, and what all threads share.
package struct Workbench {
    /// The plans of this thread.
    var plans: PlanCache
    private var runner: GraphRunner
    private var parsed = ParsedBodies()
    private let inventory: Inventory
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - threadCount: how many there are to share the memory for plans that are kept.
    ///   - now: a clock in nanoseconds.
    package init(_ inventory: Inventory, threadCount: Int = 1, now: @escaping @Sendable () -> Int64) {
        plans = PlanCache(byteCountMaximum: inventory.memory.cacheByteCount / max(1, threadCount))
        runner = GraphRunner(inventory)
        self.inventory = inventory
        self.now = now
    }

    /// Decodes a job and runs it.
    ///
    /// - Parameters:
    ///   - started: called when a fold begins; one graph alone is over too soon to tell.
    ///   - progressed: called now and then while a fold runs.
    package mutating func answer(
        _ work: Work, started: () -> Void, progressed: (JobProgress) -> Void
    ) -> Answer {
        // Plans give way to jobs: what is kept here, others may wait for.
        if inventory.memory.isShort { plans.removeAll() }
        do throws(JobError) {
            if work.flag.isSet { throw .cancelled }
            let job = try decode(work)
            if case .fold(let fold) = job.compute {
                started()
                return try run(job, fold, work, progressed)
            }
            guard let answer = try run(job, work, isHurried: false) else {
                throw .executionFailed("a job was left undone that nobody was in a hurry for")
            }
            return answer
        } catch {
            return Release.answer(error)
        }
    }

    /// Does a job that is over sooner than a sleeping thread is awake.
    ///
    /// - Returns: `nil` for a fold, and for what is not as small as `WorkerLimits` says; then nothing was
    ///   done.
    mutating func answerIfSmall(_ work: Work) -> Answer? {
        guard work.byteCount <= WorkerLimits.smallByteCountMaximum else { return nil }
        do throws(JobError) {
            let job = try decode(work)
            if case .fold = job.compute { return nil }
            return try run(job, work, isHurried: true)
        } catch {
            return Release.answer(error)
        }
    }

    private mutating func decode(_ work: Work) throws(JobError) -> Job {
        var hasNewGraphs = false
        let job = try Job(
            decoding: work.body, frames: work.frames, isTransferred: work.isTransferred, parsed: &parsed
        ) { hash in
            let known = inventory.graphs.find(hash)
            if known == nil { hasNewGraphs = true }
            return known
        }
        if hasNewGraphs { inventory.graphs.keep(job.graphs) }
        return job
    }

    private mutating func run(_ job: Job, _ work: Work, isHurried: Bool) throws(JobError) -> Answer? {
        try runner.answer(
            job, plans: &plans,
            GraphRunner.Surroundings(
                owner: work.owner, isHurried: isHurried, flag: work.flag, now: now,
                jobByteCount: work.byteCount))
    }

    private mutating func run(
        _ job: Job, _ fold: Fold, _ work: Work, _ progressed: (JobProgress) -> Void
    ) throws(JobError) -> Answer {
        try withoutActuallyEscaping(progressed) { progressed throws(JobError) in
            var runner = FoldJobRunner(
                job, fold, inventory,
                FoldJobRunner.Surroundings(
                    owner: work.owner, flag: work.flag, report: progressed, now: now,
                    jobByteCount: work.byteCount))
            return try runner.answer(&plans)
        }
    }
}
