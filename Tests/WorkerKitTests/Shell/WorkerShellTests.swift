import Datasets
import Jobs
import Link
import Protocol
import Tensor
import TestSupport
import Testing
import ZMQ

@testable import WorkerKit

@Suite("A worker and its broker", .timeLimit(.minutes(1)))
struct WorkerShellTests {
    /// A loop with a test's broker and a worker on it, until the end of the test.
    private struct Rig {
        let loop: Loop
        let broker: TestBroker
        let worker: WorkerShell
        let session: SessionID
        let endpoint: String
        let notices: AsyncStream<WorkerNotice>

        init(_ endpoint: String, timeoutMilliseconds: Int64? = nil, drainMilliseconds: Int64 = 60_000)
            async throws
        {
            loop = try Loop(name: "test")
            broker = TestBroker(loop: loop)
            self.endpoint = try await broker.start(at: endpoint)
            let (notices, notify) = AsyncStream.makeStream(of: WorkerNotice.self)
            self.notices = notices
            let configuration = WorkerConfiguration(
                name: "alice", endpoint: self.endpoint,
                shards: [try Lessons.shard(rowCount: 6, heldOutCount: 2)],
                tags: ["lesson": ["small"]], timeoutMilliseconds: timeoutMilliseconds,
                drainMilliseconds: drainMilliseconds, publicDatasets: ["lesson"])
            session = configuration.session
            worker = WorkerShell(configuration: configuration, loop: loop, logger: .silent) {
                notify.yield($0)
            }
            try await worker.start()
        }

        func end() async {
            await worker.stop(reason: "the test is over")
            await broker.stop()
            await loop.shutdown()
        }
    }

    private static let endpoints = ["inproc://broker", "tcp://127.0.0.1:*"]

    private func job(_ number: UInt64) -> JobID { JobID(high: 5, low: number) }

    private func double(_ value: Float) throws -> TensorJob {
        var builder = GraphBuilder()
        let x = builder.input(Lessons.input("x", []))
        let sum = builder.append(.add, [x, x])
        return TensorJob(
            graph: try SealedGraph(builder.finish(outputs: [sum])), bindings: [TensorValue(scalar: value)])
    }

    private func result(_ heard: TestBroker.Heard) throws -> JobResult {
        try JobResult(decoding: heard.body, frames: heard.frames)
    }

