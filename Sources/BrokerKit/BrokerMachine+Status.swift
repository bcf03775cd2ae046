import Protocol

// What the broker tells of itself.
extension BrokerMachine {
    /// What there is, as far as the machine knows; the shell adds what only it knows.
    ///
    /// - Complexity: O(sessions and open jobs).
    package var statistics: BrokerStatistics {
        var statistics = BrokerStatistics()
        statistics.counters = counters
        statistics.uptimeMilliseconds = now - startedAt
        statistics.jobs = jobs.counts
        for worker in roster.workers.numbers where roster.workers.isTaken(worker) {
            if roster.workers[worker].presence.peer == nil {
                statistics.workers.missing += 1
            } else if roster.workers[worker].isDraining {
                statistics.workers.draining += 1
            } else if roster.workers[worker].isTorpid {
                statistics.workers.torpid += 1
            } else {
                statistics.workers.ready += 1
            }
        }
        for trainer in roster.trainers.numbers where roster.trainers.isTaken(trainer) {
            if roster.trainers[trainer].presence.peer == nil {
                statistics.trainers.missing += 1
            } else {
                statistics.trainers.ready += 1
            }
        }
        return statistics
    }

    /// A trainer asks how the broker is.
    mutating func tellStatus(to trainer: Int32, _ actions: inout [Action]) {
        guard let peer = roster.trainers[trainer].presence.peer else { return }
        roster.trainers[trainer].presence.sentAt = now
        actions.append(.status(to: peer, Header(.status, job: .none, attempt: 0, epoch: epoch)))
    }
}
