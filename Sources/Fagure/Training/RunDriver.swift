import Federation
import Jobs
import Protocol
import Tensor

/// A run under way: does what `TrainingMachine` decides, and tells it what came of it.
///
/// One task owns it; jobs and evaluations are child tasks whose ends come back as inputs. An evaluation runs while the next
/// round trains, but reports leave in the order of rounds.
struct RunDriver {
    /// What can come in.
    enum Input: Sendable {
        case session(SessionEvent)
        case tick
        case progress(round: Int, shard: Int, Double)
        case statistics(shard: Int, Statistics)
        case update(Update)
        case failure(shard: Int, Failure)
        case judged(epoch: Int, Result<Metrics?, Failure>)
    }

    let configuration: TrainingConfiguration
    let session: Session
    let strategy: any Strategy
    let testData: TestData
    let inbox: AsyncStream<Input>.Continuation
    let report: @Sendable (RunEvent) -> Void
    let clock = ContinuousClock()

    private var machine: TrainingMachine
    private let began: ContinuousClock.Instant
    private var catalogue = Catalogue()
    private var end: RunOutcome.End?

    // What is known once the data set is.
    private var lesson: Lesson?
    private var state = StrategyState(model: ModelState(parameters: []))
    private var scaling: Scaling?

    // The round.
    private var round = Round()
    private var statistics: [Int: Statistics] = [:]
    private var trainingBegan: ContinuousClock.Instant?

    // Reports.
    private var drafts: [EpochReport] = []
    private var judged: [Int: Metrics?] = [:]
    private var last: EpochReport?
    private var reportedBytes = SessionStatistics()

    init(
        _ configuration: TrainingConfiguration, session: Session, strategy: any Strategy, testData: TestData,
        inbox: AsyncStream<Input>.Continuation, report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.configuration = configuration
        self.session = session
        self.strategy = strategy
        self.testData = testData
        self.inbox = inbox
        self.report = report
        began = clock.now
        machine = TrainingMachine(
            dataset: configuration.dataset, epochs: configuration.epochs, workersMin: configuration.workersMin, now: 0)
    }

    /// Whether nothing more is to be waited for.
    var isOver: Bool {
        switch end {
        case nil: false
        case .failed: true
        default: drafts.isEmpty
        }
    }

    /// How the run ended and what is left; without an end of its own it was interrupted.
    mutating func outcome() async -> RunOutcome {
        for draft in drafts { emit(draft) }
        drafts.removeAll()
        let bytes = await session.statistics
        let end = end ?? .interrupted
        let summary = RunSummary(
            epochs: state.model.version, end: end.name, last: last,
            seconds: trainingBegan.map { seconds(since: $0) } ?? 0, bytesSent: bytes.bytesSent,
            bytesReceived: bytes.bytesReceived)
        return RunOutcome(end: end, model: trained, summary: summary)
    }

    private var trained: TrainedModel? {
        guard let lesson, let scaling, state.model.version > 0 else { return nil }
        return TrainedModel(task: lesson.task, kind: configuration.model, state: state.model, scaling: scaling)
    }

    // MARK: Inputs

    /// Takes what came in.
    mutating func take(_ input: Input, in group: inout DiscardingTaskGroup) async {
        switch input {
        case .session(let event):
            await take(event, in: &group)
        case .tick:
            await handle(.tick, in: &group)
        case .progress(let number, let shard, let fraction):
            guard number == machine.round, number > 0, round.isOpen else { return }
            round.fractions[shard] = fraction
            report(.progress(epoch: number, fraction: round.fraction))
        case .statistics(let shard, let statistics):
            self.statistics[shard] = statistics
            await handle(.answered(shard: shard), in: &group)
        case .update(let update):
            await take(update, in: &group)
        case .failure(let shard, let failure):
            await handle(.failed(shard: shard, failure), in: &group)
        case .judged(let epoch, let result):
            judge(epoch, result)
        }
    }

