import ArgumentParser
import Console
import Datasets
import Fagure
import Keys
import Protocol
import Tensor

/// `trainer train`, or just `trainer`.
struct Train: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a model on the shards of the workers a broker knows (the default).",
        discussion: """
            In each epoch every shard present learns from the model, and the results are averaged, \
            weighted by examples. Workers may come and go. The same seed and shards give the same bits, \
            however many workers serve them.

            Every flag has a twin in the environment, FAGURE_ and its name: --batch-size is \
            FAGURE_BATCH_SIZE. A flag wins. Results go to standard output, news to standard error. \
            Ctrl-C ends the run in order: what there is, is written; a second one ends it at once. Exit \
            codes: 0 done, 1 the loss is no number or a worker could not do its job, 64 wrong usage, 65 \
            bad data, or a run in --output already, 69 broker not reached within --timeout, 71 `ulimit` gives \
            less than is needed, 74 results that could not be written, 77 refused, 130 and 143 ended by SIGINT \
            and SIGTERM. A closed terminal or a full disk behind standard output does not end a run.
            """)

    @OptionGroup var flags: TrainFlags

    func run() async throws {
        let settings: TrainSettings
        do {
            settings = try TrainSettings(flags)
        } catch let error as DatasetError {
            if case .invalidPartition = error { throw ValidationError("\(error)") }
            // A schema that cannot be read is bad data, as it is to a worker.
            Program.complain("trainer", "\(error)")
            throw ExitCode(ExitStatus.badData.rawValue)
        } catch let error as KeyError {
            Program.complain("trainer", error.description)
            throw ExitCode(ExitStatus(error).rawValue)
        } catch {
            throw ValidationError("\(error)")
        }
        if let workers = settings.embedded {
            Needs.computing(threads: workers, workers: workers).require(of: "trainer")
        }
        do throws(ProcessorError) {
            if let bits = settings.portableBits { try Processor.pin(to: bits) }
        } catch {
            Program.complain("trainer", "\(error)")
            throw ExitCode(ExitStatus.limited.rawValue)
        }
        let (requests, source) = AsyncStream.makeStream(of: Signals.Request.self)
        let signals = Signals { source.yield($0) }
        let work = Task { await Train.status(settings) }
        let watch = Task {
            for await request in requests {
                work.cancel()
                return Optional(request)
            }
            return nil
        }
        var status = await work.value
        source.finish()
        if let request = await watch.value, status != .done { status = request.status }
        withExtendedLifetime(signals) {}
        // Workers of this process that were stopped may still be in the middle of a job.
        guard status == .done else { status.leave() }
    }

    /// Does the run and says how the program ends.
    private static func status(_ settings: TrainSettings) async -> ExitStatus {
        let output: RunOutput
        do {
            output = try RunOutput(settings)
        } catch {
            say(error, endpoint: settings.outsideBroker)
            return ExitStatus(error)
        }
        let status: ExitStatus
        do {
            status = try await run(settings, output)
            output.close()
        } catch {
            // Before the bar's line is used for another.
            output.close()
            say(error, endpoint: settings.outsideBroker)
            return ExitStatus(error)
        }
        guard status == .done, settings.output == nil, StandardStream.output.hasLost else { return status }
        Program.complain("trainer", lostOutput)
        return .outputLost
    }

    private static func run(_ settings: TrainSettings, _ output: RunOutput) async throws -> ExitStatus {
        guard let workers = settings.embedded else {
            let session = try await Session.connect(
                settings.broker, credentials: settings.key?.credentials,
                name: settings.key?.membership.name ?? "trainer", timeout: settings.timeout,
                notice: { output.notice($0) })
            let testData = settings.testData(otherwise: .builtIn(folder: settings.dataFolder)) {
                output.notice($0)
            }
            return try await train(settings, session, testData, output)
        }
        let dataset = try settings.dataset()
        let session = try await Session.embedded(notice: { output.notice($0) })
        do {
            for index in 0..<workers {
                let shard = try dataset.shard(index, of: workers, partition: settings.partition)
                try await session.addWorker(
                    "worker-\(index)", shards: [shard], tags: [dataset.name: dataset.tags],
                    publicDatasets: [dataset.name])
            }
            return try await train(
                settings, session,
                settings.testData(otherwise: dataset.test.map { .table($0) } ?? .heldOut) {
                    output.notice($0)
                }, output)
        } catch {
            await session.close()
            throw error
        }
    }

    private static func train(
        _ settings: TrainSettings, _ session: Session, _ testData: TestData, _ output: RunOutput
    ) async throws -> ExitStatus {
        var configuration = settings.configuration
        if let workers = settings.embedded { configuration.workersMin = workers }
        let outcome = await TrainingRun(configuration, session: session, testData: testData).run {
            output.take($0)
        }
        await session.close()
        let lost = output.finish(outcome)
        switch outcome.end {
        case .finished:
            return lost ? .outputLost : .done
        case .interrupted:
            return .interrupted
        case .diverged(let round):
            throw SettingFault(
                "the loss of round \(round) is NaN or infinite: "
                    + "try a smaller --learning-rate, or --allow-nan to go on"
            )
        case .failed(let error):
            throw error
        }
    }

    /// What is said where nobody has the results.
    static var lostOutput: String {
        let reason = StandardStream.output.fault.map { "\($0)" } ?? "unknown error"
        return "results could not be written to standard output: \(reason)"
    }

    /// Says why the program ends.
    ///
    /// - Parameter endpoint: Where a broker might be started; `nil` where it is in this process.
    static func say(_ error: any Error, endpoint: String?) {
        let failure = error as? Failure
        if failure?.code == .cancelled { return }
        let isUnreachable = failure?.code == .brokerUnreachable
        let advice = isUnreachable ? endpoint.map { ": \(Program.adviceWithoutBroker(at: $0))" } ?? "" : ""
        Program.complain("trainer", "\(error)\(advice)")
    }
}

