import Ground
import Protocol
import Tensor
import ZMQ

/// Runs jobs on threads of its own, trainers in turn, one at a time on each thread.
///
/// DESIGN. The loop hands work over in batches and wakes only as many sleeping threads as there is work; a
/// thread takes one job after the other until none is left. What it has to say it gathers, and it wakes the
/// loop when there is nothing more to do, when it has gathered enough, or when a millisecond has passed: a
/// flood of tiny jobs costs one wake-up for dozens of answers, a lone one costs no delay. Every thread keeps
/// its own plans and buffers, behind a lock that only it ever takes. A trainer of which nothing runs does not wait
/// for the long jobs of others: where all slots are taken by runs that last, it gets a thread as a guest, and the
/// system shares the cores out.
package final class Executor: JobExecutor {
    fileprivate struct State {
        var waiting = FairQueue()
        /// What each thread runs, those of guests last.
        var running: [(run: WorkerMachine.RunID, owner: Identifier, flag: CancelFlag)?]
        /// Threads of slots that sleep.
        var idle: [Int]
        /// Threads of guests that sleep.
        var idleGuests: [Int]
        /// What slots ran at the last tick.
        var lastRuns: [WorkerMachine.RunID?] = []
        var isStopped = false
        /// The bytes of jobs and answers since memory was given back.
        var byteCount = 0
        /// How often nothing ran when it was looked at, one time after another.
        var quietCount = 0
    }

    private struct Outbox {
        var reports: [WorkerMachine.Event] = []
        var isNoticed = false
    }

    /// A thread and what it works with.
    private final class Lane: Sendable {
        let queue: ComputeQueue
        let bench: Lock<Workbench>

        init(_ bench: sending Workbench, isGuest: Bool) {
            queue = ComputeQueue(threadCount: 1, startsLate: isGuest)
            self.bench = Lock(bench)
        }
    }

    private let lanes: [Lane]
    private let slotCount: Int
    private let state: Lock<State>
    private let outbox = Lock(Outbox())
    private let memory: MemoryBudget
    private let now: @Sendable () -> Int64
    private let notify: @Sendable () -> Void

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - now: a clock in nanoseconds.
    ///   - notify: called on a compute thread when there are reports to take and nobody has been told yet.
    init(
        _ inventory: Inventory, slotCount: Int, now: @escaping @Sendable () -> Int64,
        notify: @escaping @Sendable () -> Void
    ) {
        let slotCount = max(1, slotCount)
        let count = slotCount + WorkerLimits.guestsMaximum
        let lanes = (0..<count).map {
            Lane(Workbench(inventory, threadCount: count, now: now), isGuest: $0 >= slotCount)
        }
        self.lanes = lanes
        self.slotCount = slotCount
        memory = inventory.memory
        state = Lock(
            State(
                running: Array(repeating: nil, count: count), idle: Array(0..<slotCount),
                idleGuests: Array(slotCount..<count)))
        self.now = now
        self.notify = notify
        memory.whenShort {
            for lane in lanes { lane.queue.runIfStarted { lane.bench.withLock { $0.plans.removeAll() } } }
        }
    }

    /// Makes an executor with threads, as every worker has but a simulated one.
    package static let onThreads: ExecutorMaker = { inventory, slotCount, reactor, notify in
        Executor(
            inventory, slotCount: slotCount, now: { reactor.nanoseconds() }, notify: notify)
    }

    /// Gives work to the threads; after `stop` it is dropped.
    package func enqueue(_ works: [Work]) {
        let awakened = state.withLock { state -> [Int] in
            guard !state.isStopped else { return [] }
            for work in works { state.waiting.append(work) }
            let count = min(state.idle.count, works.count)
            defer { state.idle.removeLast(count) }
            return Array(state.idle.suffix(count))
        }
        for lane in awakened { lanes[lane].queue.run { self.serve(lane) } }
    }

    /// Forgets a run that waits, or asks one that runs to stop.
    package func cancel(_ run: WorkerMachine.RunID) {
        state.withLock { state in
            if let running = state.running.first(where: { $0?.run == run }) {
                running?.flag.set()
            } else {
                state.waiting.remove(run)
            }
        }
    }

    /// Takes back all that waits.
    package func withdrawWaiting() -> [Work] {
        state.withLock { $0.waiting.removeAll() }
    }

    /// The bytes of the jobs that wait.
    package var waitingByteCount: Int { state.withLock { $0.waiting.byteCount } }

    /// Exchanges an empty array for what the threads have said since the last time.
    package func takeReports(into reports: inout [WorkerMachine.Event]) {
        outbox.withLock { outbox in
            swap(&outbox.reports, &reports)
            outbox.isNoticed = false
        }
    }

    /// Asks all that runs to stop and ends the threads when it has; what they still say nobody hears.
    package func stop() {
        memory.whenShort(nil)
        state.withLock { state in
            state.isStopped = true
            _ = state.waiting.removeAll()
            for running in state.running { running?.flag.set() }
        }
        for lane in lanes { lane.queue.stop() }
    }

    /// Lets guests in and gives memory back.
    package func tick() {
        if let guest = state.withLock({ $0.admitGuest(slotCount: slotCount) }) {
            lanes[guest].queue.run { self.serve(guest) }
        }
        giveBackMemory()
    }

    /// Gives freed memory back to the system some time after large jobs.
    ///
    /// An answer is freed when it has left, so this waits until nothing has run for a while.
    private func giveBackMemory() {
        let isDue = state.withLock { state in
            let isQuiet =
                state.byteCount >= WorkerLimits.trimByteCount && state.running.allSatisfy { $0 == nil }
            state.quietCount = isQuiet ? state.quietCount + 1 : 0
            guard state.quietCount >= WorkerLimits.trimTickCount else { return false }
            (state.byteCount, state.quietCount) = (0, 0)
            return true
        }
        guard isDue else { return }
        for lane in lanes { lane.queue.runIfStarted { lane.bench.withLock { $0.plans.removeLarge() } } }
        // Behind the plans of its own thread; those of others are mostly gone by then.
        lanes[0].queue.run { FreedMemory.giveBack() }
    }

    // MARK: On a compute thread

    /// Works until nothing waits.
    private func serve(_ lane: Int) {
        lanes[lane].bench.withLock { bench in
            var reports: [WorkerMachine.Event] = []
            var since: Int64 = 0
            while let work = take(lane, &reports) {
                let answer = bench.answer(
                    work,
                    started: { say([.started(work.job, work.run)]) },
                    progressed: { say([.progressed(work.job, work.run, $0)]) })
                let byteCount = work.byteCount.addingSaturated(answer.byteCount)
                state.withLock { $0.byteCount = $0.byteCount.addingSaturated(byteCount) }
                let finished = now()
                if reports.isEmpty { since = finished }
                reports.append(.finished(work.job, work.run, answer))
                if reports.count >= WorkerLimits.reportCountMaximum
                    || finished - since >= WorkerLimits.reportDelayNanoseconds
                {
                    say(reports)
                    reports.removeAll(keepingCapacity: true)
                }
            }
        }
    }

    /// The next job, once everything is said that should not wait for it; `nil` when there is none and the
    /// thread sleeps.
    private func take(_ lane: Int, _ reports: inout [WorkerMachine.Event]) -> Work? {
        if let work = next(lane, sleeps: reports.isEmpty) { return work }
        guard !reports.isEmpty else { return nil }
        say(reports)
        reports.removeAll(keepingCapacity: true)
        return next(lane, sleeps: true)
    }

    /// The next job; when there is none the thread counts as asleep, if it is ready to be.
    private func next(_ lane: Int, sleeps: Bool) -> Work? {
        state.withLock { state in
            state.running[lane] = nil
            let (running, isGuest) = (state.running, lane >= slotCount)
            let work = state.waiting.popFirst(fewerThan: isGuest ? 1 : .max) { owner in
                running.count { $0?.owner == owner }
            }
            state.running[lane] = work.map { ($0.run, $0.owner, $0.flag) }
            guard work == nil, sleeps else { return work }
            if isGuest { state.idleGuests.append(lane) } else { state.idle.append(lane) }
            return nil
        }
    }

    /// Tells the loop.
    private func say(_ reports: [WorkerMachine.Event]) {
        let isNews = outbox.withLock { outbox in
            outbox.reports.append(contentsOf: reports)
            defer { outbox.isNoticed = true }
            return !outbox.isNoticed
        }
        if isNews { notify() }
    }
}

extension Executor.State {
    /// The thread of a guest that is to be woken: where somebody waits of whom nothing runs, and all slots run what
    /// they ran a tick ago.
    fileprivate mutating func admitGuest(slotCount: Int) -> Int? {
        let runs = running.prefix(slotCount).map { $0?.run }
        defer { lastRuns = runs }
        guard runs == lastRuns, !runs.contains(nil), !waiting.isEmpty, !idleGuests.isEmpty else { return nil }
        let served = Set(running.compactMap { $0?.owner })
        guard waiting.owners.contains(where: { !served.contains($0) }) else { return nil }
        return idleGuests.popLast()
    }
}
