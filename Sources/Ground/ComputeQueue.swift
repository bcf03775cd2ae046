import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Threads of their own for computing, so that neither the loop nor Swift's task pool waits for a kernel.
///
/// Work starts in the order it was given. With one thread it also runs in that order.
package final class ComputeQueue: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var next = 0
        var isStopped = false
        /// Threads that start with the first work.
        var unstarted = 0
    }

    private let state = Mutex(State())
    private let signal: Semaphore

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threadCount: how many jobs run at once, each on one core.
    ///   - startsLate: whether threads wait for the first work to start: most such queues never have any.
    package init(threadCount: Int, startsLate: Bool = false) {
        signal = Semaphore()
        let count = Swift.max(1, threadCount)
        if startsLate { state.withLock { $0.unstarted = count } } else { for _ in 0..<count { spawn() } }
    }

    /// Gives work to the threads; after `stop` it is dropped.
    package func run(_ work: @escaping @Sendable () -> Void) {
        let (isAccepted, starts) = state.withLock { state in
            guard !state.isStopped else { return (false, 0) }
            state.waiting.append(work)
            defer { state.unstarted = 0 }
            return (true, state.unstarted)
        }
        for _ in 0..<starts { spawn() }
        if isAccepted { signal.post() }
    }

    /// Gives work to the threads if there are any yet.
    package func runIfStarted(_ work: @escaping @Sendable () -> Void) {
        if state.withLock({ $0.unstarted == 0 }) { run(work) }
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
            let (work, isStopped) = state.withLock { state -> ((@Sendable () -> Void)?, Bool) in
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
            if isStopped {
                signal.post()  // for the next thread
                return
            }
            work?()
        }
    }

    private func spawn() {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, 16 << 20)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // The thread holds the queue until it ends: balanced by `takeRetainedValue` below.
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = unsafe pthread_create(
            &thread, &attributes,
            { context in
                #if canImport(Darwin)
                    let queue = unsafe Unmanaged<ComputeQueue>.fromOpaque(context).takeRetainedValue()
                #else
                    guard let context = unsafe context else { return nil }
                    let queue = unsafe Unmanaged<ComputeQueue>.fromOpaque(context).takeRetainedValue()
                #endif
                queue.work()
                return nil
            }, context)
        unsafe pthread_attr_destroy(&attributes)
        precondition(code == 0, "a compute thread could not be started: error \(code)")
    }
}

/// Counts work to be done; threads sleep while there is none.
@safe private final class Semaphore: @unchecked Sendable {
    // Proof of `@unchecked`: a POSIX semaphore may be used by any number of threads, and its address never changes.
    private let cell: UnsafeMutablePointer<sem_t>

    init() {
        unsafe cell = .allocate(capacity: 1)
        unsafe sem_init(cell, 0, 0)
    }

    deinit {
        unsafe sem_destroy(cell)
        unsafe cell.deallocate()
    }

    func post() { unsafe sem_post(cell) }

    func wait() {
        while unsafe sem_wait(cell) != 0 {}
    }
}
