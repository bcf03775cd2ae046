import ArgumentParser
import Console
import Datasets
import Keys
import Logging
import Protocol
import Tensor
import WorkerKit
import ZMQ

/// `worker`, or `worker serve`: loads its shards, registers them with a broker, and runs jobs beside the data until
/// told to end.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract:
            "Serves shards: jobs come to the data, and sums over its rows leave (the default).",
        discussion: """
            What leaves is judged before anything is computed: losses and gradients of models, counts of right \
            answers and statistics, each over at least --release-rows-min rows. It is a fence against asking \
            for rows, not against a trainer who compares two answers or designs a program to learn of one: serve to \
            trainers you know.

            Without --dataset and --data it has no data of its own, and keeps the tensors and models trainers \
            send to it.

            Every flag has a twin in the environment, FAGURE_ and its name: --log-level is FAGURE_LOG_LEVEL. \
            A flag wins.

            Prints a line for each shard it serves, and "worker <name> registered with <endpoint>" each time \
            the broker welcomes it. SIGTERM drains: what waits is handed back, what runs is finished, then the \
            program ends with 0; so does the end of --lifetime. Ctrl-C ends it with 130, a second signal at once. \
            Other exit codes: 64 wrong usage, 65 bad data, 69 broker not reached within --timeout, 71 `ulimit` \
            gives less than it needs, 77 refused by the broker. A closed terminal or a full disk behind its output \
            does not end it.
            """)

    @OptionGroup var flags: Flags

    @OptionGroup var runFlags: RunFlags

    func run() async throws {
        let settings: Settings
        do {
            settings = try Settings(flags, runFlags)
        } catch let error as KeyError {
            throw failure(error.description, ExitStatus(error))
        } catch {
            throw ValidationError("\(error)")
        }
        Needs.computing(threads: settings.slots).require(of: "worker")
        do throws(ProcessorError) {
            if let bits = settings.portableBits { try Processor.pin(to: bits) }
        } catch {
            throw failure("\(error)", .limited)
        }
        let configuration = try settings.load()
        for shard in configuration.shards { say("worker \(settings.name) serves \(shard.summary)") }
        if configuration.shards.isEmpty { say("worker \(settings.name) has no data of its own") }
        let logger = ConsoleLog.logger("worker", level: settings.logLevel)
        for text in configuration.tooSmall { logger.warning("\(text)") }
        for text in configuration.tooFewHeldOut { logger.info("\(text)") }
        try await serve(configuration, settings)
    }

    private func serve(_ configuration: WorkerConfiguration, _ settings: Settings) async throws {
        let name = settings.name
        let loop: Loop
        do {
            loop = try Loop(name: "worker")
        } catch {
            throw failure("\(error)", .limited)
        }
        let shell = WorkerShell(
            configuration: configuration, loop: loop,
            logger: ConsoleLog.logger("worker", level: settings.logLevel)
        ) { notice in
            if case .registered(let endpoint) = notice { say("worker \(name) registered with \(endpoint)") }
        }
        let (requests, source) = AsyncStream.makeStream(of: Signals.Request.self)
        let signals = Signals { source.yield($0) }
        async let request = obey(requests, shell)
        do {
            try await shell.start()
        } catch {
            throw failure("\(error)", error.code.isOfExhaustion ? .limited : .usage)
        }
        let outcome = await result(of: shell)
        source.finish()
        await loop.shutdown(lingerMilliseconds: 2_000)
        withExtendedLifetime(signals) {}
        let asked = await request
        if asked == .interrupt { ExitStatus.interrupted.leave() }
        if case .failure(let reason) = outcome {
            throw failure(of: reason, at: settings.broker)
        }
        // A job that was given more time than it had may still run.
        ExitStatus.done.leave()
    }

    /// Does what the first signal asks for; a second one ends the process without asking here.
    private func obey(
        _ requests: AsyncStream<Signals.Request>, _ shell: WorkerShell
    ) async -> Signals.Request? {
        for await request in requests {
            switch request {
            case .interrupt: await shell.stop(reason: "interrupted")
            case .terminate: await shell.drain()
            }
            return request
        }
        return nil
    }

    private func result(of shell: WorkerShell) async -> Result<Void, Failure> {
        do throws(Failure) {
            return .success(try await shell.waitUntilDone())
        } catch {
            return .failure(error)
        }
    }
}

