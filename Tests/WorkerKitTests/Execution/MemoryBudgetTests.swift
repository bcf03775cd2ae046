import Jobs
import Protocol
import Synchronization
import Tensor
import Testing

@testable import WorkerKit

@Suite("Memory of a worker", .timeLimit(.minutes(1)))
struct MemoryBudgetTests {
    /// `tanh(x)` of so many elements that come along.
    private func job(_ elementCount: Int, kept: [TensorJob.Kept] = []) throws -> TensorJob {
        var builder = GraphBuilder()
        let x = builder.input(Lessons.input("x", [nil]))
        let y = builder.append(.tanh, [x])
        return TensorJob(
            graph: try SealedGraph(builder.finish(outputs: [y])),
            bindings: [.value(.zeros(ValueType(.float32, try Shape([elementCount]))))], kept: kept)
    }

    @Test("what a job would take is refused with both numbers, and given back by one that fits")
    func refusal() throws {
        var bench = TestBench(memory: 100_000)
        let failure = bench.failure(try job(10_000))
        // 40,000 came, 40,000 are computed, 40,000 are copied out.
        #expect(failure?.code == .limitExceeded)
        #expect(failure?.message.contains("the limit is 100000") == true)
        #expect(failure?.message.contains("is 12") == true)
        #expect(try bench.result(job(5_000)).outputs[0].value.shape.dimensions == [5_000])
        #expect(bench.inventory.memory.jobByteCount == 0)
    }

    @Test("objects and jobs share the memory")
    func objects() throws {
        var bench = TestBench(memory: 100_000)
        #expect(
            try bench.answer(
                job(5_000, kept: [.init(output: 0, object: ObjectID(1))]).job.payload(includesGraphs: true)
            ).failure == nil)
        #expect(bench.store([2: .zeros(ValueType(.float32, try Shape([10_000])))]) == nil)
        let failure = bench.failure(try job(5_000))
        #expect(failure?.code == .limitExceeded)
        let room = 100_000 - 60_000 - 2 * WorkerLimits.objectOverheadByteCount
        #expect(failure?.message.contains("the limit is \(room)") == true)
        #expect(bench.store([3: .zeros(ValueType(.float32, try Shape([10_000])))])?.code == .limitExceeded)
        #expect(bench.store(releasing: [1, 2]) == nil)
        #expect(bench.failure(try job(5_000)) == nil)
    }

    @Test("a program's plans and sums are counted, too")
    func programs() throws {
        let shard = try Lessons.shard(rowCount: 40)
        var bench = TestBench(shards: [shard], memory: 100)
        let payload = try Lessons.regression(.init(batchSize: 2)).job.payload(includesGraphs: true)
        #expect(bench.answer(payload).failure?.code == .limitExceeded)
        var roomy = TestBench(shards: [shard], memory: 1 << 20)
        #expect(roomy.answer(payload).failure == nil)
        #expect(roomy.inventory.memory.jobByteCount == 0)
    }

    @Test("who waits for another job goes on when that ends, and stops waiting when cancelled")
    func waiting() async throws {
        let budget = MemoryBudget(limit: 100)
        var grant = budget.take(80)
        #expect(grant != nil && budget.take(30) == nil)
        let (stream, signal) = AsyncStream.makeStream(of: Void.self)
        let flag = CancelFlag {
            signal.yield()
            return false
        }
        let waiter = Task.detached { _ = try budget.wait(for: 30, flag) }
        var asked = stream.makeAsyncIterator()
        await asked.next()
        grant = nil
        try await waiter.value
        grant = budget.take(80)
        let other = Task.detached { _ = try budget.wait(for: 30, flag) }
        await asked.next()
        flag.set()
        await #expect(throws: JobError.cancelled) { try await other.value }
        #expect(throws: JobError.limitExceeded(what: "bytes of memory for the job", got: 101, limit: 100)) {
            try budget.wait(for: 101, .never)
        }
        #expect(budget.jobByteCount == 80 && grant != nil)
    }

    @Test("plans that are kept give way when jobs need their share")
    func plans() throws {
        let budget = MemoryBudget(limit: 800)
        let asked = Atomic(0)
        budget.whenShort { asked.add(1, ordering: .relaxed) }
        let first = budget.take(700)
        #expect(asked.load(ordering: .relaxed) == 0 && !budget.isShort && budget.cacheByteCount == 100)
        let second = budget.take(1)
        #expect(asked.load(ordering: .relaxed) == 1 && budget.isShort)
        #expect(first != nil && second != nil && budget.take(.max) == nil)
    }
}

@Suite("Memory of a machine")
struct MachineMemoryTests {
    private func bytes(_ files: [String: [String]]) -> Int { MachineMemory.byteCount { files[$0] } }

    @Test("the machine's, or its control group's where that is less, of either version")
    func sources() {
        let machine = ["MemFree: 1 kB", "MemTotal:       24602356 kB"].reversed() as [String]
        #expect(bytes([:]) == MachineMemory.unknown)
        #expect(bytes(["/proc/meminfo": machine]) == 24_602_356 << 10)
        var files = [
            "/proc/meminfo": machine, "/proc/self/cgroup": ["0::/a/b"],
            "/sys/fs/cgroup/a/b/memory.max": ["max"], "/sys/fs/cgroup/a/memory.max": ["1048576"],
        ]
        #expect(bytes(files) == 1 << 20)
        files["/sys/fs/cgroup/memory.max"] = ["4096"]
        #expect(bytes(files) == 4_096)
        files["/proc/self/cgroup"] = ["12:cpu,memory:/x", "0::/"]
        files["/sys/fs/cgroup/memory/x/memory.limit_in_bytes"] = ["1000"]
        #expect(bytes(files) == 1_000)
        files["/sys/fs/cgroup/memory/x/memory.limit_in_bytes"] = ["9223372036854771712"]
        #expect(bytes(files) == 4_096)
    }

    @Test(
        "lines that are none of these are passed over",
        arguments: ["", "MemTotal: x kB", "MemTotal: -5 kB", "MemTotal: 9223372036854775807 kB"])
    func odd(_ line: String) {
        #expect(
            bytes(["/proc/meminfo": [line], "/proc/self/cgroup": ["", "::", "0:", "1:cpu:/"]])
                == MachineMemory.unknown)
    }

    @Test("this machine has some")
    func real() { #expect(MachineMemory.byteCount() > 64 << 20) }
}
