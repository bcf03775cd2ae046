package import Datasets
package import Fagure
import ZMQ

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
    }

    /// What everything is drawn from.
    package let seed: UInt64
    /// The shards of each worker.
    package let shards: [[Shard]]
    /// How many things go wrong.
    package let faultCount: Int

    /// How long a world is watched, in milliseconds: far longer than all that goes wrong.
    private static let patienceMilliseconds: Int64 = 600_000

    /// Describes a course.
    package init(seed: UInt64, shards: [[Shard]], faultCount: Int) {
        self.seed = seed
        self.shards = shards
        self.faultCount = faultCount
    }

    /// Lets it happen.
    ///
    /// - Parameter calm: the model of a course in which nothing went wrong.
    package func run(_ configuration: TrainingConfiguration, calm: TrainedModel? = nil) -> Report {
        let fleet = SimulatedFleet(seed: seed, shards: shards)
        var report = Report()
        report.faults = plan(fleet)
        fleet.startBroker()
        for number in 0..<fleet.workerCount { fleet.startWorker(number) }
        fleet.train(configuration)
        let isOver = fleet.world.run(
            until: { fleet.outcome != nil }, withinNanoseconds: Course.patienceMilliseconds * 1_000_000)
        report.milliseconds = fleet.world.now / 1_000_000
        report.outcome = fleet.outcome
        report.events = fleet.events
        if !isOver {
            report.violations.append("the run has not ended in \(Course.patienceMilliseconds / 1_000) s")
        } else if fleet.outcome?.end != .finished {
            report.violations.append("the run ended otherwise: \(fleet.outcome.map { "\($0.end)" } ?? "")")
        } else if let calm, fleet.outcome?.model?.state != calm.state {
            report.violations.append("the model is not that of a calm world")
        }
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
