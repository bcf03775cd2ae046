import Datasets
import Federation
import Jobs
import Protocol
import Tensor
import ZMQ

/// A run under way: does what `TrainingMachine` decides, and tells it what came of it.
///
/// One task owns it; jobs and evaluations are child tasks whose ends come back as inputs. An evaluation runs
/// while the next round trains, but reports leave in the order of rounds.
struct RunDriver {
    /// What can come in.
    enum Input: Sendable {
        case session(SessionEvent)
        case tick
        case progress(Stage, shard: Int, Double)
        /// All shards of a group have come so far.
        case groupProgress(Stage, shards: [Int], Double)
        /// What was asked of a group came to this.
        case group(Stage, GroupAnswer)
        case sums(shard: Int, FeatureSums)
        /// What training on a shard gave, and how much it grew.
        case update(Update, growth: Double)
        case failure(shard: Int, Failure)
        case judgeAnswered(round: Int, shard: Int)
        case judged(round: Int, Result<Judge.Verdict, Failure>)
    }

    /// Who is to judge a round.
    struct Judging {
        /// The shards that have not answered, by their position.
        var awaited: [Int: ShardReference]
        let since: ReactorClock.Instant
        var saidAt: ReactorClock.Instant

        init(awaited: [ShardReference], since: ReactorClock.Instant) {
            self.awaited = Dictionary(uniqueKeysWithValues: zip(0..., awaited))
            self.since = since
            saidAt = since
        }
    }

    let configuration: TrainingConfiguration
    let session: Session
    let strategy: any Strategy
    let testData: TestData
    let inbox: AsyncStream<Input>.Continuation
    let report: @Sendable (RunEvent) -> Void
    let clock: ReactorClock

    var machine: TrainingMachine
    private let model: (any Module)?
    private let began: ReactorClock.Instant
    private var end: RunOutcome.End?

    // What is known once the data set is.
    var lesson: Lesson?
    var state = StrategyState(model: ModelState(parameters: []))
    var moments = FeatureMoments(count: 0)
    var scaling: Scaling?
    /// The trainer's own rows, where it judges itself.
    var local: LocalEvaluation?
    var ownJudge: JudgeDescription?

    // The stage.
    var round = Round()
    /// What the next stage begins without.
    var lacking: [String] = []
    var saidLacking: Set<ShardReference> = []
    var trainingBegan: ReactorClock.Instant?
    /// Shards that are not asked to judge any more.
    var unjudged: Set<ShardReference> = []

    // Reports.
    var drafts: [EpochReport] = []
    var judged: [Int: Metrics?] = [:]
    /// Rounds that workers are judging.
    var judging: [Int: Judging] = [:]
    var last: EpochReport?
    var incompleteRounds = 0
    var reportedBytes = SessionStatistics()