    private mutating func take(_ event: SessionEvent, in group: inout DiscardingTaskGroup) async {
        switch event {
        case .catalogue(let catalogue):
            self.catalogue = catalogue
            await handle(.catalogue(catalogue), in: &group)
        case .workerJoined(let worker):
            report(.workerJoined(name: worker.name, shards: worker.shards.map { "\($0.reference)" }))
        case .workerLeft(let name):
            report(.workerLeft(name: name))
        case .brokerLost(let reason):
            report(.brokerLost(reason: reason))
            await handle(.brokerLost, in: &group)
        case .brokerReturned(let isNewRun):
            report(.brokerReturned)
            await handle(.brokerReturned(isNewRun: isNewRun), in: &group)
        case .ended(let failure):
            await handle(.sessionEnded(failure), in: &group)
        }
    }

    private mutating func take(_ update: Update, in group: inout DiscardingTaskGroup) async {
        do throws(FederationError) {
            try round.fold?.accumulate(update)
            round.fractions[update.shard] = 1
            report(.progress(epoch: machine.round, fraction: round.fraction))
            await handle(.answered(shard: update.shard), in: &group)
        } catch {
            fail(.federation(error))
        }
    }

    // MARK: The machine

    private mutating func handle(_ event: TrainingMachine.Event, in group: inout DiscardingTaskGroup) async {
        var events = [event]
        while let next = events.first, end == nil {
            events.removeFirst()
            let now = Int64(seconds(since: began) * 1_000)
            for action in machine.handle(next, at: now) where end == nil {
                do throws(RunError) {
                    events += try await perform(action, in: &group)
                } catch {
                    fail(error)
                }
            }
        }
    }

    /// Does what the machine decided, and says what came of it at once.
    private mutating func perform(
        _ action: TrainingMachine.Action, in group: inout DiscardingTaskGroup
    ) async throws(RunError) -> [TrainingMachine.Event] {
        switch action {
        case .select(let dataset):
            let lesson = try Lesson(dataset, configuration)
            self.lesson = lesson
            state = strategy.initialState(ModelState(lesson.model))
            return []
        case .start(let number, let shards, let workers):
            return try await start(number, shards, workers, in: &group)
        case .leaveOut(let shard, let failure):
            do throws(FederationError) { try round.fold?.leaveOut(shard: shard.index) } catch { throw .federation(error) }
            report(.shardLeftOut(epoch: machine.round, shard: "\(shard)", reason: "\(failure)"))
            return []
        case .finish(let number):
            return try await finish(number, in: &group)
        case .abandon:
            round = Round()
            statistics.removeAll()
            return []
        case .wait(let text):
            report(.waiting(text))
            return []
        case .notice(let text):
            report(.notice(text))
            return []
        case .end(let reason):
            end = RunOutcome.End(reason)
            return []
        }
    }

    private mutating func fail(_ error: RunError) { end = end ?? .failed(error) }

    // MARK: Rounds

    private mutating func start(
        _ number: Int, _ shards: [ShardReference], _ workers: Int, in group: inout DiscardingTaskGroup
    ) async throws(RunError) -> [TrainingMachine.Event] {
        guard let lesson else { return [] }
        round = Round(shards: shards, workers: workers, began: clock.now)
        if trainingBegan == nil {
            trainingBegan = round.began
            reportedBytes = await session.statistics
            report(.started(lesson.start(configuration, shards: shards, workers: workers, in: catalogue)))
        }
        guard number > 0 else { return try describe(shards, lesson, in: &group) }
        guard let scaling else { return [] }
        do throws(FederationError) {
            round.fold = try strategy.makeFold(of: shards.map(\.index), at: state)
        } catch {
            throw .federation(error)
        }
        let (session, inbox, model) = (session, inbox, state.model)
        for shard in shards {
            let seed = TrainingProgram.shuffleSeed(seed: configuration.seed, round: number, shard: shard.index)
            let job = lesson.training.job(for: shard, from: model, scaling: scaling, shuffleSeed: seed)
            group.addTask {
                do throws(Failure) {
                    let result = try await session.run(job) { progress in
                        inbox.yield(.progress(round: number, shard: shard.index, progress.fraction))
                    }
                    inbox.yield(
                        .update(
                            try lesson.training.update(
                                from: result, shard: shard.index, baseVersion: model.version)))
                } catch {
                    inbox.yield(.failure(shard: shard.index, error))
                }
            }
        }
        return []
    }

