import Datasets
import Jobs
import Protocol
import Synchronization
import Tensor
import Testing

@testable import WorkerKit

@Suite("Compute threads", .timeLimit(.minutes(1)))
struct ExecutorTests {
    /// An executor whose reports come as a stream.
    private final class Rig: Sendable {
        let executor: Executor
        private let stream: AsyncStream<Void>
        private let signal: AsyncStream<Void>.Continuation

        init(slots: Int = 1, shards: [Shard] = []) {
            let (stream, signal) = AsyncStream.makeStream(of: Void.self)
            self.stream = stream
            self.signal = signal
            executor = Executor(
                .of("alice", shards: shards), slotCount: slots, now: { 0 },
                notify: { signal.yield() })
        }

        deinit { executor.stop() }

        /// Waits until so many reports have come.
        func reports(_ count: Int) async -> [WorkerMachine.Event] {
            var all: [WorkerMachine.Event] = []
            var batch: [WorkerMachine.Event] = []
            for await _ in stream {
                executor.takeReports(into: &batch)
                all += batch
                batch.removeAll()
                if all.count >= count { break }
            }
            return all
        }
    }

    /// `x + x` for a run.
    private func double(
        _ run: UInt64, _ value: Float, includesGraph: Bool = true, for owner: Identifier = .none
    ) throws -> Work {
        var builder = GraphBuilder()
        let x = builder.input(Lessons.input("x", []))
        let sum = builder.append(.add, [x, x])
        let job = TensorJob(
            graph: try SealedGraph(builder.finish(outputs: [sum])), bindings: [TensorValue(scalar: value)])
        return work(run, job.job.payload(includesGraphs: includesGraph), for: owner)
    }

    private func work(_ run: UInt64, _ payload: Payload, for owner: Identifier = .none) -> Work {
        Work(run: run, payload, for: owner)
    }

    /// A program that would take hours.
    private func endless(_ run: UInt64) throws -> Work {
        let job = try Lessons.regression(.init(epochs: 1_000_000, batchSize: 1))
        return work(run, job.job.payload(includesGraphs: true))
    }

    private func number(_ event: WorkerMachine.Event) throws -> Float? {
        guard case .finished(_, _, .result(let payload)) = event else { return nil }
        return try JobResult(decoding: payload.body, frames: payload.received).outputs[0].value.scalar()
    }

    private func run(of event: WorkerMachine.Event) -> UInt64 {
        switch event {
        case .finished(_, let run, _), .started(_, let run), .progressed(_, let run, _),
            .withdrawn(_, let run):
            run
        default: 0
        }
    }

    private func failure(_ event: WorkerMachine.Event) -> Failure? {
        guard case .finished(_, _, .failure(let failure)) = event else { return nil }
        return failure
    }

    @Test("jobs are answered in the order they came, on one thread")
    func order() async throws {
        let rig = Rig()
        let works = try (1...500).map { try double(UInt64($0), Float($0)) }
        for start in stride(from: 0, to: 500, by: 50) {
            rig.executor.enqueue(Array(works[start..<start + 50]))
        }
        let reports = await rig.reports(500)
        #expect(reports.map(run) == (1...500).map { UInt64($0) })
        #expect(try reports.map(number) == (1...500).map { 2 * Float($0) })
    }

    @Test("several threads answer every job once")
    func threads() async throws {
        let rig = Rig(slots: 3)
        rig.executor.enqueue(try (1...300).map { try double(UInt64($0), Float($0)) })
        let reports = await rig.reports(300)
        #expect(Set(reports.map(run)) == Set(1...300))
        #expect(try reports.allSatisfy { try number($0) == 2 * Float(run(of: $0)) })
    }

    @Test("a graph that came once is known by its hash; before that it is unknown")
    func graphs() async throws {
        let rig = Rig()
        rig.executor.enqueue([try double(1, 1, includesGraph: false)])
        #expect(failure(await rig.reports(1)[0])?.code == .unknownGraph)
        rig.executor.enqueue([try double(2, 2), try double(3, 3, includesGraph: false)])
        #expect(try await rig.reports(2).map(number) == [4, 6])
    }

