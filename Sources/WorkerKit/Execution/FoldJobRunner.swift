import Datasets
import Jobs
import Protocol
import Tensor

/// Runs a fold over its shards, one after the other.
///
/// What is wrong with the job ends it; what is wrong with one of several shards is said in that shard's part. Each
/// shard is judged by itself, before it runs: two of as many rows are judged once.
struct FoldJobRunner {
    /// What a job's caller brings.
    struct Surroundings {
        /// Whose objects and states the job means.
        let owner: Identifier
        /// Says when to stop.
        let flag: CancelFlag
        /// Told how far the job is, at most every `WorkerLimits.progressIntervalNanoseconds`.
        let report: (JobProgress) -> Void
        /// A clock in nanoseconds; only differences count.
        let now: () -> Int64
        /// The bytes the job came as.
        var jobByteCount = 0
    }

    private let inventory: Inventory
    private let surroundings: Surroundings
    private let job: Job
    private let fold: Fold
    /// The sources that are the same for every shard.
    private var common: [BoundInput?] = []
    private var verdicts: [FoldVerdict.Key: FoldVerdict] = [:]
    private let progress: FoldProgress
    /// What the parts that are done take until the answer leaves.
    private var partsByteCount = 0
    /// Sums over the shards that are done, in the order of outputs; none before the first.
    private var sums: [ExactSum] = []

    /// Takes a job; nothing is looked for yet.
    init(_ job: Job, _ fold: Fold, _ inventory: Inventory, _ surroundings: Surroundings) {
        self.job = job
        self.fold = fold
        self.inventory = inventory
        self.surroundings = surroundings
        progress = FoldProgress(fold, inventory.shards, now: surroundings.now())
    }

    /// Runs the job.
    ///
    /// - Throws: `JobError`: of a fold over one shard whatever is wrong with it.
    mutating func answer(_ plans: inout PlanCache) throws(JobError) -> Answer {
        let began = surroundings.now()
        let owner = surroundings.owner
        // Afterwards: the last job of a run may still need its states.
        defer { inventory.objects.end(job.ended, of: owner) }
        do throws(JobError) {
            try findCommon()
        } catch {
            inventory.objects.release(job.released, of: owner)
            throw error
        }
        inventory.objects.release(job.released, of: owner)
        var parts: [JobResult.Part] = []
        parts.reserveCapacity(fold.shards.count)
        var arrivals: [ObjectStore.Arrival] = []
        for rows in fold.shards {
            do throws(JobError) {
                let (result, labels) = try run(rows, &plans)
                let largest = try add(result)
                arrivals += self.arrivals(result, labels, rows)
                parts.append(part(result, largest))
                if let transfer = try transfer(result, arrivals) { return transfer }
            } catch {
                // What ends everything is no shard's fault.
                guard fold.shards.count > 1, error != .cancelled else { throw error }
                parts.append(JobResult.Part(Release.failure(error)))
            }
        }
        let seconds = Release.seconds(surroundings.now() - began, tellsOfRows: true)
        let sums = namedSums
        let answer = Release.answer(JobResult(parts: parts, sums: sums, seconds: seconds))
        if case .failure = answer { return answer }
        try inventory.objects.keep(arrivals, of: owner)
        guard job.listsObjects else { return answer }
        return Release.answer(
            JobResult(
                parts: parts, sums: sums, seconds: seconds, objects: inventory.objects.objects(of: owner)))
    }

    /// Adds what a shard gave to the sums, all of it or nothing.
    ///
    /// - Returns: the greatest magnitude of what was added.
    private mutating func add(_ result: FoldRunner.Result) throws(JobError) -> Float {
        let summed = job.summedOutputs
        guard !summed.isEmpty else { return 0 }
        try begin(summed.map { (result.outputs[$0.output].type, $0.units) })
        var largest = 0.0
        for (index, (output, units, byExamples)) in summed.enumerated() {
            let magnitude = result.outputs[output].largestMagnitude
            guard sums[index].hasRoom(for: magnitude, weight: byExamples ? Double(result.examples) : 1) else {
                // How far beyond is nobody's business.
                throw .executionFailed(
                    "\(name(of: output)) has a magnitude beyond \(units.limit), which its sum takes")
            }
            largest = max(largest, magnitude)
        }
        do throws(TensorError) {
            for (index, (output, _, byExamples)) in summed.enumerated() {
                try sums[index].add(result.outputs[output], weight: byExamples ? Double(result.examples) : 1)
            }
        } catch {
            throw Release.error(preparing: "a sum over shards", error)
        }
        return Float(largest)
    }

    private mutating func begin(_ summed: [(type: ValueType, units: SumUnits)]) throws(JobError) {
        guard sums.isEmpty else { return }
        do throws(TensorError) {
            for (type, units) in summed { sums.append(try ExactSum(type, in: units)) }
        } catch {
            throw Release.error(preparing: "a sum over shards", error)
        }
    }

    private func name(of output: Int) -> String {
        job.outputs[output].name.isEmpty ? "output \(output)" : job.outputs[output].name
    }

    private var namedSums: [(name: String, value: TensorValue)] {
        zip(job.summedOutputs, sums).map { (job.outputs[$0.output].name, $1.value) }
    }

    /// Finds what is the same for every shard.
    private mutating func findCommon() throws(JobError) {
        for source in job.sources {
            if case .state = source {
                common.append(nil)
            } else {
                common.append(
                    try inventory.input(source, of: surroundings.owner, for: fold.shards[0].shard))
            }
        }
    }