    @Test("a hello says who the worker is and what it serves", arguments: endpoints)
    func hello(endpoint: String) async throws {
        let rig = try await Rig(endpoint)
        let (_, hello) = try await rig.broker.welcome()
        #expect(hello.name == "alice" && hello.role == .worker && hello.session == rig.session)
        #expect(hello.capacity == ProtocolLimits.workerJobsMaximum)
        #expect(hello.openJobs.isEmpty)
        #expect(
            hello.shards == [
                ShardDescription(
                    reference: Lessons.reference, trainRows: 6, heldOutRows: 2,
                    schema: hello.datasets[0].schemaHash,
                    releaseRowsMinimum: hello.shards[0].releaseRowsMinimum)
            ])
        #expect(hello.shards[0].releaseRowsMinimum >= 1)
        #expect(hello.datasets.map(\.tags) == [["small"]])
        let columns = hello.datasets[0].columns
        #expect(columns.map(\.name) == ["features", "number", "target", "label"])
        #expect(columns.map(\.dimensions) == [[2], [], [1], []])
        #expect(columns.map(\.elementType) == [1, 1, 1, 2])
        #expect(columns.map(\.role) == [.feature, .feature, .label, .label])
        #expect(columns[3].classes == ["a", "b", "c"])
        var notices = rig.notices.makeAsyncIterator()
        guard case .registered = await notices.next() else {
            return #expect(Bool(false), "it did not register")
        }
        await rig.end()
    }

    @Test("jobs come back with job, attempt and epoch; graphs are asked for once", arguments: endpoints)
    func jobs(endpoint: String) async throws {
        let rig = try await Rig(endpoint)
        let (peer, _) = try await rig.broker.welcome()
        let work = try double(21)
        await rig.broker.dispatch(job(1), attempt: 3, work.job.payload(includesGraphs: false), to: peer)
        let failed = await rig.broker.next(.failed)
        #expect(failed.header.job == job(1) && failed.header.attempt == 3)
        #expect(
            try Failure(decoding: failed.body) == Failure(.unknownGraph, "unknown graph \(work.graph.hash)"))
        await rig.broker.dispatch(job(1), attempt: 1, work.job.payload(includesGraphs: true), to: peer)
        let done = await rig.broker.next(.result)
        #expect(done.header.job == job(1) && done.header.attempt == 1 && done.header.epoch == 77)
        #expect(try result(done).outputs[0].value.scalar() == 42)
        for number in 2...200 {
            await rig.broker.dispatch(
                job(UInt64(number)), try double(Float(number)).job.payload(includesGraphs: false), to: peer)
        }
        for number in 2...200 {
            let heard = await rig.broker.next(.result)
            #expect(heard.header.job == job(UInt64(number)))
            #expect(try result(heard).outputs[0].value.scalar() == 2 * Float(number))
        }
        // Asked for again, a job is answered from memory.
        await rig.broker.dispatch(job(200), attempt: 9, Payload(body: [1], frames: []), to: peer)
        #expect(await rig.broker.next(.result).header.attempt == 9)
        await rig.end()
    }

    @Test(
        "a program says that it started and gives its result; large tensors arrive bit for bit",
        arguments: endpoints)
    func programs(endpoint: String) async throws {
        let rig = try await Rig(endpoint)
        let (peer, _) = try await rig.broker.welcome()
        await rig.broker.dispatch(
            job(1), try Lessons.regression(.init(batchSize: 1)).job.payload(includesGraphs: true), to: peer)
        #expect(await rig.broker.next(.started).header.job == job(1))
        let done = try result(await rig.broker.next(.result))
        #expect(try #require(done["examples"]).scalar() == 6 && done.batches == 6)
        // Its digits would be the rows: asked of a real worker, it says no before it runs.
        await rig.broker.dispatch(
            job(3), try Lessons.order(.init(batchSize: 1)).job.payload(includesGraphs: true), to: peer)
        let refused = await rig.broker.next(.failed)
        #expect(try Failure(decoding: refused.body).code == .notPermitted)
        #expect(refused.header.job == job(3))

        let numbers = (0..<300_000).map { Float($0) }
        var builder = GraphBuilder()
        let x = builder.input(Lessons.input("x", [nil]))
        let negative = builder.append(.negate, [x])
        let large = TensorJob(
            graph: try SealedGraph(builder.finish(outputs: [negative])), bindings: [try TensorValue(numbers)])
        await rig.broker.dispatch(job(2), large.job.payload(includesGraphs: true), to: peer)
        let heard = await rig.broker.next(.result)
        #expect(heard.frames.count == 1)
        #expect(try result(heard).outputs[0].value.floats == numbers.map { -$0 })
        await rig.end()
    }

    @Test("a cancelled program stops, and nothing is said of it", arguments: endpoints)
    func cancel(endpoint: String) async throws {
        let rig = try await Rig(endpoint)
        let (peer, _) = try await rig.broker.welcome()
        let endless = try Lessons.regression(.init(epochs: 1_000_000, batchSize: 1))
        await rig.broker.dispatch(job(1), endless.job.payload(includesGraphs: true), to: peer)
        _ = await rig.broker.next(.started)
        await rig.broker.send(Header(.cancel, job: job(1), attempt: 1, epoch: 0), to: peer)
        await rig.broker.dispatch(job(2), try double(1).job.payload(includesGraphs: true), to: peer)
        // The only compute thread is free again, and this is the first answer.
        #expect(await rig.broker.next(.result).header.job == job(2))
        await rig.end()
    }

    @Test(
        "a broker that does not know the worker is greeted again, with the jobs the worker holds",
        arguments: endpoints)
    func reset(endpoint: String) async throws {
        let rig = try await Rig(endpoint)
        let (peer, _) = try await rig.broker.welcome()
        let endless = try Lessons.regression(.init(epochs: 1_000_000, batchSize: 1))
        await rig.broker.dispatch(job(1), endless.job.payload(includesGraphs: true), to: peer)
        _ = await rig.broker.next(.started)
        await rig.broker.send(Header(.reset), to: peer)
        let (_, hello) = try await rig.broker.welcome()
        #expect(hello.session == rig.session && hello.openJobs == [job(1)])
        // Adopted: the answer carries the attempt that asked last.
        await rig.broker.dispatch(job(1), attempt: 8, endless.job.payload(includesGraphs: false), to: peer)
        #expect(await rig.broker.next(.started).header.attempt == 8)
        await rig.end()
    }

    @Test("a broker that comes back is greeted by the same session, and has old answers again")
    func reconnect() async throws {
        let rig = try await Rig("tcp://127.0.0.1:*")
        let (peer, first) = try await rig.broker.welcome()
        await rig.broker.dispatch(job(1), try double(4).job.payload(includesGraphs: true), to: peer)
        _ = await rig.broker.next(.result)
        let endpoint = rig.endpoint
        await rig.broker.stop()
        var notices = rig.notices.makeAsyncIterator()
        while let notice = await notices.next() { if case .lost = notice { break } }
        let second = TestBroker(loop: rig.loop, epoch: 78)
        try await second.start(at: endpoint)
        let (again, hello) = try await second.welcome()
        #expect(hello.session == first.session && hello.openJobs.isEmpty)
        // Answered before, so from memory: what it is asked now could not even be read.
        await second.dispatch(job(1), attempt: 1, Payload(body: [0xff], frames: []), to: again)
        let heard = await second.next(.result)
        #expect(heard.header.epoch == 78)
        #expect(try result(heard).outputs[0].value.scalar() == 8)
        await second.stop()
        await rig.end()
    }

    @Test("garbage is dropped and counted, and the next job is served", arguments: endpoints)
    func garbage(endpoint: String) async throws {
        let rig = try await Rig(endpoint)
        let (peer, _) = try await rig.broker.welcome()
        var random = SplitMix64(seed: 3)
        let before = await rig.worker.statistics.messagesDropped
        let header = Header(.dispatch, job: job(9), attempt: 1, epoch: 77).frame([1])
        var wrong: [[[UInt8]]] = [
            [[]], [[1, 2, 3]], [[UInt8](repeating: 0, count: 80)], [header, [1]], [Array(header.dropLast(2))],
            [Header(.hello).frame([1])], [Header(.cancel).frame([1])],
            [Header(.dispatch, job: job(9), attempt: 1, epoch: 76).frame([1])],
        ]
        for _ in 0..<100 {
            let count = Int.random(in: 1...80, using: &random)
            wrong.append([(0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }])
        }
        for frames in wrong { await rig.broker.send(raw: frames, to: peer) }
        await rig.broker.dispatch(job(1), try double(2).job.payload(includesGraphs: true), to: peer)
        #expect(try result(await rig.broker.next(.result)).outputs[0].value.scalar() == 4)
        #expect(await rig.worker.statistics.messagesDropped - before == UInt64(wrong.count))
        await rig.end()
    }

    @Test(
        "draining hands back what waits, refuses what comes, and ends when nothing runs", arguments: endpoints
    )
    func drain(endpoint: String) async throws {
        let rig = try await Rig(endpoint, drainMilliseconds: 60_000)
        let (peer, _) = try await rig.broker.welcome()
        // What runs ends when the test says so, not when its time is up: another machine may be slower.
        let endless = try Lessons.regression(.init(epochs: 1_000_000, batchSize: 1))
        await rig.broker.dispatch(job(1), endless.job.payload(includesGraphs: true), to: peer)
        _ = await rig.broker.next(.started)
        await rig.broker.dispatch(job(2), try double(2).job.payload(includesGraphs: true), to: peer)
        await rig.worker.drain()
        let back = await rig.broker.next(.failed)
        #expect(try back.header.job == job(2) && Failure(decoding: back.body).code == .draining)
        await rig.broker.dispatch(job(3), try double(2).job.payload(includesGraphs: true), to: peer)
        #expect(try Failure(decoding: await rig.broker.next(.failed).body).code == .draining)
        await rig.broker.send(Header(.cancel, job: job(1), attempt: 1, epoch: 77), to: peer)
        #expect(try Goodbye(decoding: await rig.broker.next(.goodbye).body).reason == "drained")
        try await rig.worker.waitUntilDone()
        await rig.end()
    }

    @Test("a program past the drain deadline is handed back")
    func drainDeadline() async throws {
        let rig = try await Rig("inproc://broker", drainMilliseconds: 1)
        let (peer, _) = try await rig.broker.welcome()
        let endless = try Lessons.regression(.init(epochs: 1_000_000, batchSize: 1))
        await rig.broker.dispatch(job(1), endless.job.payload(includesGraphs: true), to: peer)
        _ = await rig.broker.next(.started)
        await rig.worker.drain()
        let back = await rig.broker.next(.failed)
        #expect(try back.header.job == job(1) && Failure(decoding: back.body).code == .draining)
        _ = await rig.broker.next(.goodbye)
        try await rig.worker.waitUntilDone()
        await rig.end()
    }

    @Test("a refusal ends the worker with its reason")
    func refused() async throws {
        let rig = try await Rig("inproc://broker")
        let heard = await rig.broker.next(.hello)
        let failure = Failure(.versionUnsupported, "no common version")
        await rig.broker.send(Header(.refused), body: failure.encoded(), to: heard.peer)
        await #expect(throws: failure) { try await rig.worker.waitUntilDone() }
        await rig.end()
    }

    @Test("a broker of another version is told apart from noise")
    func otherVersion() async throws {
        let rig = try await Rig("inproc://broker")
        let heard = await rig.broker.next(.hello)
        var header = Header(.refused)
        header.major = 9
        await rig.broker.send(header, body: [], to: heard.peer)
        await #expect(throws: Failure(.versionUnsupported, "the peer speaks protocol 9.0, this side 2.0")) {
            try await rig.worker.waitUntilDone()
        }
        await rig.end()
    }

    @Test("no broker within the time given is an error that says how long it looked")
    func timeout() async throws {
        let loop = try Loop(name: "test")
        let worker = WorkerShell(
            configuration: WorkerConfiguration(
                name: "alice", endpoint: "tcp://127.0.0.1:9", shards: [], timeoutMilliseconds: 1),
            loop: loop, logger: .silent)
        try await worker.start()
        await #expect(
            throws: Failure(.brokerUnreachable, "no broker answered at tcp://127.0.0.1:9 within 0 s")
        ) {
            try await worker.waitUntilDone()
        }
        await loop.shutdown()
    }

    @Test("an endpoint that is none is refused at once")
    func badEndpoint() async throws {
        let loop = try Loop(name: "test")
        let worker = WorkerShell(
            configuration: WorkerConfiguration(name: "alice", endpoint: "nonsense", shards: []), loop: loop,
            logger: .silent)
        await #expect(throws: ZMQError.self) { try await worker.start() }
        await loop.shutdown()
    }
}