/// Writes a line to standard output at once, whatever is behind it: scripts wait for some of them.
func say(_ line: String) {
    StandardStream.output.line(line)
}

/// Says why the program ends, and gives the code to end with.
func failure(_ reason: String, _ status: ExitStatus) -> ExitCode {
    Program.complain("worker", reason)
    return ExitCode(status.rawValue)
}

/// Says why a worker is not served, and what to do where no broker answered.
func failure(of reason: Failure, at endpoint: String) -> ExitCode {
    guard reason.code == .brokerUnreachable else { return failure(reason.message, .refused) }
    return failure("\(reason.message): \(Program.adviceWithoutBroker(at: endpoint))", .unreachable)
}

/// Ends a command whose results are what it prints, where somebody wanted them and they are lost.
func checkOutput() throws {
    guard StandardStream.output.hasLost else { return }
    let reason = StandardStream.output.fault.map { "\($0)" } ?? "unknown error"
    throw failure("results could not be written to standard output: \(reason)", .outputLost)
}

extension Settings {
    /// Reads the data set, if there is one, keeps the shards, lets go of the rest.
    func load() throws -> WorkerConfiguration {
        var configuration = WorkerConfiguration(
            name: name, endpoint: broker, shards: [], slots: slots,
            timeoutMilliseconds: timeoutMilliseconds,
            drainMilliseconds: drainMilliseconds,
            objectByteCountMaximum: objectByteCountMaximum,
            memoryByteCountMaximum: memoryByteCountMaximum,
            releaseRowsMinimum: releaseRowsMinimum)
        configuration.credentials = key?.credentials
        configuration.trainers = trainers
        configuration.lifetimeMilliseconds = lifetimeMilliseconds
        guard let source = source else { return configuration }
        do throws(DatasetError) {
            for dataset in try source.load(rowsMinimum: releaseRowsMinimum) {
                for notice in dataset.notices { say("data set \(dataset.name): \(notice)") }
                configuration.add(
                    try cut.shards(of: dataset), of: dataset, holdsPublic: isReleaseRowsMinimumGiven)
            }
        } catch {
            throw failure("\(error)", .badData)
        }
        return configuration
    }
}

extension WorkerConfiguration {
    /// Shards no run takes, for they have fewer rows to train on than anything that leaves must be about.
    var tooSmall: [String] {
        shards.compactMap { shard in
            let rows = shard.description.trainRows
            guard !publicDatasets.contains(shard.dataset), rows < releaseRowsMinimum else { return nil }
            return
                "no run takes \(shard.reference): \(rows) row\(rows == 1 ? "" : "s") to train on, and this "
                + "worker lets nothing out that is about fewer than \(releaseRowsMinimum)"
        }
    }

    /// Shards that train models and judge none, for they hold out fewer rows than anything that leaves must be about.
    var tooFewHeldOut: [String] {
        shards.compactMap { shard in
            let (rows, heldOut) = (shard.description.trainRows, shard.description.heldOutRows)
            guard !publicDatasets.contains(shard.dataset), rows >= releaseRowsMinimum,
                heldOut < releaseRowsMinimum
            else { return nil }
            return
                "\(shard.reference) trains models and judges none: \(heldOut) row\(heldOut == 1 ? "" : "s") held out, "
                + "and this worker lets nothing out that is about fewer than \(releaseRowsMinimum)"
        }
    }
}

extension Shard {
    /// Such as `patients of north: 480 rows to train, 120 held out`.
    var summary: String {
        let rows = description.trainRows
        return "\(description.reference): \(rows) row\(rows == 1 ? "" : "s") to train, "
            + "\(description.heldOutRows) held out"
    }
}
