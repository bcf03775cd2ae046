import Datasets
import Fagure
import Federation
import Jobs
import Protocol
import Tensor
import Testing

/// Runs a test with a session and workers in this process, closed whatever comes of it.
func withWorkers(
    _ names: String..., run: (EmbeddedSession, [Worker]) async throws -> Void
) async throws {
    let session = try await Session.embedded()
    do {
        var workers: [Worker] = []
        for name in names { workers.append(try await session.addWorker(name)) }
        try await run(session, workers)
    } catch {
        await session.close()
        throw error
    }
    await session.close()
}

/// Runs a test with one worker in this process.
func withBob(run: (EmbeddedSession, Worker) async throws -> Void) async throws {
    try await withWorkers("bob") { try await run($0, $1[0]) }
}

/// Runs a test with two workers in this process.
func withBobAndAlice(run: (EmbeddedSession, Worker, Worker) async throws -> Void) async throws {
    try await withWorkers("bob", "alice") { try await run($0, $1[0], $1[1]) }
}

extension Session {
    /// Waits until what the session has done is as it should be.
    func wait(until isDone: (SessionStatistics) -> Bool) async {
        while !isDone(await statistics) { await Task.yield() }
    }

    /// What the session did while something ran.
    func count(
        _ body: () async throws -> Void
    ) async throws -> (jobs: UInt64, roundTrips: UInt64, bytes: UInt64) {
        let before = await statistics
        try await body()
        let after = await statistics
        return (
            after.jobs - before.jobs, after.roundTrips - before.roundTrips, after.bytesSent - before.bytesSent
        )
    }
}

/// The only thread of the worker that serves `Samples.dataset`, kept busy until it is freed: all other jobs
/// wait.
struct Occupation {
    /// Where the data set is.
    static let shard = ShardReference(dataset: "data", partition: "contiguous", index: 0, count: 1)

    private let task: Task<Void, Never>

    /// Begins, and returns when the thread is at work.
    init(_ session: Session) async throws {
        let task = try LearningTask(Samples.description([Samples.feature(), Samples.numbers()]))
        let model = try ModelKind.linear.makeModel(for: task, seed: 0)
        var settings = TrainingProgram.Settings()
        settings.localEpochs = 1_000_000
        settings.batchSize = 1
        let job = try TrainingProgram(task, model: model, settings: settings).job(
            for: Occupation.shard, from: try ModelState(model), scaling: .plain(for: task), shuffleSeed: nil)
        let (progress, sender) = AsyncStream.makeStream(of: JobProgress.self)
        self.task = Task {
            _ = try? await session.run(job) { sender.yield($0) }
            sender.finish()
        }
        var first = progress.makeAsyncIterator()
        try #require(await first.next() != nil, "the program was not run")
    }

    /// Ends it.
    func end() async {
        task.cancel()
        await task.value
    }
}

/// The model of the tutorial, as it starts.
func tutorialModel() throws -> Linear { try Linear(weight: [[0.25, -0.5]], bias: [0.125]) }

/// The rows of the tutorial.
let tutorialData: Tensor = [[0, 0], [0, 1], [1, 0], [1, 1]]
/// What is to be learned from them.
let tutorialTarget: Tensor = [[0], [0], [1], [1]]

extension Module {
    /// All parameters' numbers, one after the other.
    var numbers: [Float] { get throws { try values.flatMap { try $0.value.floats } } }
}
