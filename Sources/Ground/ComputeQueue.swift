/// Threads of their own for computing, so that neither the loop nor Swift's task pool waits for a kernel.
///
/// Work starts in the order it was given. With one thread it also runs in that order.
package final class ComputeQueue: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var next = 0
        var isStopped = false
        /// Threads that start with the next work: most queues never have any, and the system may have had no room.
        var unstarted = 0
        /// Threads there are.
        var started = 0
        /// Whether a task does the work, since there is no thread.
        var isDraining = false
    }

    private let state = Lock(State())
    private let signal = Semaphore()
    private let mayStart: @Sendable () -> Bool

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threadCount: how many jobs run at once, each on one core.
    ///   - startsLate: whether threads wait for the first work to start: most such queues never have any.
    package convenience init(threadCount: Int, startsLate: Bool = false) {
        self.init(threadCount: threadCount, startsLate: startsLate) { true }
    }

    /// Starts threads where a test lets it.
    init(threadCount: Int, startsLate: Bool = false, mayStart: @escaping @Sendable () -> Bool) {
        self.mayStart = mayStart
        state.withLock { state in
            state.unstarted = Swift.max(1, threadCount)
            if !startsLate { startThreads(&state) }
        }
    }

    /// How many threads there are.
    var threadCount: Int { state.withLock { $0.started } }

    /// Gives work to the threads; after `stop` it is dropped.
    package func run(_ work: @escaping @Sendable () -> Void) {
        let drains = state.withLock { state in
            guard !state.isStopped else { return false }
            state.waiting.append(work)
            startThreads(&state)
            guard state.started == 0 else {
                signal.post()
                return false
            }
            defer { state.isDraining = true }
            return !state.isDraining
        }
        // The system has no room for a thread. The task pool has some already: one of them does the work, in order.
        if drains { Task.detached { self.drain() } }
    }

    /// Starts the threads that are not there yet, as far as the system lets it.
    private func startThreads(_ state: inout State) {
        while state.unstarted > 0, mayStart(), SystemThread.start(stackByteCount: 16 << 20, work) == 0 {
            state.unstarted -= 1
            state.started += 1
        }
    }

    /// Gives work to the threads if there are any yet.
    package func runIfStarted(_ work: @escaping @Sendable () -> Void) {
        if state.withLock({ $0.started > 0 }) { run(work) }
    }

    /// Drops what has not started and ends the threads once what runs is done; does not wait for it.
    package func stop() {
        state.withLock { state in
            state.isStopped = true
            state.waiting.removeAll()
            state.next = 0
        }
        signal.post()
    }

    /// Computes something on a thread of its own, which ends with it.
    ///
    /// - Throws: What the work throws.
    package static func value<Value: Sendable, Fault: Error>(
        of work: @escaping @Sendable () throws(Fault) -> Value
    ) async throws(Fault) -> Value {
        let queue = ComputeQueue(threadCount: 1)
        defer { queue.stop() }
        let result: Result<Value, Fault> = await withCheckedContinuation { continuation in
            queue.run { continuation.resume(returning: Result { () throws(Fault) in try work() }) }
        }
        return try result.get()
    }

    private func work() {
        while true {
            signal.wait()
            let (work, isStopped) = takeNext()
            if isStopped {
                signal.post()  // for the next thread
                return
            }
            work?()
        }
    }

    /// Does what waits, until nothing does.
    private func drain() {
        repeat {
            while let work = takeNext().work { work() }
        } while state.withLock { state in
            state.isDraining = state.next < state.waiting.count && !state.isStopped
            return state.isDraining
        }
    }

    private func takeNext() -> (work: (@Sendable () -> Void)?, isStopped: Bool) {
        state.withLock { state in
            guard !state.isStopped else { return (nil, true) }
            guard state.next < state.waiting.count else { return (nil, false) }
            let work = state.waiting[state.next]
            state.next += 1
            if state.next == state.waiting.count {
                state.waiting.removeAll(keepingCapacity: true)
                state.next = 0
            } else if state.next >= 1_024 {
                // The array is a queue: give back the front before it grows without end.
                state.waiting.removeFirst(state.next)
                state.next = 0
            }
            return (work, false)
        }
    }
}
