import Jobs
import Protocol
import Tensor
import Testing

@testable import WorkerKit

@Suite("Small jobs")
struct WorkbenchTests {
    private func bench() -> Workbench { Workbench(.of("bob"), now: { 0 }) }

    private func work(_ payload: Payload) -> Work { Work(run: 1, payload, for: .none) }

    /// A chain of so many negations of a vector.
    private func chain(_ nodeCount: Int, elementCount: Int, includesGraph: Bool = true) throws -> Work {
        var builder = GraphBuilder()
        var value = builder.input(Lessons.input("x", [nil]))
        for _ in 0..<nodeCount { value = builder.append(.exp, [value]) }
        let job = TensorJob(
            graph: try SealedGraph(builder.finish(outputs: [value])),
            bindings: [TensorValue.zeros(ValueType(.float32, try Shape([elementCount])))])
        return work(job.job.payload(includesGraphs: includesGraph))
    }

    @Test("a graph over a handful of numbers is done at once, with the bits a thread would give")
    func smallJob() throws {
        let work = try chain(3, elementCount: 4)
        var (loop, thread) = (bench(), bench())
        let answer = loop.answerIfSmall(work)
        let small = try #require(answer)
        let other = thread.answer(work, started: {}, progressed: { _ in })
        guard case .result(let payload) = small, case .result(let expected) = other else {
            Issue.record("one of them failed: \(small), \(other)")
            return
        }
        guard case .packed(let bytes) = payload.frames[0], case .packed(let same) = expected.frames[0] else {
            Issue.record("small tensors travel packed")
            return
        }
        #expect(bytes == same && bytes.count == 16)
    }

    private func isLeft(_ answer: Answer?) -> Bool {
        if case .none = answer { true } else { false }
    }

    @Test("too many bytes, nodes or operations, and programs, belong on a thread")
    func largeJobs() throws {
        var bench = bench()
        let bytes = WorkerLimits.smallByteCountMaximum
        #expect(isLeft(try bench.answerIfSmall(chain(1, elementCount: bytes / 4 + 1))))
        #expect(
            isLeft(try bench.answerIfSmall(chain(WorkerLimits.smallNodeCountMaximum + 1, elementCount: 1))))
        #expect(isLeft(try bench.answerIfSmall(chain(60, elementCount: 2_000))))
        let program = try Lessons.regression(.init(batchSize: 1)).job.payload(includesGraphs: true)
        #expect(isLeft(bench.answerIfSmall(work(program))))
    }

    @Test("a few bytes that would compute for seconds while they are compiled are left before that")
    func foldedConstants() throws {
        var builder = GraphBuilder()
        let one = builder.append(.expand(to: [2_000, 2_000]), [builder.constant(1)])
        let product = builder.append(.matmul(transposeLeft: false, transposeRight: false), [one, one])
        let sum = builder.append(.sum(axes: nil, keepsDimensions: false), [product])
        let job = TensorJob(graph: try SealedGraph(builder.finish(outputs: [sum])), bindings: [])
        var bench = bench()
        #expect(isLeft(bench.answerIfSmall(work(job.job.payload(includesGraphs: true)))))
        #expect(bench.plans.compiledCount == 0)
        // A small one is compiled, once.
        for _ in 0..<2 { #expect(!isLeft(bench.answerIfSmall(try chain(3, elementCount: 4)))) }
        #expect(bench.plans.compiledCount == 1)
    }

    @Test("a job nobody waits for is not even decoded")
    func cancelled() throws {
        var bench = bench()
        let work = work(Payload(body: [0xff], frames: []))
        work.flag.set()
        let answer = bench.answer(work, started: {}, progressed: { _ in })
        #expect(answer.failure?.code == .cancelled)
    }

    @Test("a graph that is not known is asked for at once")
    func unknownGraph() throws {
        var bench = bench()
        guard
            case .failure(let failure) = bench.answerIfSmall(
                try chain(1, elementCount: 1, includesGraph: false))
        else {
            Issue.record("it was not refused")
            return
        }
        #expect(failure.code == .unknownGraph)
    }
}