    /// Runs the fold over one shard.
    ///
    /// - Returns: what came of it, and the label of each output.
    private mutating func run(
        _ rows: Fold.Rows, _ plans: inout PlanCache
    ) throws(JobError) -> (FoldRunner.Result, [RowLabel]) {
        let shard = try inventory.shards.shard(rows.shard)
        var number = 0
        let bound = try BoundFold(job, over: rows) { (source) throws(JobError) in
            defer { number += 1 }
            guard case .state = source else { return common[number] }
            return try inventory.input(source, of: surroundings.owner, for: rows.shard)
        }
        let this = self
        var runner = try FoldRunner(
            bound, shard: shard, cache: &plans,
            surroundings: FoldRunner.Surroundings(
                flag: surroundings.flag, report: { this.progress.say($0, $1, this.surroundings) },
                memory: inventory.memory,
                jobByteCount: surroundings.jobByteCount.addingSaturated(partsByteCount)
                    .addingSaturated(sumsByteCount),
                check: { (types) throws(JobError) in try this.check(types, rows) }))
        let verdict = try self.verdict(on: runner)
        try Release.permit(verdict, leaving: job.leavingOutputs, by: inventory.rules)
        let result = try runner.run()
        progress.finish(result)
        let labels =
            verdict.isOpen ? result.outputs.map { _ in RowLabel.open } : verdict.outputs.map(\.label)
        return (result, labels)
    }

    /// What the fold tells of rows, judged now or for a shard before.
    private mutating func verdict(on runner: FoldRunner) throws(JobError) -> FoldVerdict {
        let key = runner.verdictKey
        if let known = verdicts[key] { return known }
        let verdict = try runner.verdict()
        verdicts[key] = verdict
        return verdict
    }

    /// Checks that what leaves may travel, and that there is room for what stays, before there is any of it.
    private func check(_ types: [ValueType], _ rows: Fold.Rows) throws(JobError) {
        try Release.checkSizes(
            job.partOutputs.map { types[$0] }, beside: partsByteCount.addingSaturated(sumsByteCount))
        for (output, _, _) in job.summedOutputs where types[output].elementType != .float32 {
            throw .invalid("\(name(of: output)) is \(types[output]): sums are of float32")
        }
        let room = kept(rows).map { (key: $0.key, type: types[$0.output]) }
        try inventory.objects.checkRoom(for: room, of: surroundings.owner)
    }

    /// The outputs that stay, and what they become.
    private func kept(_ rows: Fold.Rows) -> [(output: Int, key: ObjectStore.Key)] {
        job.outputs.enumerated().compactMap { number, output in
            switch output.destination {
            case .object(let id): (number, .object(id))
            case .state(let state): (number, .state(state, rows.shard))
            case .release, .transfer, .sum: nil
            }
        }
    }

    private func arrivals(
        _ result: FoldRunner.Result, _ labels: [RowLabel], _ rows: Fold.Rows
    ) -> [ObjectStore.Arrival] {
        kept(rows).map {
            ObjectStore.Arrival(key: $0.key, value: result.outputs[$0.output], label: labels[$0.output])
        }
    }

    /// What comes back of a shard.
    private mutating func part(_ result: FoldRunner.Result, _ largest: Float) -> JobResult.Part {
        let leaving = job.partOutputs
        for output in leaving {
            partsByteCount = partsByteCount.addingSaturated(result.outputs[output].type.byteCount)
        }
        let names = job.outputs.map(\.name)
        var part = JobResult.Part(
            outputs: leaving.map { (name: names.isEmpty ? "" : names[$0], value: result.outputs[$0]) },
            examples: result.examples, batches: result.batches)
        part.largest = largest
        return part
    }

    private var sumsByteCount: Int {
        sums.reduce(0) { $0.addingSaturated(2 * $1.type.byteCount) }
    }

    /// What goes to another worker, of a job that sends it there.
    private func transfer(
        _ result: FoldRunner.Result, _ arrivals: [ObjectStore.Arrival]
    ) throws(JobError) -> Answer? {
        guard let (worker, tensors) = job.transferred(result.outputs) else { return nil }
        let answer = Release.answer(Job(keeping: tensors), to: worker)
        if case .failure = answer { return answer }
        try inventory.objects.keep(arrivals, of: surroundings.owner)
        return answer
    }
}

/// How far a fold over several shards has come; a reference, for what runs a shard tells it on its way.
private final class FoldProgress {
    private let total: Int
    private var batches = 0
    private var examples = 0
    private var saidAt: Int64

    init(_ fold: Fold, _ shards: ShardStore, now: Int64) {
        total = fold.shards.reduce(0) { $0.addingSaturated(FoldProgress.batches(fold, $1, shards)) }
        saidAt = now
    }

    private static func batches(_ fold: Fold, _ rows: Fold.Rows, _ shards: ShardStore) -> Int {
        guard let shard = try? shards.shard(rows.shard) else { return 0 }
        return BatchCounts(fold.schedule(of: rows), rowCount: shard.table(of: fold.part)?.rowCount ?? 0).total
    }

    func say(_ batches: Int, _ examples: Int, _ surroundings: FoldJobRunner.Surroundings) {
        let now = surroundings.now()
        guard now - saidAt >= WorkerLimits.progressIntervalNanoseconds else { return }
        saidAt = now
        surroundings.report(
            Release.progress(
                batchesDone: self.batches + batches, of: total, examplesDone: self.examples + examples))
    }

    func finish(_ result: FoldRunner.Result) {
        batches += result.batches
        examples += result.examples
    }
}
