import Jobs
import Protocol
import Tensor
import Testing

@testable import WorkerKit

@Suite("Graphs on objects")
struct GraphRunnerTests {
    private static let elsewhere = SessionID(high: 3, low: 3)

    /// `x + y`, and `x · y`.
    private func graph() throws -> SealedGraph {
        var builder = GraphBuilder()
        let x = builder.input(Lessons.input("x", [nil])), y = builder.input(Lessons.input("y", [nil]))
        let sum = builder.append(.add, [x, y]), product = builder.append(.multiply, [x, y])
        return try SealedGraph(builder.finish(outputs: [sum, product]))
    }

    private func job(
        _ bindings: [TensorJob.Binding], keeping kept: [Int: UInt64] = [:], releasing released: [UInt64] = []
    ) throws -> TensorJob {
        TensorJob(
            graph: try graph(), bindings: bindings,
            kept: kept.sorted { $0.key < $1.key }.map { .init(output: $0.key, object: ObjectID($0.value)) },
            released: released.map { ObjectID($0) })
    }

    private func vector(_ elements: [Float]) throws -> TensorValue { try TensorValue(elements) }

    private func isLeft(_ answer: Answer?) -> Bool { if case .none = answer { true } else { false } }

    @Test("what one job keeps the next one reads; only the rest comes back")
    func keptObjects() throws {
        var bench = TestBench()
        #expect(bench.store([1: try vector([1, 2])]) == nil)
        let value = TensorJob.Binding.value(try vector([10, 20]))
        let first = try bench.result(job([.object(ObjectID(1)), value], keeping: [0: 2]))
        #expect(try first.outputs.map { try $0.value.floats } == [[10, 40]])
        #expect(try bench.ids() == [1, 2])
        let second = try bench.result(
            job([.object(ObjectID(2)), .object(ObjectID(2))], keeping: [1: 2], releasing: [1]))
        #expect(try second.outputs.map { try $0.value.floats } == [[22, 44]])
        #expect(try bench.ids() == [2])
        let third = try bench.result(job([.object(ObjectID(2)), value]))
        #expect(try third.outputs.map { try $0.value.floats } == [[131, 504], [1_210, 9_680]])
        #expect(first.seconds == 0 && first.objects.isEmpty)
    }

    @Test("nobody sees, reads, replaces or releases what is another's")
    func owners() throws {
        var bench = TestBench()
        #expect(bench.store([1: try vector([1, 2])], for: TestBench.ann) == nil)
        #expect(bench.store([1: try vector([5, 5]), 4: try vector([0])], for: TestBench.ben) == nil)
        #expect(bench.store(releasing: [1, 4], for: Identifier(high: 9, low: 9)) == nil)
        #expect(try bench.ids(of: TestBench.ann) == [1])
        #expect(try bench.ids(of: TestBench.ben) == [1, 4])
        #expect(bench.failure(try job([.object(ObjectID(4)), .object(ObjectID(4))]))?.code == .unknownObject)
        let own = try job([.object(ObjectID(1)), .object(ObjectID(1))])
        #expect(try bench.result(own, for: TestBench.ann).outputs[0].value.floats == [2, 4])
        #expect(try bench.result(own, for: TestBench.ben).outputs[0].value.floats == [10, 10])
    }

