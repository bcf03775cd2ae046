import Datasets
import Ground
import Jobs
import Protocol
import Tensor

@testable import WorkerKit

/// The compute side of a worker called bob, without threads: payloads in, answers out.
struct TestBench {
    /// Asks what the worker keeps.
    static let list = Job(listsObjects: true).payload(includesGraphs: false)
    static let ann = Identifier(high: 1, low: 1), ben = Identifier(high: 2, low: 2)

    let inventory: Inventory
    private var workbench: Workbench

    init(
        shards: [Shard] = [], byteCountMaximum: Int = 1 << 20, rowsMinimum: Int = 32, memory: Int = .max
    ) {
        inventory = .of(
            "bob", shards: shards, byteCountMaximum: byteCountMaximum, rowsMinimum: rowsMinimum,
            memory: memory)
        workbench = Workbench(inventory, now: { 0 })
    }

    /// Runs a job as a thread would.
    mutating func answer(
        _ payload: Payload, for owner: Identifier = ann, isTransferred: Bool = false
    ) -> Answer {
        workbench.answer(
            Work(run: 1, payload, for: owner, isTransferred: isTransferred), started: {}, progressed: { _ in }
        )
    }

    /// Runs a job as the loop would; nothing for one that belongs on a thread.
    mutating func answerIfSmall(_ payload: Payload, for owner: Identifier = ann) -> Answer? {
        workbench.answerIfSmall(Work(run: 1, payload, for: owner))
    }

    /// What a job gave.
    mutating func result(_ job: TensorJob, for owner: Identifier = ann) throws -> JobResult {
        try answer(job.job.payload(includesGraphs: true), for: owner).result()
    }

    /// Why a job was not done; nothing when it was.
    mutating func failure(_ job: TensorJob, for owner: Identifier = ann) -> Failure? {
        answer(job.job.payload(includesGraphs: true), for: owner).failure
    }

    /// Keeps values under ids.
    mutating func store(
        _ values: [UInt64: TensorValue] = [:], releasing released: [UInt64] = [],
        for owner: Identifier = ann
    ) -> Failure? {
        let job = Job(
            keeping: values.sorted { $0.key < $1.key }.map { (ObjectID($0.key), $0.value) },
            released: released.map { ObjectID($0) })
        return answer(job.payload(includesGraphs: false), for: owner).failure
    }

    /// The ids an owner is told of.
    mutating func ids(of owner: Identifier = ann) throws -> [UInt64] {
        try answer(Self.list, for: owner).result().objects.map(\.id.rawValue)
    }
}

extension Inventory {
    static func of(
        _ worker: String, shards: [Shard] = [], byteCountMaximum: Int = 1 << 20, rowsMinimum: Int = 32,
        memory: Int = .max
    ) -> Inventory {
        let memory = MemoryBudget(limit: memory)
        return Inventory(
            shards: ShardStore(shards),
            objects: ObjectStore(worker: worker, byteCountMaximum: byteCountMaximum, memory: memory),
            rules: ReleaseRules(worker: worker, rowsMinimum: rowsMinimum), memory: memory)
    }
}

extension Work {
    init(run: UInt64, _ payload: Payload, for owner: Identifier, isTransferred: Bool = false) {
        self.init(
            job: JobID(high: 1, low: run), run: run, owner: owner, isTransferred: isTransferred,
            body: payload.body, frames: payload.received)
    }
}

extension Payload {
    /// The frames as they arrive.
    var received: [Storage] {
        frames.map { frame in
            switch frame {
            case .packed(let bytes): Storage(copying: bytes)
            case .whole(let storage): storage
            }
        }
    }
}

extension ProgramJob {
    /// What the program gives beside a shard, whether or not it may leave.
    func run(on shard: Shard, cache: inout PlanCache, flag: CancelFlag = .never) throws -> JobResult {
        try job.check()
        guard case .fold(let fold) = job.compute else { throw JobError.invalid("no fold") }
        let bound = try BoundFold(job, over: fold.shards[0]) { (source) in BoundInput(source) }
        var runner = try FoldRunner(
            bound, shard: shard, cache: &cache, surroundings: .init(flag: flag, report: { _, _ in }))
        let result = try runner.run()
        let outputs = zip(bound.names, result.outputs).map { (name: $0, value: $1) }
        return JobResult(
            parts: [.init(outputs: outputs, examples: result.examples, batches: result.batches)], seconds: 0)
    }
}

extension Answer {
    /// The result, or an error that says what came instead.
    func result() throws -> JobResult {
        switch self {
        case .result(let payload): try JobResult(decoding: payload.body, frames: payload.received)
        case .transfer: throw Failure(.malformed, "a transfer")
        case .failure(let failure): throw failure
        }
    }

    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }

    var transfer: (worker: SessionID, payload: Payload)? {
        if case .transfer(let worker, let payload) = self { (worker, payload) } else { nil }
    }
}
