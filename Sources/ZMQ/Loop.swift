internal import Ground
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// One thread that owns a libzmq context and every socket in it, and on which actors can live.
///
/// DESIGN. libzmq sockets belong to one thread, and handing each message to a task costs more than moving it.
/// So there is one thread. A turn of it: run the timers that are due, wait in `zmq_poll` for sockets and the
/// mailbox's descriptor, take what other threads left in the mailbox (closures and jobs of actors), then hand
/// on up to 256 messages of each socket by calling its `receive` closure straight from the thread: no task,
/// no hop, no lock, no allocation per message. Then `endOfTurn` is called for each socket that received, so
/// that its owner can answer in batches.
///
/// The loop is a serial executor by thread: code runs "on the loop" exactly when it runs on this thread. An
/// actor whose `unownedExecutor` is the loop is entered from a closure by `assumeIsolated`, and hops nowhere
/// to send.
///
/// Rules. Nothing on the loop may block or compute for long: peers that are not read from look dead. Closures
/// keep what they capture until their socket is closed or the loop is shut down. Whoever makes a loop shuts
/// it down, for its thread keeps it alive. Ending is in this order: refuse new work, close all sockets, end
/// the context on a thread of its own under a watchdog (`zmq_ctx_term` waits for unsent messages, and has
/// bugs). One loop per program, outside of tests.
package final class Loop: Reactor, Sendable {
    /// The name of the thread, cut to 15 bytes by the system.
    package let name: String

    let mailbox = Mailbox()
    let wakeUp: WakeUp
    let counters = LoopCounters()
    let endings = Lock(Endings())
    /// The thread that runs the loop now; zero while none does.
    let threadNumber = Atomic<UInt>(0)
    // Proof: `core` is read in `owned`, which holds only on the loop's thread, and by `runThread`, which is
    // that thread; where one thread follows another (late jobs), the mailbox's lock lies between them.
    nonisolated(unsafe) private let core: LoopCore

    /// Messages handed on from one socket before the others have their turn.
    package static let messagesPerTurn = 256

    /// Starts a loop.
    ///
    /// - Parameter ioThreads: libzmq's own threads; one unless everything is encrypted.
    package init(name: String, ioThreads: Int = 1) throws(ZMQError) {
        self.name = name
        wakeUp = try WakeUp()
        unsafe core = LoopCore(context: try Context(ioThreads: ioThreads))
        try SystemThread.start(name: name) { self.runThread() }
    }

    /// Milliseconds of a clock that never goes back; any thread.
    package static func now() -> Int64 { nanoseconds() / 1_000_000 }

    /// Nanoseconds of a clock that never goes back; any thread.
    package static func nanoseconds() -> Int64 {
        // Asked several times a message: `ContinuousClock` would divide 128-bit attoseconds each time.
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Milliseconds of a clock that never goes back; any thread.
    package func now() -> Int64 { Self.now() }

    /// Nanoseconds of a clock that never goes back; any thread.
    package func nanoseconds() -> Int64 { Self.nanoseconds() }

    /// A number of the system's generator; any thread.
    package func random() -> UInt64 { .random(in: .min ... .max) }

    /// Tasks have the system's threads.
    package var taskExecutor: (any TaskExecutor)? { nil }

    /// Runs tasks here.
    package func makeTaskExecutor() -> any TaskExecutor { LoopTasks(self) }

    /// Whether the calling thread is the loop's.
    package var isOnLoop: Bool {
        threadNumber.load(ordering: .relaxed) == SystemThread.current
    }

    /// What the loop has carried since it began; any thread.
    package var statistics: LoopStatistics { counters.snapshot }

    /// Runs a closure on the loop, after everything that was handed over before; any thread.
    ///
    /// - Returns: false once the loop is being shut down; then the closure is not run, and the caller must
    ///   give whoever waits for it an answer.
    @discardableResult
    package func execute(_ work: @escaping @Sendable () -> Void) -> Bool {
        deliver(mailbox.push(work))
    }

    /// Does what a push asks for; false where it was refused.
    @discardableResult
    func deliver(_ push: Mailbox.Push) -> Bool {
        switch push {
        case .queued: return true
        case .wake: wakeUp.signal()
        case .orphaned: adoptOrphans()
        case .refused: return false
        }
        return true
    }

    /// What belongs to the loop.
    ///
    /// - Precondition: the calling thread is the loop's.
    var owned: LoopCore {
        precondition(isOnLoop, "only on the loop \(name)")
        return unsafe core
    }

    /// The life of the loop's thread.
    private func runThread() {
        threadNumber.store(SystemThread.current, ordering: .relaxed)
        let core = owned
        while core.outcome == nil { turn(core) }
        runLateJobs()
    }
}
