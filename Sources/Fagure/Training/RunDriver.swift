import Federation
import Jobs
import Protocol
import Tensor

/// A run under way: does what `TrainingMachine` decides, and tells it what came of it.
///
/// One task owns it; jobs and evaluations are child tasks whose ends come back as inputs. An evaluation runs
/// while the next round trains, but reports leave in the order of rounds.
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
    var catalogue = Catalogue()
    private var end: RunOutcome.End?

    // What is known once the data set is.
    var lesson: Lesson?
    var state = StrategyState(model: ModelState(parameters: []))
    var scaling: Scaling?

    // The round.
    var round = Round()
    var statistics: [Int: Statistics] = [:]
    var trainingBegan: ContinuousClock.Instant?

    // Reports.
    var drafts: [EpochReport] = []
    var judged: [Int: Metrics?] = [:]
    var last: EpochReport?
    var reportedBytes = SessionStatistics()

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
            dataset: configuration.dataset, epochs: configuration.epochs,
            workersMin: configuration.workersMin, now: 0)
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
        return TrainedModel(
            task: lesson.task, kind: configuration.model, state: state.model, scaling: scaling)
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
            do throws(TensorError) {
                state = strategy.initialState(try ModelState(lesson.model))
            } catch {
                throw .graph(error)
            }
            return []
        case .start(let number, let shards, let workers):
            return try await start(number, shards, workers, in: &group)
        case .leaveOut(let shard, let failure):
            do throws(FederationError) { try round.fold?.leaveOut(shard: shard.index) } catch {
                throw .federation(error)
            }
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

    func seconds(since instant: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (clock.now - instant).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
