import BrokerKit
package import Datasets
package import Fagure
import Logging
import Protocol
import Tensor
import WorkerKit
package import ZMQ

/// A broker, workers and a trainer in a simulated world: the machines, shells and links that ship.
///
/// Each process may be killed and started anew; a worker comes back with the same data, the trainer does not come back.
package final class SimulatedFleet: @unchecked Sendable {
    // Proof: one thread makes it and runs its world, in whose turns all it holds is touched.

    /// The world all live in.
    package let world: SimulatedWorld
    /// How the run ended, once it has.
    package private(set) var outcome: RunOutcome?
    /// What the run reported.
    package private(set) var events: [RunEvent] = []
    /// The broker's process; `nil` while there is none.
    package private(set) var brokerLoop: SimulatedLoop?
    /// The processes of workers, by number; `nil` while there is none.
    package private(set) var workerLoops: [SimulatedLoop?]
    /// The trainer's process.
    package let trainerLoop: SimulatedLoop

    private let endpoint = "tcp://10.0.0.1:5555"
    private let shards: [[Shard]]
    private var brokers: [BrokerShell] = []
    private var workers: [WorkerShell] = []
    private var session: Session?
    private let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    /// Puts a fleet into a world, a worker for each list of shards; nobody has started.
    package init(seed: UInt64, shards: [[Shard]]) {
        world = SimulatedWorld(seed: seed)
        self.shards = shards
        workerLoops = shards.map { _ in nil }
        trainerLoop = world.addLoop("trainer")
    }

    /// How many workers there are.
    package var workerCount: Int { shards.count }

    // MARK: Processes

    /// Starts the broker, if there is none.
    package func startBroker() {
        guard brokerLoop == nil else { return }
        let loop = world.addLoop("broker")
        let shell = BrokerShell(endpoint: endpoint, loop: loop, logger: logger)
        brokerLoop = loop
        brokers.append(shell)
        Task(executorPreference: loop.taskExecutor) { _ = try await shell.start() }
    }

    /// Starts a worker, if it is not there.
    package func startWorker(_ number: Int) {
        guard workerLoops[number] == nil else { return }
        let loop = world.addLoop("worker \(number)")
        var randomness = ReactorRandomness(loop)
        let configuration = WorkerConfiguration(
            name: "worker \(number)", endpoint: endpoint, shards: shards[number],
            publicDatasets: Set(shards[number].map(\.dataset)), session: .random(using: &randomness))
        let shell = WorkerShell(
            configuration: configuration, loop: loop, logger: logger, executor: SimulatedExecutor.maker)
        workerLoops[number] = loop
        workers.append(shell)
        Task(executorPreference: loop.taskExecutor) { try await shell.start() }
    }

    /// Kills the broker.
    package func killBroker() {
        brokerLoop?.kill()
        brokerLoop = nil
    }

    /// Kills a worker.
    package func killWorker(_ number: Int) {
        workerLoops[number]?.kill()
        workerLoops[number] = nil
    }

    /// Trains, from when the broker is found.
    package func train(_ configuration: TrainingConfiguration) {
        Task(executorPreference: trainerLoop.taskExecutor) { [self] in
            let session = try await Session.connect(endpoint, timeout: nil, on: trainerLoop)
            self.session = session
            outcome = await TrainingRun(configuration, session: session, testData: .heldOut).run {
                self.events.append($0)
            }
        }
    }

    // MARK: The end

    /// Ends everything, the dead included, so that nobody waits for ever.
    package func end() {
        for loop in [trainerLoop, brokerLoop].compactMap(\.self) + workerLoops.compactMap(\.self) {
            loop.kill()
        }
        // What was killed does what it had left, one after the other, with nobody to hear it.
        world.buryAll()
        let (session, brokers, workers) = (session, brokers, workers)
        Task(executorPreference: trainerLoop.taskExecutor) {
            await session?.close()
            for worker in workers { await worker.stop(reason: "the world ends") }
            for broker in brokers { await broker.stop() }
        }
        world.run(nanoseconds: 60_000_000_000)
    }
}
