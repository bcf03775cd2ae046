import Jobs
import Protocol
import Tensor
import TestSupport
import Testing
import ZMQ

@testable import WorkerKit

@Suite("Objects over a broker", .timeLimit(.minutes(1)))
struct ObjectShellTests {
    private static let ann = TestBench.ann, ben = TestBench.ben
    private static let elsewhere = SessionID(high: 8, low: 9)

    /// A worker called alice and a test's broker that knows it.
    private struct Rig {
        let loop: Loop
        let broker: TestBroker
        let worker: WorkerShell
        let peer: RoutingID

        init() async throws {
            loop = try Loop(name: "test")
            broker = TestBroker(loop: loop)
            let endpoint = try await broker.start(at: "inproc://broker")
            worker = WorkerShell(
                configuration: WorkerConfiguration(name: "alice", endpoint: endpoint, shards: []), loop: loop,
                logger: .silent)
            try await worker.start()
            peer = try await broker.welcome().peer
        }

        func ask(_ number: UInt64, for owner: Identifier, _ payload: Payload) async throws -> JobResult {
            await broker.dispatch(JobID(high: 5, low: number), owner: owner, payload, to: peer)
            let heard = await broker.next(.result)
            return try JobResult(decoding: heard.body, frames: heard.frames)
        }

        func end() async {
            await worker.stop(reason: "the test is over")
            await broker.stop()
            await loop.shutdown()
        }
    }

    private func negate(_ object: UInt64) throws -> TensorJob {
        var builder = GraphBuilder()
        let x = builder.input(Lessons.input("x", [nil]))
        let negative = builder.append(.negate, [x])
        return TensorJob(
            graph: try SealedGraph(builder.finish(outputs: [negative])),
            bindings: [.object(ObjectID(object))])
    }

    private func store(_ id: UInt64, _ elements: [Float]) throws -> Payload {
        Job(keeping: [(ObjectID(id), try TensorValue(elements))]).payload(includesGraphs: false)
    }

    @Test("the header's owner says whose objects a job means")
    func owners() async throws {
        let rig = try await Rig()
        _ = try await rig.ask(1, for: Self.ann, try store(7, [1, 2]))
        let negative = try await rig.ask(2, for: Self.ann, try negate(7).job.payload(includesGraphs: true))
        #expect(try negative.outputs[0].value.floats == [-1, -2])
        #expect(try await rig.ask(3, for: Self.ben, TestBench.list).objects.isEmpty)
        #expect(try await rig.ask(4, for: Self.ann, TestBench.list).objects.map(\.id) == [ObjectID(7)])
        await rig.broker.dispatch(
            JobID(high: 5, low: 5), owner: Self.ben, try negate(7).job.payload(includesGraphs: true),
            to: rig.peer)
        let failed = await rig.broker.next(.failed)
        #expect(try Failure(decoding: failed.body).code == .unknownObject)
        await rig.end()
    }

    @Test("a transfer names the other worker in its header; asked for again it is repeated, not made anew")
    func transfer() async throws {
        let rig = try await Rig()
        _ = try await rig.ask(1, for: Self.ann, try store(7, [1, 2]))
        var job = try negate(7)
        job.transfer = TensorJob.Transfer(
            worker: Self.elsewhere, kept: [TensorJob.Kept(output: 0, object: ObjectID(8))])
        job.released = [ObjectID(7)]
        for attempt in [1, 4] as [UInt32] {
            // The second time object 7 is gone: the job could not be run any more.
            await rig.broker.dispatch(
                JobID(high: 5, low: 2), attempt: attempt, owner: Self.ann,
                job.job.payload(includesGraphs: true),
                to: rig.peer)
            let heard = await rig.broker.next(.transfer)
            #expect(heard.header.target == Self.elsewhere && heard.header.attempt == attempt)
            #expect(heard.header.job == JobID(high: 5, low: 2) && heard.header.epoch == 77)
            let received = try Job(
                decoding: heard.body, frames: heard.frames, isTransferred: true
            ) { _ in nil }
            #expect(received == Job(keeping: [(ObjectID(8), try TensorValue([-1, -2] as [Float]))]))
        }
        await rig.end()
    }

    @Test("what another worker passes on is kept for the owner; anything but tensors is refused")
    func transferred() async throws {
        let rig = try await Rig()
        await rig.broker.dispatch(
            JobID(high: 5, low: 1), owner: Self.ann, flags: .transferred, try store(7, [3]), to: rig.peer)
        _ = await rig.broker.next(.result)
        await rig.broker.dispatch(
            JobID(high: 5, low: 2), owner: Self.ann, flags: .transferred,
            try negate(7).job.payload(includesGraphs: true), to: rig.peer)
        let failed = await rig.broker.next(.failed)
        #expect(
            try Failure(decoding: failed.body)
                == Failure(
                    .malformed,
                    "the job is malformed: a job from another worker may only bring tensors to be kept"))
        #expect(try await rig.ask(3, for: Self.ann, TestBench.list).objects.map(\.id) == [ObjectID(7)])
        let after = try await rig.ask(
            4, for: Self.ann, Job(released: [ObjectID(7)], listsObjects: true).payload(includesGraphs: false))
        #expect(after.objects.isEmpty)
        await rig.end()
    }

    @Test("a job answered from memory keeps nothing again")
    func answeredOnce() async throws {
        let rig = try await Rig()
        let payload = try store(7, [1])
        _ = try await rig.ask(1, for: Self.ann, payload)
        _ = try await rig.ask(2, for: Self.ann, Job(released: [ObjectID(7)]).payload(includesGraphs: false))
        _ = try await rig.ask(1, for: Self.ann, payload)
        #expect(try await rig.ask(3, for: Self.ann, TestBench.list).objects.isEmpty)
        await rig.end()
    }

    @Test("objects made and dropped, one or many jobs at a time, leave none")
    func cycles() async throws {
        let rig = try await Rig()
        for number in 1...500 as ClosedRange<UInt64> {
            let job = Job(
                keeping: [(ObjectID(number), TensorValue(scalar: 1))], released: [ObjectID(number - 1)])
            _ = try await rig.ask(number, for: Self.ann, job.payload(includesGraphs: false))
        }
        for number in 501...1_000 as ClosedRange<UInt64> {
            let job = Job(
                keeping: [(ObjectID(number), TensorValue(scalar: 1))], released: [ObjectID(number - 1)])
            await rig.broker.dispatch(
                JobID(high: 5, low: number), owner: Self.ann, job.payload(includesGraphs: false), to: rig.peer
            )
        }
        for _ in 501...1_000 { _ = await rig.broker.next(.result) }
        let left = try await rig.ask(1_001, for: Self.ann, TestBench.list).objects
        #expect(left == [HeldObject(id: ObjectID(1_000), type: ValueType(.float32, .scalar))])
        await rig.end()
    }
}
