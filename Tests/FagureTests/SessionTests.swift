import Datasets
import Federation
import Ground
import Jobs
import Protocol
import Tensor
import Testing
import WorkerKit
import ZMQ

@testable import Fagure

@Suite("Sessions", .timeLimit(.minutes(1)))
struct SessionTests {
    /// Twice its input, after an even number of changes of its sign.
    private func doubling(negations: Int = 0) throws -> SealedGraph {
        let x = Tensor.input("x", dimensions: [nil])
        let y = (0..<negations).reduce(x * 2) { y, _ in -y }
        return try SealedGraph(Graph(inputs: [x], outputs: [y]))
    }

    /// A program that takes for ever.
    private func endless(_ shard: ShardReference) throws -> ProgramJob {
        let task = try LearningTask(Samples.description([Samples.feature(), Samples.numbers()]))
        let model = try ModelKind.linear.makeModel(for: task, seed: 0)
        var settings = TrainingProgram.Settings()
        settings.localEpochs = 1_000_000
        settings.batchSize = 1
        let program = try TrainingProgram(task, model: model, settings: settings)
        return program.job(
            for: shard, from: try ModelState(model), scaling: try .plain(for: task), shuffleSeed: nil)
    }

    private let shard = ShardReference(dataset: "data", partition: "iid:0", index: 0, count: 1)

    private func house() async throws -> House {
        try await House([[try Samples.dataset().shard(0, of: 1, partition: .iid(seed: 0))]])
    }