    init(
        _ configuration: TrainingConfiguration, model: (any Module)?, session: Session,
        strategy: any Strategy,
        testData: TestData, inbox: AsyncStream<Input>.Continuation,
        report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.configuration = configuration
        self.model = model
        self.session = session
        self.strategy = strategy
        self.testData = testData
        self.inbox = inbox
        self.report = report
        clock = session.clock
        began = clock.now
        machine = TrainingMachine(
            TrainingMachine.Plan(
                dataset: configuration.dataset, schema: configuration.schema,
                rounds: configuration.rounds, workersMin: configuration.workersMin,
                shardsMin: configuration.shardsMin,
                patienceMilliseconds: configuration.patience.milliseconds,
                waitMilliseconds: configuration.waitMaximum?.milliseconds, isStrict: configuration.isStrict,
                standardizes: configuration.standardizes), now: 0)
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
            rounds: state.model.version, epochs: state.model.version * configuration.training.localEpochs,
            end: end.name, last: last, incompleteRounds: incompleteRounds,
            seconds: trainingBegan.map { seconds(since: $0) } ?? 0,
            bytesSent: bytes.bytesSent, bytesReceived: bytes.bytesReceived, reason: end.reason)
        return RunOutcome(end: end, model: trained, summary: summary)
    }

    private var trained: TrainedModel? {
        guard let lesson, let scaling, state.model.version > 0 else { return nil }
        return TrainedModel(
            task: lesson.task, dataset: lesson.dataset, kind: model == nil ? configuration.model : nil,
            state: state.model, scaling: scaling)
    }

    // MARK: Inputs

    /// Takes what came in.
    mutating func take(_ input: Input, in group: inout DiscardingTaskGroup) async {
        switch input {
        case .session(let event):
            await take(event, in: &group)
        case .tick:
            await handle(.tick, in: &group)
            sayJudging()
        case .progress(let stage, let shard, let fraction):
            guard stage == machine.stage, round.isOpen else { return }
            if stage.round != nil { advance(shard, to: fraction) }
            await handle(.heard(shard: shard), in: &group)
        case .groupProgress(let stage, let shards, let fraction):
            guard stage == machine.stage, round.isOpen else { return }
            for shard in shards { round.advance(shard, to: fraction) }
            if stage.round != nil { reportProgress() }
            for shard in shards { await handle(.heard(shard: shard), in: &group) }
        case .group(let stage, let answer):
            await take(answer, stage, in: &group)
        case .sums(let shard, let sums):
            round.sums[shard] = sums
            await handle(.answered(shard: shard), in: &group)
        case .update(let update, let growth):
            await take(update, growth: growth, in: &group)
        case .failure(let shard, let failure):
            await handle(.failed(shard: shard, failure), in: &group)
        case .judgeAnswered(let number, let shard):
            judging[number]?.awaited[shard] = nil
        case .judged(let number, let result):
            judge(number, result)
        }
    }

    private mutating func take(_ event: SessionEvent, in group: inout DiscardingTaskGroup) async {
        switch event {
        case .catalogue(let catalogue):
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

    private mutating func take(
        _ update: Update, growth: Double, in group: inout DiscardingTaskGroup
    ) async {
        do throws(FederationError) {
            // Whether the run diverges or one worker is damaged is known when all have answered.
            if configuration.allowsNaN || !round.hold(update, growth: growth) {
                try round.fold?.accumulate(update)
            }
            advance(update.shard, to: 1)
            await handle(.answered(shard: update.shard), in: &group)
        } catch {
            // The fold is as it was: who sent it is left out, nobody else's run ends.
            await handle(.failed(shard: update.shard, Failure(.malformed, "\(error)")), in: &group)
        }
    }

    private mutating func advance(_ shard: Int, to fraction: Double) {
        round.advance(shard, to: fraction)
        reportProgress()
    }

    func reportProgress() {
        guard let number = machine.stage.round else { return }
        report(.progress(epoch: number * configuration.training.localEpochs, fraction: round.fraction))
    }

    // MARK: The machine

    /// Ends the run with an error, unless it has ended.
    mutating func fail(_ error: RunError) { end = end ?? .failed(error) }

    mutating func handle(_ event: TrainingMachine.Event, in group: inout DiscardingTaskGroup) async {
        var events = [event]
        while let next = events.first, end == nil {
            events.removeFirst()
            let now = Int64(seconds(since: began) * 1_000)
            for action in machine.handle(next, at: now) where end == nil {
                do throws(RunError) {
                    events += try await perform(action, in: &group)
                } catch {
                    end = end ?? .failed(error)
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
            try await select(dataset)
        case .start(let stage, let shards, let workers):
            try await start(stage, shards, workers, in: &group)
        case .resume(let stage, let shard, let description):
            try resume(stage, shard, description, in: &group)
        case .lack(let shards):
            lack(shards)
        case .leaveOut(let shard, let failure, let culprits):
            try leaveOut(shard, failure, culprits)
        case .finish(let stage):
            return try await finish(stage, in: &group)
        case .abandon:
            round = Round()
        case .wait(let text):
            report(.waiting(text))
        case .notice(let text):
            report(.notice(text))
        case .end(let reason):
            end = RunOutcome.End(reason)
        }
        return []
    }

    private mutating func select(_ dataset: DatasetDescription) async throws(RunError) {
        let lesson = try Lesson(dataset, configuration, model: model)
        self.lesson = lesson
        moments = FeatureMoments(count: Scaling.sumCount(of: lesson.task))
        do throws(TensorError) {
            scaling = try .plain(for: lesson.task)
            state = strategy.initialState(try ModelState(lesson.model))
        } catch {
            throw .graph(error)
        }
        guard let (table, judge) = try await testData.table(for: dataset) else { return }
        local = LocalEvaluation(lesson.evaluation, on: table)
        ownJudge = judge
    }

    private mutating func leaveOut(
        _ shard: Int, _ failure: Failure, _ culprits: [String]
    ) throws(RunError) {
        do throws(FederationError) { try round.fold?.leaveOut(shard: shard) } catch {
            throw .federation(error)
        }
        let reference = round.shards[shard].reference
        guard culprits.isEmpty else {
            let workers = culprits.joined(separator: ", ")
            // Before the second round they are taken again.
            let rest =
                moments.rows > 0 && state.model.version > 0
                ? " (what it answered for the statistics of features stays in them)" : ""
            return report(.notice("\(reference) at worker \(workers) is left out: \(failure)\(rest)"))
        }
        round.missing.append("\(reference.name)")
        report(
            .shardLeftOut(
                epoch: (machine.stage.round ?? 0) * configuration.training.localEpochs, shard: "\(reference)",
                reason: "\(failure)"))
    }

    func seconds(since instant: ReactorClock.Instant) -> Double {
        let (seconds, attoseconds) = instant.duration(to: clock.now).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
