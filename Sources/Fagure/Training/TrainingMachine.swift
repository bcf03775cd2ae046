import Protocol

/// When stages begin and end: who takes part, whom a stage waits for, when the run is over.
///
/// DESIGN. A pure value: events and the time go in, actions come out; `RunDriver` performs them. A stage takes the
/// shards present when it begins that fit what the run agreed on; whoever does not fit is named once and left out. A
/// shard whose worker is lost without another to stand in is left out of that stage alone; one whose answer
/// is not what was asked for is left out until another process serves it. A stage that fewer workers answer than
/// must, begins again.
struct TrainingMachine: Sendable {
    /// What can happen to a run.
    enum Event: Sendable {
        case catalogue(Catalogue)
        case brokerLost
        case brokerReturned(isNewRun: Bool)
        /// The job of a shard, by its position in the stage's list, is done.
        case answered(shard: Int)
        /// It has come further.
        case heard(shard: Int)
        case failed(shard: Int, Failure)
        /// What `finish` asked for is done.
        case finished
        /// The loss is no number.
        case diverged
        case sessionEnded(Failure)
        /// Time passed.
        case tick
    }

    /// What the shell must do.
    enum Action: Sendable, Hashable {
        /// The data set is found; comes once, before the first stage.
        case select(DatasetDescription)
        /// Begin a stage: a job for each shard.
        case start(Stage, shards: [ShardDescription], workers: Int)
        /// Ask a shard of the stage again, for its job was lost.
        case resume(Stage, shard: Int, ShardDescription)
        /// The next stage begins without these, which the run wants.
        case lack([ShardReference])
        /// A shard of the stage will not answer; why, and who served it where that was its fault.
        case leaveOut(shard: Int, Failure, culprits: [String])
        /// All shards of the stage have answered or were left out.
        case finish(Stage)
        /// Too few have answered: forget the stage, it will be begun again.
        case abandon(Stage)
        /// Say what is waited for.
        case wait(String)
        /// Something a person should know.
        case notice(String)
        /// The run is over.
        case end(End)
    }

    /// How a run ends.
    enum End: Sendable, Hashable {
        case finished
        case diverged(round: Int)
        case failed(RunError)
    }

    /// What a run sets out to do.
    struct Plan: Sendable, Hashable {
        /// The data set; `nil` takes the only one there is.
        var dataset: String?
        /// The description that is right whatever the workers say; `nil` takes what most say.
        var schema: DatasetDescription?
        var rounds: Int
        var workersMin: Int
        /// Shards that must be there for a stage to begin.
        var shardsMin = 0
        /// How long a shard that is away is waited for.
        var patienceMilliseconds: Int64 = 0
        /// How long it is waited for what a stage needs to begin; `nil` for ever.
        var waitMilliseconds: Int64?
        /// Whether the run ends rather than go on without a shard.
        var isStrict = false
        var standardizes: Bool
    }

    enum Phase: Sendable {
        case waiting(since: Int64, saidAt: Int64?)
        case running(StageProgress)
        case finishing
        case ended
    }

    /// What runs or comes next.
    var stage: Stage
    let plan: Plan
    var passes = 0
    var phase: Phase
    var catalogue: Catalogue?
    var agreement: Agreement?
    var present: Present?
    var brokerLostAt: Int64?
    var restartedAt: Int64?
    /// A stage that came to nothing is not begun again before.
    var restsUntil: Int64 = .min
    /// The shards of the last stage that began.
    var lastShards: [ShardReference] = []
    /// What was said of units that differ.
    var knownUnits: Set<String> = []
    var attendance = Attendance()
    /// Whether somebody was left out since it was looked who is there.
    var isPresentStale = false
    /// Who may take part until the second round, once the statistics of features were begun again.
    var admitted: Set<ShardReference>?
    var knownStrangers: Set<Present.Stranger> = []
    /// Sites of which it was said that several workers serve them.
    var knownCopies: Set<ShardReference> = []
    /// Sets of processors of which it was said that they differ.
    var knownProcessors: Set<Set<String>> = []
    /// Processes whose answers for a shard were not what was asked for.
    var excluded: [ShardReference: Set<SessionID>] = [:]
    /// Stages in succession that a shard let pass in silence.
    var silentStages: [ShardReference: Int] = [:]

    /// A run about to begin.
    init(_ plan: Plan, now: Int64) {
        self.plan = plan
        stage = .training(round: 1)
        phase = .waiting(since: now, saidAt: nil)
    }

    /// Takes an event and says what must be done.
    mutating func handle(_ event: Event, at now: Int64) -> [Action] {
        if case .ended = phase { return [] }
        switch event {
        case .catalogue(let catalogue):
            self.catalogue = catalogue
            look()
            return strangers() + copies() + units() + processors() + begin(now) + recover(now)
        case .brokerLost:
            brokerLostAt = brokerLostAt ?? now
            return []
        case .brokerReturned(let isNewRun):
            brokerLostAt = nil
            if isNewRun { restartedAt = now }
            return begin(now)
        case .answered(let shard):
            return settle(shard, nil, now)
        case .failed(let shard, let failure):
            return settle(shard, failure, now)
        case .heard(let shard):
            guard case .running(var running) = phase else { return [] }
            running.hear(shard, at: now)
            phase = .running(running)
            return []
        case .finished:
            return proceed(now)
        case .diverged:
            guard case .finishing = phase, let round = stage.round else { return [] }
            return end(.diverged(round: round))
        case .sessionEnded(let failure):
            return end(.failed(.session(failure)))
        case .tick:
            return begin(now) + recover(now) + silence(now)
        }
    }

    mutating func end(_ end: End) -> [Action] {
        phase = .ended
        return [.end(end)]
    }
}
