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

    /// Watches what goes over the lines.
    let referee = Referee()
    /// The trainer that asks for jobs, once it does.
    private(set) var asker: Asker?
    /// What the broker's process is called.
    static let brokerName = "broker"

    private let endpoint = "tcp://10.0.0.1:5555"
    private let shards: [[Shard]]
    private var brokers: [BrokerShell] = []
    private var workers: [WorkerShell] = []
    private var sessions: [Session] = []
    /// What each worker said that it holds.
    private var counts: [Int: Int] = [:]
    private var guestLoop: SimulatedLoop?
    private var isClosed = false
    private var guestFaults: [String] = []
    private var guest: Asker?
    private let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    /// Puts a fleet into a world, a worker for each list of shards; nobody has started.
    package init(seed: UInt64, shards: [[Shard]]) {
        world = SimulatedWorld(seed: seed)
        self.shards = shards
        workerLoops = shards.map { _ in nil }
        trainerLoop = world.addLoop("trainer")
        referee.now = { [unowned world] in world.now }
        world.observe = { [referee] in referee.observe($0, $1) }
    }

    /// How many workers there are.
    package var workerCount: Int { shards.count }

    // MARK: Processes

    /// Starts the broker, if there is none.
    package func startBroker() {
        guard brokerLoop == nil else { return }
        let loop = world.addLoop(SimulatedFleet.brokerName)
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
            let session = try await connect(trainerLoop)
            outcome = await TrainingRun(configuration, session: session, testData: .heldOut).run {
                self.events.append($0)
            }
        }
    }

    /// Asks for so many jobs, from when the broker is found.
    package func ask(jobs: Int) throws {
        let asker = try Asker(on: trainerLoop, jobs: jobs, shards: references)
        self.asker = asker
        Task(executorPreference: trainerLoop.taskExecutor) {
            asker.ask(try await self.connect(self.trainerLoop))
        }
    }

    /// Starts another trainer, if it is not there, that asks for ever.
    package func startGuest() throws {
        guard guestLoop == nil, !isClosed else { return }
        let loop = world.addLoop("guest")
        let guest = try Asker(on: loop, jobs: 1_000_000, shards: references)
        (guestLoop, self.guest) = (loop, guest)
        Task(executorPreference: loop.taskExecutor) { guest.ask(try await self.connect(loop)) }
    }

    /// Kills the other trainer for good.
    func dismissGuest() {
        isClosed = true
        killGuest()
    }

    /// Whether the other trainer is there.
    var hasGuest: Bool { guestLoop != nil }

    /// Kills the other trainer.
    package func killGuest() {
        guest?.stop()
        guestLoop?.kill()
        guestFaults += guest?.faults ?? []
        (guestLoop, guest) = (nil, nil)
    }

    /// Wrong answers of all who ask.
    var faults: [String] { (asker?.faults ?? []) + guestFaults + (guest?.faults ?? []) }

    private var references: [ShardReference] {
        Set(shards.joined().map(\.reference)).sorted { $0.index < $1.index }
    }

    private func connect(_ loop: SimulatedLoop) async throws -> Session {
        let session = try await Session.connect(endpoint, timeout: nil, on: loop)
        sessions.append(session)
        return session
    }

    // MARK: What is there

    /// What the broker has; `nil` while there is none.
    var brokerStatistics: BrokerStatistics? { brokerLoop == nil ? nil : brokers.last?.statisticsNow }

    /// Has each worker that is there say how many jobs and answers it holds, within a second of the world.
    func workerHoldings() -> [Int] {
        counts.removeAll()
        for (number, loop) in workerLoops.enumerated() {
            guard let loop, let worker = workers.last(where: { $0.loop === loop }) else { continue }
            Task(executorPreference: loop.taskExecutor) { [self] in
                counts[number] = await worker.heldJobCount
            }
        }
        world.run(nanoseconds: 1_000_000_000)
        return counts.sorted { $0.key < $1.key }.map(\.value)
    }

    // MARK: The end

    /// Ends everything, the dead included, so that nobody waits for ever.
    package func end() {
        dismissGuest()
        asker?.stop()
        for loop in [trainerLoop, brokerLoop].compactMap(\.self) + workerLoops.compactMap(\.self) {
            loop.kill()
        }
        // What was killed does what it had left, one after the other, with nobody to hear it.
        world.buryAll()
        let (sessions, brokers, workers) = (sessions, brokers, workers)
        Task(executorPreference: trainerLoop.taskExecutor) {
            for session in sessions { await session.close() }
            for worker in workers { await worker.stop(reason: "the world ends") }
            for broker in brokers { await broker.stop() }
        }
        world.run(nanoseconds: 60_000_000_000)
    }
}