    /// Round 0: where the features lie and how far they spread.
    private mutating func describe(
        _ shards: [ShardReference], _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) throws(RunError) -> [TrainingMachine.Event] {
        guard configuration.standardizes else { return shards.map { .answered(shard: $0.index) } }
        let (session, inbox) = (session, inbox)
        for shard in shards {
            let job = lesson.statistics.job(for: shard)
            group.addTask {
                do throws(Failure) {
                    let result = try await session.run(job)
                    inbox.yield(
                        .statistics(shard: shard.index, try lesson.statistics.statistics(from: result)))
                } catch {
                    inbox.yield(.failure(shard: shard.index, error))
                }
            }
        }
        return []
    }

    private mutating func finish(
        _ number: Int, in group: inout DiscardingTaskGroup
    ) async throws(RunError) -> [TrainingMachine.Event] {
        guard let lesson else { return [] }
        guard number > 0 else {
            var sum = Statistics()
            for (_, statistics) in statistics.sorted(by: { $0.key < $1.key }) { sum += statistics }
            do throws(TensorError) {
                scaling = try configuration.standardizes
                    ? .standard(sum, for: lesson.task) : .plain(for: lesson.task)
            } catch {
                throw .graph(error)
            }
            return [.finished]
        }
        guard let fold = round.fold, let scaling else { return [] }
        let hasDiverged = !fold.metrics.isFinite && !configuration.allowsNaN
        if !hasDiverged {
            do throws(FederationError) { state = try fold.apply(to: state) } catch { throw .federation(error) }
        }
        drafts.append(await draft(number, fold))
        let asked = round.shards
        round = Round()
        guard !hasDiverged else {
            judge(number, .success(nil))
            return [.diverged]
        }
        let judge = Judge(
            lesson: lesson, session: session,
            shards: asked.filter { (catalogue.description(of: $0)?.heldOutRows ?? 0) > 0 })
        let (inbox, model, testData) = (inbox, state.model, testData)
        group.addTask {
            let table = await lesson.table(testData)
            inbox.yield(.judged(epoch: number, await judge.metrics(of: model, scaling, table)))
        }
        return [.finished]
    }

    // MARK: Reports

    private mutating func draft(_ number: Int, _ fold: any StrategyFold) async -> EpochReport {
        let bytes = await session.statistics
        defer { reportedBytes = bytes }
        return EpochReport(
            epoch: number, epochs: configuration.epochs, isClassification: lesson?.task.isClassification ?? false,
            training: fold.metrics, test: nil, seconds: seconds(since: round.began), shards: fold.shards.count,
            workers: round.workers, bytesSent: bytes.bytesSent - reportedBytes.bytesSent,
            bytesReceived: bytes.bytesReceived - reportedBytes.bytesReceived)
    }

    private mutating func judge(_ epoch: Int, _ result: Result<Metrics?, Failure>) {
        switch result {
        case .success(let metrics):
            judged[epoch] = .some(metrics)
        case .failure(let failure):
            report(.notice("epoch \(epoch) could not be judged: \(failure)"))
            judged[epoch] = .some(nil)
        }
        while let draft = drafts.first, let test = judged.removeValue(forKey: draft.epoch) {
            drafts.removeFirst()
            emit(draft.judged(test))
        }
    }

    private mutating func emit(_ epoch: EpochReport) {
        last = epoch
        report(.epoch(epoch))
    }

    private func seconds(since instant: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (clock.now - instant).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

/// A round under way.
private struct Round {
    var shards: [ShardReference] = []
    var workers = 0
    var began = ContinuousClock.now
    var fold: (any StrategyFold)?
    /// How far each shard has come.
    var fractions: [Int: Double] = [:]

    var isOpen: Bool { !shards.isEmpty }

    /// How far the round has come.
    var fraction: Double {
        shards.isEmpty ? 0 : shards.reduce(0) { $0 + (fractions[$1.index] ?? 0) } / Double(shards.count)
    }
}

extension JobProgress {
    /// From 0 to 1.
    fileprivate var fraction: Double { batchesTotal == 0 ? 1 : min(1, Double(batchesDone) / Double(batchesTotal)) }
}