    @Test("a tensor job goes to a worker and back, its graph travelling once")
    func tensorJob() async throws {
        let house = try await house()
        let session = try await house.session()
        let worker = try #require(await session.catalogue.workers.first)
        #expect(worker.shards.map(\.reference) == [shard])
        // Inline bytes begin at a multiple of 64: a graph of less could hide in the room before them.
        let graph = try doubling(negations: 40)
        var sent: [UInt64] = []
        for round in 0..<3 {
            let before = await session.statistics.bytesSent
            let job = TensorJob(graph: graph, bindings: [try TensorValue([Float(round), 1])])
            let result = try await session.run(job, on: .worker(worker))
            #expect(try result.outputs[0].value.floats == [Float(2 * round), 2])
            sent.append(await session.statistics.bytesSent - before)
        }
        // A heartbeat may leave in any round, so the leaner of the later rounds is what a job takes.
        #expect(sent[0] >= min(sent[1], sent[2]) + UInt64(graph.bytes.count) - 64)
        #expect(graph.bytes.count > 200)
        let statistics = await session.statistics
        #expect(
            statistics.jobs == 3 && statistics.answers == 3 && statistics.roundTrips == 3
                && statistics.lateAnswers == 0)
        await session.close()
        await house.close()
    }

    @Test("many jobs at once all come back, each with its own answer")
    func manyJobs() async throws {
        let house = try await house()
        let session = try await house.session()
        let graph = try doubling()
        let target = JobTarget.shard(shard)
        let answers = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            for number in 0..<500 {
                group.addTask {
                    let job = TensorJob(graph: graph, bindings: [try TensorValue([Float(number)])])
                    return (number, try await session.run(job, on: target).outputs[0].value.floats)
                }
            }
            var answers: [Int: [Float]] = [:]
            for try await (number, answer) in group { answers[number] = answer }
            return answers
        }
        #expect(answers.count == 500 && answers.allSatisfy { $0.value == [Float(2 * $0.key)] })
        await session.close()
        await house.close()
    }

    @Test("a shard nobody serves, a worker that is gone and a graph that does not fit are named failures")
    func failures() async throws {
        let house = try await house()
        let session = try await house.session()
        let nowhere = ShardReference(dataset: "moons", partition: "iid", index: 1, count: 3)
        let job = TensorJob(graph: try doubling(), bindings: [try TensorValue([Float(1)])])
        await #expect(throws: Failure(.noWorker, "nobody serves moons 1/3 (iid)")) {
            _ = try await session.run(job, on: .shard(nowhere))
        }
        let unfit = TensorJob(graph: try doubling(), bindings: [try TensorValue([Int32(1)])])
        let failure = await #expect(throws: Failure.self) {
            _ = try await session.run(unfit, on: .shard(shard))
        }
        #expect(failure?.code == .invalidJob)
        #expect(failure?.message.contains("float32") == true)
        await session.close()
        await house.close()
    }

    @Test("cancelling a task cancels its job, before it is sent and while it runs")
    func cancellation() async throws {
        let house = try await house()
        let session = try await house.session()
        let job = try endless(shard)
        let cancelled = Failure(.cancelled, "the job was cancelled")
        let (never, keeper) = AsyncStream.makeStream(of: Void.self)
        let early = Task {
            // Ends when the task is cancelled, and only then.
            for await _ in never {}
            return await Result { () async throws(Failure) in try await session.run(job) }
        }
        early.cancel()
        #expect(await early.value.failure == cancelled)
        keeper.finish()
        #expect(await session.statistics.roundTrips == 0)

        let (progress, sender) = AsyncStream.makeStream(of: JobProgress.self)
        let running = Task {
            await Result { () async throws(Failure) in try await session.run(job) { sender.yield($0) } }
        }
        for await report in progress {
            #expect(report.batchesTotal == 5_000_000)
            break
        }
        running.cancel()
        #expect(await running.value.failure == cancelled)
        // The worker is free again: it has heard of it.
        let next = TensorJob(graph: try doubling(), bindings: [try TensorValue([Float(4)])])
        #expect(try await session.run(next, on: .shard(shard)).outputs[0].value.floats == [8])
        await session.close()
        await house.close()
    }

    @Test("a job that takes too long fails, and closing a session fails what is open")
    func endings() async throws {
        let house = try await house()
        let session = try await house.session()
        let job = try endless(shard)
        let slow = await Result { () async throws(Failure) in
            try await session.run(job, timeout: .milliseconds(150))
        }
        #expect(slow.failure?.code == .deadlineExceeded)

        let (progress, sender) = AsyncStream.makeStream(of: JobProgress.self)
        let open = Task {
            await Result { () async throws(Failure) in try await session.run(job) { sender.yield($0) } }
        }
        for await _ in progress { break }
        await session.close()
        let closed = Failure(.cancelled, "the session was closed")
        #expect(await open.value.failure == closed)
        #expect(await Result { () async throws(Failure) in try await session.run(job) }.failure == closed)
        var last: SessionEvent?
        for await event in await session.events { last = event }
        #expect(last == .ended(closed))
        await session.close()
        await house.close()
    }

    @Test("without a broker a session says what it waits for and gives up in time")
    func noBroker() async throws {
        let notices = Lock<[String]>([])
        let failure = await #expect(throws: Failure.self) {
            _ = try await Session.connect("tcp://127.0.0.1:1", timeout: .milliseconds(2_300)) { text in
                notices.withLock { $0.append(text) }
            }
        }
        #expect(failure?.code == .brokerUnreachable)
        #expect(notices.withLock { $0 }.contains("waiting for the broker at tcp://127.0.0.1:1, 2 s"))
        let nonsense = await #expect(throws: Failure.self) { _ = try await Session.connect("carrier pigeon") }
        #expect(nonsense?.code == .brokerUnreachable)
    }

    @Test("workers that come and go are told")
    func comings() async throws {
        let house = try await house()
        let session = try await house.session(workers: 0)
        let events = await session.events
        var names: [String] = []
        var isStopped = false
        for await event in events {
            if case .catalogue(let catalogue) = event, !catalogue.workers.isEmpty, !isStopped {
                isStopped = true
                await house.workers[0].stop(reason: "leaves")
            }
            if case .workerLeft(let name) = event {
                names.append(name)
                break
            }
        }
        #expect(names == ["worker-0"])
        await session.close()
        await house.close()
    }
}

extension Result {
    fileprivate init(_ body: () async throws(Failure) -> Success) async {
        do throws(Failure) {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }

    fileprivate var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
