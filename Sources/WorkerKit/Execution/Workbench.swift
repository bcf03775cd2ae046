import Ground
import Jobs
package import Protocol
import Tensor

/// What one compute thread works with: its plans and their buffers, and what all threads share.
package struct Workbench {
    /// The plans of this thread.
    var plans: PlanCache
    private var runner: TensorJobRunner
    private var parsed = ParsedBodies()
    private let inventory: Inventory
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - threadCount: how many there are to share the memory for plans that are kept.
    ///   - now: a clock in nanoseconds.
    package init(_ inventory: Inventory, threadCount: Int = 1, now: @escaping @Sendable () -> Int64) {
        plans = PlanCache(byteCountMaximum: inventory.memory.cacheByteCount / max(1, threadCount))
        runner = TensorJobRunner(inventory)
        self.inventory = inventory
        self.now = now
    }

    /// Decodes a job and runs it.
    ///
    /// - Parameters:
    ///   - started: called when a program begins; one graph alone is over too soon to tell.
    ///   - progressed: called now and then while a program runs.
    package mutating func answer(
        _ work: Work, started: () -> Void, progressed: (JobProgress) -> Void
    ) -> Answer {
        // Plans give way to jobs: what is kept here, others may wait for.
        if inventory.memory.isShort { plans.removeAll() }
        do throws(JobError) {
            if work.flag.isSet { throw .cancelled }
            switch try decode(work) {
            case .tensor(let job):
                guard let answer = try run(job, work, isHurried: false) else {
                    throw .executionFailed("a job was left undone that nobody was in a hurry for")
                }
                return answer
            case .program(let job):
                started()
                return Release.answer(try run(job, work, progressed))
            case .store(let job):
                return try run(job, for: work.owner)
            case .inquiry(let job):
                return answer(job, of: work.owner)
            }
        } catch {
            return Release.answer(error)
        }
    }

    /// Does a job that is over sooner than a sleeping thread is awake.
    ///
    /// - Returns: `nil` for a program, and for what is not as small as `WorkerLimits` says; then nothing was
    ///   done.
    mutating func answerIfSmall(_ work: Work) -> Answer? {
        guard work.byteCount <= WorkerLimits.smallByteCountMaximum else { return nil }
        do throws(JobError) {
            switch try decode(work) {
            case .tensor(let job):
                guard job.graph.graph.nodes.count <= WorkerLimits.smallNodeCountMaximum else { return nil }
                return try run(job, work, isHurried: true)
            case .program:
                return nil
            case .store(let job):
                return try run(job, for: work.owner)
            case .inquiry(let job):
                let count = inventory.objects.count(of: work.owner)
                return count <= WorkerLimits.smallObjectCountMaximum ? answer(job, of: work.owner) : nil
            }
        } catch {
            return Release.answer(error)
        }
    }

    private mutating func decode(_ work: Work) throws(JobError) -> ReceivedJob {
        var hasNewGraphs = false
        let job = try ReceivedJob(
            decoding: work.body, frames: work.frames, isTransferred: work.isTransferred, parsed: &parsed
        ) { hash in
            let known = inventory.graphs.find(hash)
            if known == nil { hasNewGraphs = true }
            return known
        }
        if hasNewGraphs { inventory.graphs.keep(job.graphs) }
        return job
    }

    private mutating func run(
        _ job: TensorJob, _ work: Work, isHurried: Bool
    ) throws(JobError) -> Answer? {
        try runner.answer(
            job, plans: &plans,
            TensorJobRunner.Surroundings(
                owner: work.owner, isHurried: isHurried, flag: work.flag, now: now,
                jobByteCount: work.byteCount))
    }

    private mutating func run(
        _ job: ProgramJob, _ work: Work, _ progressed: (JobProgress) -> Void
    ) throws(JobError) -> JobResult {
        let shard = try inventory.shards.shard(job.program.shard)
        return try withoutActuallyEscaping(progressed) { progressed throws(JobError) in
            var runner = try ProgramRunner(
                job, shard: shard, cache: &plans,
                surroundings: ProgramRunner.Surroundings(
                    flag: work.flag, report: progressed, now: now, memory: inventory.memory,
                    jobByteCount: work.byteCount))
            try Release.permit(try runner.verdict(), by: inventory.rules)
            return try runner.run()
        }
    }

    private func run(_ job: StoreJob, for owner: Identifier) throws(JobError) -> Answer {
        // First, so that there is room for what comes.
        inventory.objects.release(job.released, of: owner)
        let arrivals = job.tensors.map { ObjectStore.Arrival(id: $0.object, value: $0.value, label: .open) }
        try inventory.objects.keep(arrivals, of: owner)
        return Release.answer(JobResult(outputs: [], examples: 0, batches: 0, seconds: 0))
    }

    private func answer(_ job: InquiryJob, of owner: Identifier) -> Answer {
        inventory.objects.release(job.released, of: owner)
        let objects = inventory.objects.objects(of: owner)
        return Release.answer(
            JobResult(outputs: [], examples: 0, batches: 0, seconds: 0, objects: objects))
    }
}
