import BrokerKit
import Datasets
import Federation
import Protocol
import Tensor
import TestSupport
import Testing
import WorkerKit
import ZMQ

@testable import Fagure

@Suite("Training runs", .timeLimit(.minutes(2)))
struct TrainingRunTests {
    private func configuration(epochs: Int = 4, hidden: [Int] = [32]) -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.rounds = epochs
        configuration.model = .mlp(hidden: hidden)
        configuration.seed = 7
        return configuration
    }

    @Test("digits in four shards are learned, judged by the trainer's own test rows")
    func learns() async throws {
        let house = try await House(House.shards(.load(named: "digits"), count: 4, workers: 2))
        let session = try await house.session()
        let log = EventLog()
        let outcome = await TrainingRun(configuration(epochs: 6), session: session).run { log.add($0) }
        #expect(outcome.end == .finished)
        #expect(outcome.model?.state.version == 6)
        let epochs = log.epochs
        #expect(epochs.map(\.epoch) == Array(1...6))
        #expect(
            epochs.allSatisfy {
                $0.shards == 4 && $0.workers == 2 && $0.bytesSent > 0 && $0.bytesReceived > 0
            })
        #expect(epochs.allSatisfy { $0.training.examples == 1_438 && $0.test?.examples == 359 })
        #expect(try #require(epochs.last?.test?.accuracy) > 0.85)
        #expect(outcome.summary.last == epochs.last)
        guard
            case .started(let start)? = log.all.first(where: { if case .started = $0 { true } else { false } }
            )
        else {
            return #expect(Bool(false), "the run never said that it began")
        }
        #expect(start.examples == 1_438 && start.shards == 4 && start.parameterCount == 64 * 32 + 32 + 330)
        await session.close()
        await house.close()
    }

    @Test("held-out rows at the workers give the same numbers as the trainer's test rows")
    func heldOut() async throws {
        let dataset = try Dataset.load(named: "digits")
        let house = try await House(House.shards(dataset, count: 3, workers: 3))
        let session = try await house.session()
        let configuration = configuration(epochs: 1)
        var tests: [Metrics?] = []
        for testData in [TestData.heldOut, .table(try #require(dataset.test))] {
            let run = TrainingRun(configuration, session: session, testData: testData)
            tests.append(await run.run().summary.last?.test)
        }
        let (remote, local) = (try #require(tests[0]), try #require(tests[1]))
        #expect(remote.examples == 359 && remote.correct == local.correct)
        #expect(abs(remote.loss - local.loss) < 1e-3)
        await session.close()
        await house.close()
    }

    @Test("the same four shards at one, two or four workers give the same bytes")
    func sameBytes() async throws {
        let dataset = try Dataset.load(named: "digits")
        var files: Set<[UInt8]> = []
        for workers in [1, 2, 4] {
            let house = try await House(House.shards(dataset, count: 4, workers: workers))
            let session = try await house.session()
            var configuration = configuration(epochs: 3)
            configuration.training.optimizer = SGDRule(momentum: 0.5)
            let outcome = await TrainingRun(configuration, session: session).run()
            files.insert(try #require(outcome.model).file.encoded())
            await session.close()
            await house.close()
        }
        #expect(files.count == 1)
    }

    @Test("without patience a worker that leaves takes its shard with it, and the run goes on")
    func workerLeaves() async throws {
        var configuration = configuration(epochs: 100_000, hidden: [8])
        configuration.patience = .zero
        let house = try await House(House.shards(.load(named: "digits"), count: 2, workers: 2))
        let session = try await house.session()
        let log = EventLog()
        let (reports, sender) = AsyncStream.makeStream(of: EpochReport.self)
        let run = Task {
            await TrainingRun(configuration, session: session).run { event in
                log.add(event)
                if case .epoch(let report) = event { sender.yield(report) }
            }
        }
        var hasLeft = false
        for await report in reports {
            if !hasLeft { await house.workers[1].stop(reason: "leaves") }
            hasLeft = true
            if report.shards == 1 { break }
        }
        run.cancel()
        let outcome = await run.value
        #expect(outcome.end == .interrupted)
        #expect(log.epochs.first?.shards == 2 && log.epochs.last?.shards == 1)
        #expect(log.all.contains(.workerLeft(name: "worker-1")))
        #expect(try #require(outcome.model).state.version == log.epochs.count)
        await session.close()
        await house.close()
    }

    @Test("a broker that restarts in the middle does not end the run, nor change a bit of it")
    func brokerRestarts() async throws {
        let dataset = try Dataset.load(named: "digits")
        // Rounds long enough that the broker goes in the middle of one.
        var configuration = configuration(epochs: 12, hidden: [8])
        configuration.training.batchSize = 1
        configuration.training.learningRate = 0.01
        configuration.training.localEpochs = 10
        let calm = try await House(House.shards(dataset, count: 2, workers: 2))
        let calmSession = try await calm.session()
        let expected = await TrainingRun(configuration, session: calmSession).run()
        await calmSession.close()
        await calm.close()

        let house = try await House(
            House.shards(dataset, count: 2, workers: 2), endpoint: "tcp://127.0.0.1:0")
        let session = try await house.session()
        let log = EventLog()
        let (epochs, sender) = AsyncStream.makeStream(of: Int.self)
        let run = Task { [configuration] in
            defer { sender.finish() }
            return await TrainingRun(configuration, session: session).run { event in
                log.add(event)
                if case .epoch(let report) = event { sender.yield(report.round) }
            }
        }
        var second: BrokerShell?
        for await epoch in epochs where epoch == 2 {
            await house.broker.stop(reason: "restart")
            let broker = BrokerShell(endpoint: house.endpoint, loop: house.loop, logger: .silent)
            var isListening = false
            // The first broker's port is free when libzmq's own thread has closed it.
            while !isListening {
                do {
                    _ = try await broker.start()
                    isListening = true
                } catch {
                    try #require(error.code == .addressInUse)
                }
            }
            second = broker
        }
        let outcome = await run.value
        #expect(outcome.end == .finished)
        #expect(log.all.contains(.brokerReturned))
        #expect(log.epochs.count == 12)
        #expect(log.epochs.allSatisfy { $0.shards == 2 })
        #expect(try #require(outcome.model).state == #require(expected.model).state)
        await session.close()
        await second?.stop()
        await house.close()
    }

    @Test("a loss that is no number ends the run with the model before it, unless told otherwise")
    func diverges() async throws {
        let house = try await House(House.shards(Samples.dataset(), count: 1, workers: 1))
        let session = try await house.session()
        var configuration = TrainingConfiguration()
        configuration.model = .linear
        configuration.training.learningRate = 1e30
        configuration.training.localEpochs = 3
        let log = EventLog()
        let outcome = await TrainingRun(configuration, session: session, testData: .heldOut).run {
            log.add($0)
        }
        #expect(outcome.end == .diverged(round: 1))
        #expect(outcome.model == nil)
        #expect(log.epochs.map(\.training.isFinite) == [false])
        configuration.allowsNaN = true
        configuration.rounds = 2
        let stubborn = await TrainingRun(configuration, session: session, testData: .heldOut).run()
        #expect(stubborn.end == .finished && stubborn.summary.rounds == 2 && stubborn.summary.epochs == 6)
        await session.close()
        await house.close()
    }

    @Test("regression learns, and reports losses in place of accuracies")
    func regression() async throws {
        let house = try await House(House.shards(Samples.dataset(), count: 1, workers: 1))
        let session = try await house.session()
        var configuration = TrainingConfiguration()
        configuration.model = .linear
        configuration.rounds = 50
        let log = EventLog()
        let outcome = await TrainingRun(configuration, session: session, testData: .heldOut).run {
            log.add($0)
        }
        let last = try #require(outcome.summary.last)
        #expect(!last.isClassification && last.training.accuracy == nil)
        #expect(try #require(last.test?.meanLoss) < 0.1)
        #expect(try #require(log.epochs.first?.training.meanLoss) > 1)
        await session.close()
        await house.close()
    }

    @Test("what cannot be trained ends the run with its reason")
    func impossible() async throws {
        let house = try await House(House.shards(Samples.dataset(), count: 1, workers: 1))
        let session = try await house.session()
        var unknown = TrainingConfiguration()
        unknown.dataset = "moons"
        #expect(
            await TrainingRun(unknown, session: session).run().end
                == .failed(.unknownDataset(name: "moons", known: ["data"])))
        var logistic = TrainingConfiguration()
        logistic.model = .logistic
        #expect(
            await TrainingRun(logistic, session: session).run().end
                == .failed(.model(.needsClasses(model: "logistic", dataset: "data", label: "y"))))
        await session.close()
        let closed = await TrainingRun(TrainingConfiguration(), session: session).run()
        #expect(closed.end == .failed(.session(Failure(.cancelled, "the session was closed"))))
        await house.close()
    }

    @Test("a run that waits says for whom, and cancelling ends it")
    func waits() async throws {
        let house = try await House([])
        let session = try await house.session()
        let (events, sender) = AsyncStream.makeStream(of: RunEvent.self)
        let run = Task {
            await TrainingRun(TrainingConfiguration(), session: session).run { sender.yield($0) }
        }
        for await event in events {
            guard case .waiting(let text) = event else { continue }
            #expect(text.hasPrefix("waiting for 1 worker, 0 present, "))
            break
        }
        run.cancel()
        let outcome = await run.value
        #expect(outcome.end == .interrupted && outcome.model == nil && outcome.summary.epochs == 0)
        await session.close()
        await house.close()
    }

    @Test("the model's file says what is needed to use it")
    func modelFile() async throws {
        let house = try await House(House.shards(Samples.dataset(classes: true), count: 2, workers: 1))
        let session = try await house.session()
        let outcome = await TrainingRun(
            configuration(epochs: 1, hidden: [3]), session: session, testData: .heldOut
        ).run()
        let file = try #require(outcome.model).file
        #expect(
            Set(file.tensors.keys) == [
                "0.weight", "0.bias", "2.weight", "2.bias", "input.mean", "input.scale",
            ])
        #expect(try file.names("classes") == ["a", "b", "c"] && file.metadata["model"] == "mlp (3)")
        #expect(file.metadata["dataset"] == "data" && file.metadata["label"] == "y")
        await session.close()
        await house.close()
    }
}
