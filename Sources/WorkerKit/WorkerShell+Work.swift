import Link
import Protocol
import Tensor
import ZMQ

/// Which jobs are done on the loop, and how the others come to the compute threads and back.
extension WorkerShell {
    /// Does what is small, and gives the compute threads the rest.
    func handOver() {
        guard !pending.isEmpty else { return }
        if machine.heldCount == pending.count, answerSmall() { return scheduleHandOver() }
        giveToThreads()
        makeRoom()
    }

    func giveToThreads() {
        guard !pending.isEmpty else { return }
        executor?.enqueue(pending)
        pending.removeAll(keepingCapacity: true)
    }

    /// Does small jobs right here, where nothing that came before is overtaken and the loop is not kept long.
    ///
    /// - Returns: whether those that are left are to wait for the next turn: as long as they are over sooner than a
    ///   thread has taken them and told of it.
    private func answerSmall() -> Bool {
        let begin = loop.nanoseconds()
        var (count, elapsed) = (0, Int64(0))
        while count < pending.count, elapsed < WorkerLimits.smallTurnNanoseconds,
            let answer = bench?.answerIfSmall(pending[count])
        {
            apply(.finished(pending[count].job, pending[count].run, answer))
            count += 1
            elapsed = loop.nanoseconds() - begin
        }
        // The last answer of a worker that drains ends it: nothing is pending any more.
        pending.removeFirst(min(count, pending.count))
        return elapsed >= WorkerLimits.smallTurnNanoseconds
            && elapsed <= Int64(count) * WorkerLimits.smallJobNanoseconds && !pending.isEmpty
    }

    private func scheduleHandOver() {
        loop.execute { [weak self] in
            self?.assumeIsolated { shell in
                shell.handOver()
                shell.linkShouldFlush()
            }
        }
    }

    /// Lets the link ask for as much as there is memory for beside what waits here.
    private func makeRoom() {
        guard let executor else { return }
        let pendingByteCount = pending.reduce(0) { $0.addingSaturated($1.byteCount) }
        link.hold(executor.waitingByteCount.addingSaturated(pendingByteCount), &linkEvents)
        handleLinkEvents()
    }

    func takeReports() {
        guard let executor, ending == nil else { return }
        executor.takeReports(into: &reports)
        let now = loop.now()
        for report in reports { machine.handle(report, at: now, actions: &actions) }
        reports.removeAll(keepingCapacity: true)
        performActions()
        makeRoom()
    }
}
