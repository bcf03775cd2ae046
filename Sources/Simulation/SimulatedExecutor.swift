import Tensor
package import WorkerKit
import ZMQ

/// Runs a worker's jobs in a simulated process: what they compute is real, how long they take is the world's.
///
/// It lives on its worker's loop, and what it does happens in the loop's turns.
package final class SimulatedExecutor: JobExecutor, @unchecked Sendable {
    // Proof: everything is touched in the turns of one simulated loop, which one thread runs.

    private let loop: any Reactor
    private let notify: @Sendable () -> Void
    private var bench: Workbench
    private var waiting: [Work] = []
    private var running: [WorkerMachine.RunID: Work] = [:]
    private var reports: [WorkerMachine.Event] = []
    private var isNoticed = false
    private var isStopped = false
    private let slotCount: Int

    /// The longest a job takes, in milliseconds of the world.
    package static let millisecondsMaximum: UInt64 = 400

    /// Makes one for a worker.
    package static let maker: ExecutorMaker = { inventory, slotCount, reactor, notify in
        SimulatedExecutor(
            Workbench(inventory, now: { reactor.nanoseconds() }), slotCount: slotCount, loop: reactor,
            notify: notify)
    }

    private init(
        _ bench: Workbench, slotCount: Int, loop: any Reactor, notify: @escaping @Sendable () -> Void
    ) {
        self.bench = bench
        self.slotCount = slotCount
        self.loop = loop
        self.notify = notify
    }

    package func enqueue(_ works: [Work]) {
        guard !isStopped else { return }
        waiting += works
        begin()
    }

    package func cancel(_ run: WorkerMachine.RunID) {
        if running[run] == nil { waiting.removeAll { $0.run == run } } else { running[run]?.flag.set() }
    }

    package func withdrawWaiting() -> [Work] {
        defer { waiting.removeAll() }
        return waiting
    }

    package func takeReports(into reports: inout [WorkerMachine.Event]) {
        swap(&reports, &self.reports)
        isNoticed = false
    }

    package func stop() {
        isStopped = true
        waiting.removeAll()
        for work in running.values { work.flag.set() }
    }

    package var waitingByteCount: Int { 0 }

    package func tick() {}

    private func begin() {
        while running.count < slotCount, !waiting.isEmpty {
            let work = waiting.removeFirst()
            running[work.run] = work
            say(.started(work.job, work.run))
            let milliseconds = Int64(loop.random() % SimulatedExecutor.millisecondsMaximum)
            loop.schedule(afterMilliseconds: milliseconds) { self.finish(work) }
        }
    }

    private func finish(_ work: Work) {
        guard !isStopped else { return }
        let answer = bench.answer(work, started: {}, progressed: { _ in })
        running[work.run] = nil
        say(.finished(work.job, work.run, answer))
        begin()
    }

    private func say(_ report: WorkerMachine.Event) {
        reports.append(report)
        guard !isNoticed else { return }
        isNoticed = true
        notify()
    }
}