    @Test("an object that is not there is named; what the job releases is gone all the same")
    func unknownObject() throws {
        var bench = TestBench()
        #expect(bench.store([1: try vector([1]), 2: try vector([2])]) == nil)
        let job = try job([.object(ObjectID(1)), .object(ObjectID(7))], releasing: [2, 99])
        #expect(
            bench.failure(job)
                == Failure(
                    .unknownObject,
                    "worker bob does not keep object 7 any more: it was released, or the trainer was silent "
                        + "for more than 60 s"))
        #expect(try bench.ids() == [1])
    }

    @Test("an object of another shape is an error of the graph, and nothing is kept")
    func misfit() throws {
        var bench = TestBench()
        #expect(bench.store([1: TensorValue(scalar: 1)]) == nil)
        let job = try job([.object(ObjectID(1)), .object(ObjectID(1))], keeping: [0: 2])
        #expect(
            bench.failure(job)
                == Failure(.invalidJob, "the graph: x: expected float32 [?], got float32 []"))
        #expect(try bench.ids() == [1])
    }

    @Test("a transfer sends its outputs on, as tensors to be kept, and may keep others here")
    func transfer() throws {
        var bench = TestBench()
        #expect(bench.store([1: try vector([1, 2]), 2: try vector([3, 4])]) == nil)
        var job = try job(
            [.object(ObjectID(1)), .object(ObjectID(2))], keeping: [0: 5], releasing: [1])
        job.transfer = TensorJob.Transfer(
            worker: Self.elsewhere, kept: [TensorJob.Kept(output: 1, object: ObjectID(6))])
        let answer = bench.answer(job.job.payload(includesGraphs: true))
        let (worker, payload) = try #require(answer.transfer)
        #expect(worker == Self.elsewhere)
        #expect(try bench.ids() == [2, 5])
        // The other worker takes it from there.
        var other = TestBench()
        let outcome = try other.answer(payload, isTransferred: true).result()
        #expect(outcome.outputs.isEmpty)
        let found = try other.inventory.objects.find(ObjectID(6), of: TestBench.ann)
        #expect(try found.value.floats == [3, 8])
    }

    @Test("what another worker passed on and is no store is malformed, and changes nothing")
    func transferredJobs() throws {
        var bench = TestBench()
        #expect(bench.store([1: try vector([1])]) == nil)
        let keeping = try job([.object(ObjectID(1)), .object(ObjectID(1))], keeping: [0: 2])
        for payload in [
            keeping.job.payload(includesGraphs: true),
            Job(released: [ObjectID(1)]).payload(includesGraphs: false), TestBench.list,
            try Lessons.order(.init(batchSize: 1)).job.payload(includesGraphs: true),
        ] {
            #expect(bench.answer(payload, isTransferred: true).failure?.code == .malformed)
        }
        #expect(try bench.ids() == [1])
    }

    @Test("what does not fit in the worker's memory is refused before it is computed")
    func memory() throws {
        let overhead = WorkerLimits.objectOverheadByteCount
        var bench = TestBench(byteCountMaximum: 2 * overhead + 16)
        #expect(bench.store([1: try vector([1, 2])]) == nil)
        let large = TensorJob.Binding.value(try vector([1, 2, 3]))
        let refused = bench.failure(try job([large, large], keeping: [0: 2]))
        #expect(
            refused
                == Failure(
                    .limitExceeded,
                    "bytes of all objects at worker bob is \(2 * overhead + 20), the limit is "
                        + "\(2 * overhead + 16)"))
        // A store lets go first.
        #expect(bench.store([2: try vector([1, 2, 3, 4])], releasing: [1]) == nil)
        #expect(try bench.ids() == [2])
        var unwilling = TestBench(byteCountMaximum: 0)
        #expect(
            unwilling.store([1: try vector([1])])
                == Failure(.notPermitted, "worker bob takes no tensors of others"))
        #expect(unwilling.failure(try job([large, large], keeping: [0: 2]))?.code == .notPermitted)
        #expect(unwilling.store() == nil)
        #expect(try unwilling.result(job([large, large])).outputs[0].value.floats == [2, 4, 6])
    }

    @Test("outputs no message holds are refused before there is memory for them, or anything is computed")
    func tooMuchToSend() throws {
        // Whoever asks for memory is told that there is none: sizes are looked at before.
        var bench = TestBench(memory: 1 << 12)
        for (sizes, count, what) in [
            ([8_000, 8_000], 4_096, "bytes of all outputs")
        ] as [([Int], Int, String)] {
            for isOne in [true, false] {
                var builder = GraphBuilder()
                let x = builder.input(Lessons.input("x", []))
                var wide = builder.append(.expand(to: sizes), [builder.append(.reshape(to: [1, 1]), [x])])
                var outputs: [Int] = []
                for _ in 0..<count {
                    if !isOne, sizes[0] < 1_000 { wide = builder.append(.negate, [wide]) }
                    outputs.append(wide)
                }
                let job = TensorJob(
                    graph: try SealedGraph(builder.finish(outputs: outputs)),
                    bindings: [.value(TensorValue(scalar: 1))])
                let failure = bench.failure(job)
                #expect(failure?.code == .limitExceeded)
                #expect(failure?.message.hasPrefix(what) == true, "\(failure?.message ?? "done")")
            }
        }
    }

    @Test("small jobs of every kind but programs are done at once; others are left untouched")
    func smallJobs() throws {
        var bench = TestBench(byteCountMaximum: 1 << 24)
        let elements = [Float](repeating: 1, count: 100_000)
        #expect(bench.store([1: try vector([1, 2]), 2: try vector(elements)]) == nil)
        let stored = bench.answerIfSmall(Job(released: [ObjectID(9)]).payload(includesGraphs: false))
        #expect(try #require(stored).result().outputs.isEmpty)
        let asked = bench.answerIfSmall(TestBench.list)
        #expect(try #require(asked).result().objects.map(\.id.rawValue) == [1, 2])
        let small = try job([.object(ObjectID(1)), .object(ObjectID(1))], keeping: [0: 3])
        let done = bench.answerIfSmall(small.job.payload(includesGraphs: true))
        #expect(try #require(done).result().outputs.count == 1)
        // Small on the wire, large at the worker.
        let large = try job([.object(ObjectID(2)), .object(ObjectID(2))], keeping: [0: 4], releasing: [1])
        let left = bench.answerIfSmall(large.job.payload(includesGraphs: true))
        #expect(isLeft(left))
        var builder = GraphBuilder()
        let x = builder.input(Lessons.input("x", [nil]))
        let copy = TensorJob(
            graph: try SealedGraph(builder.finish(outputs: [x])), bindings: [.object(ObjectID(2))])
        let leftToo = bench.answerIfSmall(copy.job.payload(includesGraphs: true))
        #expect(isLeft(leftToo))
        #expect(try bench.ids() == [1, 2, 3])
    }

    @Test("thousands of objects made and dropped by jobs leave the worker as it was")
    func cycles() throws {
        var bench = TestBench()
        let one = TensorJob.Binding.value(try vector([1]))
        #expect(bench.store([0: try vector([1])]) == nil)
        let graph = try graph()
        for id in 1...2_000 as ClosedRange<UInt64> {
            let job = TensorJob(
                graph: graph, bindings: [.object(ObjectID(id - 1)), one],
                kept: [.init(output: 0, object: ObjectID(id))], released: [ObjectID(id - 1)])
            #expect(bench.failure(job) == nil)
        }
        #expect(try bench.ids() == [2_000])
        #expect(try bench.inventory.objects.find(ObjectID(2_000), of: TestBench.ann).value.floats == [2_001])
        #expect(bench.inventory.objects.byteCount == 4 + WorkerLimits.objectOverheadByteCount)
    }
}