extension TrainSettings {
    /// The data set to be shared out here.
    func dataset() throws(DatasetError) -> Dataset {
        switch source {
        case .named(let name, let folder):
            try Dataset.load(named: name ?? Dataset.BuiltIn.digits.rawValue, folder: folder)
        case .file(let file, let schema):
            try Dataset.load(file: file, schema: schema)
        }
    }

    /// Where the broker is, unless it is in this process.
    var outsideBroker: String? { embedded == nil ? broker : nil }

    /// What to judge models by: the file asked for, else what is known without one.
    ///
    /// What a site's schema ignores does not travel, so columns that are no feature are passed over.
    ///
    /// - Parameter notice: Hears what was passed over or dropped.
    func testData(otherwise known: TestData, notice: @escaping @Sendable (String) -> Void) -> TestData {
        guard let test else { return known }
        let ignored = schema.map { $0.ignore + ($0.test.by.map { [$0] } ?? []) } ?? []
        return .file(path: test) { (dataset) throws(DatasetError) in
            let schema = try DataSchema(describing: dataset)
            let columns = Set(schema.columnNames)
            let rows = try Dataset.table(
                file: DataFile(test),
                schema: schema.replacing(ignore: Array(Set(ignored).subtracting(columns)).sorted()),
                passesOverOthers: true)
            for text in rows.notices { notice("\(test): \(text)") }
            return rows.table
        }
    }

    /// The folder of a built-in data set that is read from files.
    var dataFolder: String? { if case .named(_, let folder) = source { folder } else { nil } }
}

extension ExitStatus {
    /// The status a program ends with because of an error.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self.init(failure)
        case let error as RunError: self.init(error)
        case is DatasetError, is TensorError: self = .badData
        default: self = .failed
        }
    }

    private init(_ failure: Failure) {
        switch failure.code {
        case .brokerUnreachable: self = .unreachable
        case .versionUnsupported, .notPermitted: self = .refused
        case .cancelled: self = .interrupted
        default: self = .failed
        }
    }

    private init(_ error: RunError) {
        switch error {
        case .unknownDataset, .disagreement, .testData, .model, .graph: self = .badData
        case .ambiguousDataset: self = .usage
        case .job(_, let failure), .session(let failure): self.init(failure)
        case .federation, .incomplete: self = .failed
        case .waited: self = .unreachable
        }
    }
}
