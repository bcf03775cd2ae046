import Testing

@testable import Ground

@Suite("Compute queues", .timeLimit(.minutes(1)))
struct ComputeQueueTests {
    @Test("one thread runs work in the order it was given", arguments: [false, true])
    func order(startsLate: Bool) async {
        let queue = ComputeQueue(threadCount: 1, startsLate: startsLate)
        let (numbers, source) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<3_000 { queue.run { source.yield(number) } }
        queue.run { source.finish() }
        var expected = 0
        for await number in numbers {
            #expect(number == expected)
            expected += 1
        }
        #expect(expected == 3_000)
        queue.stop()
    }

    @Test("work is done where the system has no room for a thread, and threads come once it has")
    func noThreads() async {
        let room = Lock(false)
        let queue = ComputeQueue(threadCount: 2) { room.withLock { $0 } }
        for number in 0..<50 {
            let answer = await withCheckedContinuation { continuation in
                queue.run { continuation.resume(returning: number) }
            }
            #expect(answer == number)
        }
        #expect(queue.threadCount == 0)
        room.withLock { $0 = true }
        await withCheckedContinuation { continuation in queue.run { continuation.resume() } }
        #expect(queue.threadCount == 2)
        queue.stop()
    }

    @Test("so many threads can be started as are asked for, and they end")
    func startable() {
        for _ in 0..<20 { #expect(ProcessLimits.startableThreads(atMost: 40) == 40) }
        #expect(ProcessLimits.startableThreads(atMost: 0) == 0)
    }
}
