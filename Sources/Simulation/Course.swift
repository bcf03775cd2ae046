import BrokerKit
package import Datasets
package import Fagure
package import ZMQ

/// One course of a simulated world: a run that trains while things go wrong, and what must hold of it.
package struct Course: Sendable {
    /// What was seen of a course.
    package struct Report: Sendable {
        /// What does not hold; empty where all is well.
        package var violations: [String] = []
        /// How the run ended; `nil` where it had not in time.
        package var outcome: RunOutcome?
        /// What the run reported.
        package var events: [RunEvent] = []
        /// A digest of all that happened.
        package var trace: UInt64 = 0
        /// What went wrong, with the millisecond at which it did.
        package var faults: [(milliseconds: Int64, fault: Fault)] = []
        /// Milliseconds of the world until the run ended.
        package var milliseconds: Int64 = 0
        /// How long a heartbeat took at most, in milliseconds.
        package var slowestHeartbeat: Int64 = 0
    }

    /// What everything is drawn from.
    package let seed: UInt64
    /// The shards of each worker.
    package let shards: [[Shard]]
    /// How many things go wrong.
    package let faultCount: Int
    /// How a line is where nothing goes wrong.
    package var line = SimulatedLine()
    /// Told of every record that is sent, in a line.
    package var letters: (@Sendable (String) -> Void)?

    /// How long a world is watched, in milliseconds: far longer than all that goes wrong.
    private static let patienceMilliseconds: Int64 = 600_000
    /// How long all is calm before nothing may be left of what was.
    private static let calmNanoseconds: Int64 = 60_000_000_000
    /// How often what must always hold is looked at.
    private static let checkNanoseconds: Int64 = 100_000_000
    /// Bytes that may wait at the broker: all that two trainers ask for at once, there and back, twice.
    private static let waitingByteCountMaximum = 8 * Asker.parallel * Asker.longByteCount

    /// Describes a course.
    package init(seed: UInt64, shards: [[Shard]], faultCount: Int) {
        self.seed = seed
        self.shards = shards
        self.faultCount = faultCount
    }

    /// Trains.
    ///
    /// - Parameter calm: the model of a course in which nothing went wrong.
    package func train(_ configuration: TrainingConfiguration, calm: TrainedModel? = nil) -> Report {
        let fleet = begin()
        fleet.train(configuration)
        var report = watch(fleet) { fleet.outcome != nil }
        report.outcome = fleet.outcome
        report.events = fleet.events
        if let outcome = fleet.outcome, outcome.end != .finished {
            report.violations.append("the run ended otherwise: \(outcome.end)")
        } else if let calm, let outcome = fleet.outcome, outcome.model?.state != calm.state {
            report.violations.append("the model is not that of a calm world")
        }
        return end(fleet, report)
    }

    /// Has a trainer ask for jobs, and another that is killed now and then.
    ///
    /// - Throws: `GraphError`, for a graph that is none.
    package func ask(jobs: Int) throws -> Report {
        let fleet = begin()
        try fleet.ask(jobs: jobs)
        try fleet.startGuest()
        var report = watch(fleet) { fleet.asker?.isDone == true }
        fleet.dismissGuest()
        if let asker = fleet.asker {
            for (number, count) in asker.answers.enumerated() where count != 1 {
                report.violations.append("job \(number) was answered \(count) times")
            }
        }
        report.violations += fleet.faults
        if report.violations.isEmpty { report.violations += leftovers(of: fleet, after: report.faults) }
        return end(fleet, report)
    }

    private func begin() -> SimulatedFleet {
        let fleet = SimulatedFleet(seed: seed, shards: shards)
        fleet.world.usualLine = line
        if let letters {
            fleet.referee.tell = { letters("\(fleet.world.now / 1_000_000) ms: \($0)") }
        }
        fleet.startBroker()
        for number in 0..<fleet.workerCount { fleet.startWorker(number) }
        return fleet
    }

    /// Lets things happen until all is done, and all that went wrong has come right.
    private func watch(_ fleet: SimulatedFleet, until isDone: () -> Bool) -> Report {
        var report = Report()
        report.faults = plan(fleet)
        var checkedAt: Int64 = 0
        let isOver = fleet.world.run(
            until: {
                if fleet.world.now - checkedAt > Course.checkNanoseconds {
                    checkedAt = fleet.world.now
                    check(fleet, &report)
                }
                return isDone()
            }, withinNanoseconds: Course.patienceMilliseconds * 1_000_000)
        report.milliseconds = fleet.world.now / 1_000_000
        if !isOver {
            report.violations.append("it has not ended in \(Course.patienceMilliseconds / 1_000) s")
        }
        return report
    }

    /// What must hold at any time.
    private func check(_ fleet: SimulatedFleet, _ report: inout Report) {
        guard let broker = fleet.brokerStatistics, broker.waitingBytes > Course.waitingByteCountMaximum else {
            return
        }
        let text = "\(broker.waitingBytes) bytes wait at the broker"
        if !report.violations.contains(where: { $0.hasSuffix("bytes wait at the broker") }) {
            report.violations.append(text)
        }
    }

    /// What nobody needs any more, and is there all the same, when all is answered and calm for a while.
    private func leftovers(
        of fleet: SimulatedFleet, after faults: [(milliseconds: Int64, fault: Fault)]
    ) -> [String] {
        let last = faults.map { $0.milliseconds + $0.fault.milliseconds }.max() ?? 0
        fleet.world.run(nanoseconds: max(0, last * 1_000_000 - fleet.world.now) + Course.calmNanoseconds)
        guard let broker = fleet.brokerStatistics else { return ["there is no broker"] }
        var left: [String] = []
        if broker.jobs.total > 0 { left.append("\(broker.jobs) are open at the broker, and nobody asks") }
        if broker.waitingBytes + broker.keptBytes + broker.flows > 0 {
            left.append(
                "\(broker.waitingBytes) bytes wait, \(broker.keptBytes) are kept, \(broker.flows) flows are open, "
                    + "for nobody"
            )
        }
        if broker.workers.ready != fleet.workerCount { left.append("workers are \(broker.workers)") }
        if broker.trainers.total != 1 { left.append("trainers are \(broker.trainers)") }
        let holdings = fleet.workerHoldings()
        if holdings.contains(where: { $0 > 0 }) {
            left.append("workers hold \(holdings) jobs and answers, for nobody")
        }
        return left
    }

    private func end(_ fleet: SimulatedFleet, _ report: Report) -> Report {
        var report = report
        report.violations += fleet.referee.violations
        report.slowestHeartbeat = fleet.referee.slowestHeartbeat / 1_000_000
        report.trace = fleet.world.trace
        fleet.end()
        return report
    }

    private func plan(_ fleet: SimulatedFleet) -> [(milliseconds: Int64, fault: Fault)] {
        var randomness = SimulatedRandomness(seed: seed ^ 0xFA17)
        var milliseconds: Int64 = 0
        return (0..<faultCount).map { _ in
            milliseconds += .random(in: 0..<800, using: &randomness)
            let fault = Fault.random(workerCount: fleet.workerCount, using: &randomness)
            fleet.world.schedule(afterNanoseconds: milliseconds * 1_000_000) { fleet.suffer(fault) }
            return (milliseconds, fault)
        }
    }
}
