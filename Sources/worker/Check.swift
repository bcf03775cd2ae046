import ArgumentParser
import Console
import Datasets
import Keys
import Logging
import Protocol
import WorkerKit
import ZMQ

/// `worker check`: says what a worker with these flags would announce, and whether its broker answers; serves nothing.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads the data, shows what would be announced, looks for the broker; serves nothing.",
        discussion: """
            Takes the flags of serve. Ends with 65 for data that cannot be served or is of no use, because it has \
            fewer rows than --release-rows-min or the broker has something to say of it, 69 where no broker \
            answers, 74 where what was found could not be written.
            """)

    @OptionGroup var flags: Flags

    // Taken so that a worker's flags can be checked as they are; they change nothing here.
    @OptionGroup(visibility: .hidden) var runFlags: RunFlags

    func run() async throws {
        let settings: Settings
        do {
            settings = try Settings(flags, runFlags)
        } catch let error as KeyError {
            throw failure(error.description, ExitStatus(error))
        } catch {
            throw ValidationError("\(error)")
        }
        let configuration = try settings.load()
        for shard in configuration.shards {
            say("would serve \(shard.summary)")
            let described = DatasetDescription(shard.schema, name: shard.dataset)
            say("  schema \(described.schemaHash), missing cells: \(described.missing)")
            for column in described.columns { announce(column) }
        }
        if configuration.shards.isEmpty { say("would serve no data of its own") }
        let tooSmall = configuration.tooSmall
        for text in tooSmall + configuration.tooFewHeldOut { say(text) }
        let remarkCount = try await lookForBroker(settings, configuration.shards)
        try checkOutput()
        guard tooSmall.isEmpty, remarkCount == 0 else {
            throw failure("a run may find this of no use: what was printed says why", .badData)
        }
    }

    private func announce(_ column: ColumnDescription) {
        for feature in column.features { announce(feature) }
        guard column.features.isEmpty else { return }
        let rows = column.dimensions.isEmpty ? "" : " with rows of \(column.dimensions)"
        let kind =
            switch (column.role, column.classes.isEmpty) {
            case (.label, false): "one of \(column.classes.joined(separator: ", "))"
            case (.label, true): "a number"
            default: "a tensor\(rows)"
            }
        say("  \(column.role) \(column.name): \(kind)")
    }

    private func announce(_ feature: FeatureDescription) {
        let kind =
            switch feature.kind {
            case .number: feature.unit.isEmpty ? "a number" : "a number in \(feature.unit)"
            case .categories(let names): "one of \(names.joined(separator: ", "))"
            }
        say("  feature \(feature.name): \(kind)")
    }

    /// Registers for a moment without data, which tells that a broker answers and who else serves the same, and leaves.
    ///
    /// - Returns: How much the broker had to say of what would be served.
    private func lookForBroker(_ settings: Settings, _ shards: [Shard]) async throws -> Int {
        let loop = try Loop(name: "check")
        let (answers, source) = AsyncStream.makeStream(of: WorkerNotice.self)
        var configuration = WorkerConfiguration(
            name: settings.key == nil ? "\(settings.name) (check)" : settings.name, endpoint: settings.broker,
            shards: [],
            timeoutMilliseconds: settings.timeoutMilliseconds ?? 5_000, objectByteCountMaximum: 0)
        configuration.considered = shards
        configuration.credentials = settings.key?.credentials
        configuration.releaseRowsMinimum = settings.releaseRowsMinimum
        let shell = WorkerShell(
            configuration: configuration, loop: loop, logger: ConsoleLog.logger("worker", level: .error)
        ) { source.yield($0) }
        do {
            try await shell.start()
        } catch {
            throw failure("\(error)", .usage)
        }
        let watch = Task {
            var remarkCount = 0
            for await notice in answers {
                switch notice {
                case .remarked(let text):
                    remarkCount += 1
                    say("as the broker says, \(text)")
                case .registered(let endpoint):
                    say("a broker answers at \(endpoint)")
                    await shell.stop(reason: "only a check")
                    return remarkCount
                case .lost, .waiting: continue
                }
            }
            return remarkCount
        }
        var reason: Failure?
        do throws(Failure) { try await shell.waitUntilDone() } catch { reason = error }
        source.finish()
        let remarkCount = await watch.value
        await loop.shutdown(lingerMilliseconds: 2_000)
        guard let reason, reason.code != .cancelled else { return remarkCount }
        throw failure(of: reason, at: settings.broker)
    }
}