    @Test("bytes that are no job are answered, not dropped")
    func garbage() async {
        let rig = Rig()
        rig.executor.enqueue([work(1, Payload(body: [0xff, 1, 2], frames: []))])
        #expect(failure(await rig.reports(1)[0])?.code == .malformed)
        rig.executor.enqueue([work(2, Payload(body: [], frames: []))])
        #expect(
            failure(await rig.reports(1)[0])
                == Failure(.malformed, "the job is malformed: there is no job in the body"))
    }

    @Test("a tensor job that cannot run tells why, values included: they are the trainer's own")
    func tensorJobFailures() async throws {
        var builder = GraphBuilder()
        let logits = builder.input(Lessons.input("logits", [1, 2]))
        let labels = builder.input(Lessons.input("labels", [1], .int32))
        let loss = builder.append(.softmaxCrossEntropy(.sum), [logits, labels])
        let graph = try SealedGraph(builder.finish(outputs: [loss]))
        let rig = Rig()
        let pair = try TensorValue([1, 2] as [Float], shape: [1, 2])
        rig.executor.enqueue([
            work(1, TensorJob(graph: graph, bindings: [pair]).job.payload(includesGraphs: true)),
            work(2, TensorJob(graph: graph, bindings: [pair, pair]).job.payload(includesGraphs: true)),
            work(
                3,
                TensorJob(graph: graph, bindings: [pair, try TensorValue([9] as [Int32])]).job.payload(
                    includesGraphs: true)),
        ])
        let failures = await rig.reports(3).map(failure)
        #expect(failures[0] == Failure(.invalidJob, "the graph: bindings: expected 2 values, got 1"))
        #expect(
            failures[1]
                == Failure(.invalidJob, "the graph: labels: expected int32 [1], got float32 [1, 2]"))
        #expect(failures[2]?.code == .executionFailed)
        #expect(failures[2]?.message.contains("9") == true)
    }

    @Test("a shard the worker does not serve is named, with those it serves")
    func unknownShard() async throws {
        let rig = Rig(shards: [try Lessons.shard(rowCount: 4)])
        var job = try Lessons.order(.init(batchSize: 2))
        job.program.shard = ShardReference(dataset: "mnist", partition: "iid:0", index: 1, count: 2)
        rig.executor.enqueue([work(1, job.job.payload(includesGraphs: true))])
        let reports = await rig.reports(2)
        #expect(
            failure(reports[1])
                == Failure(
                    .unknownDataset,
                    "this worker does not serve mnist 1/2 (iid:0), it serves lesson 0/1 (contiguous)"))
    }

    @Test("a program says when it starts; a running one stops when cancelled, a waiting one never runs")
    func cancel() async throws {
        let rig = Rig(shards: [try Lessons.shard(rowCount: 100)])
        rig.executor.enqueue([try endless(1), try double(2, 2), try double(3, 3)])
        let started = await rig.reports(1)
        guard case .started(_, 1) = started[0] else { return #expect(Bool(false), "it did not start") }
        rig.executor.cancel(2)
        rig.executor.cancel(1)
        rig.executor.cancel(99)
        let reports = await rig.reports(2)
        #expect(failure(reports[0])?.code == .cancelled)
        #expect(try number(reports[1]) == 6)
    }

    @Test("what waits can be taken back; what runs goes on")
    func withdraw() async throws {
        let rig = Rig(shards: [try Lessons.shard(rowCount: 100)])
        rig.executor.enqueue([try endless(1), try double(2, 2), try double(3, 3)])
        _ = await rig.reports(1)
        #expect(rig.executor.withdrawWaiting().map(\.run) == [2, 3])
        #expect(rig.executor.withdrawWaiting().isEmpty)
        rig.executor.enqueue([try double(4, 4)])
        rig.executor.cancel(1)
        #expect(await rig.reports(2).map(run) == [1, 4])
    }

    @Test("after the end nothing runs any more")
    func stop() async throws {
        let rig = Rig()
        rig.executor.enqueue([try double(1, 1)])
        _ = await rig.reports(1)
        rig.executor.stop()
        rig.executor.enqueue([try double(2, 2)])
        #expect(rig.executor.withdrawWaiting().isEmpty)
    }

    @Test("a short job does not wait for a long one of another trainer, but for one of the same")
    func guests() async throws {
        let rig = Rig(shards: [try Lessons.shard(rowCount: 100)])
        let other = Identifier(high: 1, low: 1)
        // Of whole batches: one that may be asked for, and runs to its end.
        let lasting = try Lessons.regression(.init(epochs: 1_000_000, batchSize: 100))
        rig.executor.enqueue([work(1, lasting.job.payload(includesGraphs: true))])
        let begun = await rig.reports(1)
        #expect(begun.map(run(of:)) == [1], "\(begun)")
        rig.executor.enqueue([try double(2, 1), try double(3, 4, for: other)])
        // What runs at one tick and still does at the next lasts.
        rig.executor.tick()
        rig.executor.tick()
        let answers = await rig.reports(1).filter { if case .finished = $0 { true } else { false } }
        #expect(answers.map(run(of:)) == [3], "\(answers.map(failure))")
        #expect(try answers.map(number) == [8])
        #expect(rig.executor.waitingByteCount > 0, "the first trainer's own waits")
        rig.executor.cancel(1)
    }
}
