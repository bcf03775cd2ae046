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
        /// The schema that is right whatever the workers say; `nil` takes what most say.
        var schema: SchemaHash?
        var rounds: Int
        var workersMin: Int
        var standardizes: Bool
    }

    private enum Phase: Sendable {
        case waiting(since: Int64, saidAt: Int64?)
        case running(StageProgress)
        case finishing
        case ended
    }

    /// What runs or comes next.
    private(set) var stage: Stage
    private let plan: Plan
    private var passes = 0
    private var phase: Phase
    private var catalogue: Catalogue?
    private var agreement: Agreement?
    private var present: Present?
    private var brokerLostAt: Int64?
    private var restartedAt: Int64?
    /// A stage that came to nothing is not begun again before.
    private var restsUntil: Int64 = .min
    /// The shards of the last stage that began.
    private var lastShards: [ShardReference] = []
    private var knownStrangers: Set<Present.Stranger> = []
    /// Sites of which it was said that several workers serve them.
    private var knownCopies: Set<ShardReference> = []
    /// Processes whose answers for a shard were not what was asked for.
    private var excluded: [ShardReference: Set<SessionID>] = [:]
    /// Stages in succession that a shard let pass in silence.
    private var silentStages: [ShardReference: Int] = [:]

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
            return strangers() + copies() + begin(now)
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
            return begin(now) + silence(now)
        }
    }

    private mutating func end(_ end: End) -> [Action] {
        phase = .ended
        return [.end(end)]
    }
}

// Before a stage.
extension TrainingMachine {
    /// Looks who takes part, as far as it is known in what.
    private mutating func look() {
        guard let catalogue, let agreement else { return }
        present = Present(catalogue.offers(of: agreement.dataset.name), agreement, excluded: excluded)
    }

    private mutating func begin(_ now: Int64) -> [Action] {
        guard case .waiting(let since, let saidAt) = phase, now >= restsUntil else { return [] }
        do throws(RunError) {
            var actions = try select()
            guard let blocker = blocker(now) else { return actions + start(now) }
            let pause =
                saidAt == nil
                ? SessionLimits.waitingFirstMilliseconds : SessionLimits.waitingIntervalMilliseconds
            guard now - (saidAt ?? since) >= pause else { return actions }
            phase = .waiting(since: since, saidAt: now)
            actions.append(.wait("waiting for \(blocker), \((now - since) / 1_000) s"))
            return actions
        } catch {
            return end(.failed(error))
        }
    }

    /// Finds the data set and what most say of it, once.
    private mutating func select() throws(RunError) -> [Action] {
        guard agreement == nil, let catalogue, let name = try datasetName(in: catalogue) else { return [] }
        let offers = catalogue.offers(of: name)
        // Who is still to come may tip the scales.
        guard Set(offers.map(\.session)).count >= plan.workersMin else { return [] }
        switch Agreement.choose(offers, expected: plan.schema) {
        case .none:
            return []
        case .tied(let first, let second):
            throw .disagreement(dataset: name, first: first, second: second)
        case .agreed(let agreement):
            guard Present(offers, agreement).workers.count >= plan.workersMin else { return [] }
            self.agreement = agreement
            passes = agreement.passes(standardizes: plan.standardizes)
            stage = passes > 0 ? .statistics(pass: 1) : .training(round: 1)
            look()
            return [.select(agreement.dataset)] + strangers() + copies()
        }
    }

    private func datasetName(in catalogue: Catalogue) throws(RunError) -> String? {
        let names = catalogue.servedDatasets
        guard let name = plan.dataset ?? (names.count == 1 ? names[0] : nil) else {
            guard names.isEmpty else { throw .ambiguousDataset(names) }
            return nil
        }
        guard names.isEmpty || names.contains(name) else { throw .unknownDataset(name: name, known: names) }
        return name
    }

    /// What keeps the next stage from beginning, with counts; `nil` for nothing.
    private func blocker(_ now: Int64) -> String? {
        if brokerLostAt != nil { return "the broker" }
        guard let present, present.workers.count >= max(1, plan.workersMin) else { return missingWorkers }
        guard let restartedAt, now - restartedAt < ProtocolLimits.returnGraceMilliseconds else { return nil }
        let missing = lastShards.filter { present.holders[$0] == nil }
        guard !missing.isEmpty else { return nil }
        let names = missing.map { "\($0.name)" }.joined(separator: ", ")
        return "shard\(missing.count == 1 ? "" : "s") \(names) to return after the broker's restart"
    }

    /// Such as `3 workers, 1 present (bob has no data)`.
    private var missingWorkers: String {
        let needed = max(1, plan.workersMin)
        var remarks: [String] = []
        var count = present?.workers.count ?? 0
        if let catalogue {
            if present == nil, let name = plan.dataset ?? catalogue.servedDatasets.first {
                let offers = catalogue.offers(of: name)
                count = Set(offers.map(\.session)).count
                if case .agreed(let agreement) = Agreement.choose(offers, expected: plan.schema) {
                    let fitting = Present(offers, agreement)
                    count = fitting.workers.count
                    remarks += fitting.strangers.map { "\($0.worker) does not fit: \($0.reason)" }
                } else if let schema = plan.schema {
                    remarks.append("none of schema \(schema)")
                    count = 0
                }
            }
            let idle = catalogue.workers.filter { $0.shards.isEmpty && !$0.isDraining }
            remarks += idle.map { "\($0.name) has no data" }
        }
        let shown = remarks.prefix(SessionLimits.remarksMaximum).joined(separator: "; ")
        return "\(needed) worker\(needed == 1 ? "" : "s"), \(count) present"
            + (shown.isEmpty ? "" : " (\(shown))")
    }

    private mutating func start(_ now: Int64) -> [Action] {
        guard let present else { return [] }
        phase = .running(StageProgress(present.shards, at: now))
        lastShards = present.shards
        let descriptions = present.shards.compactMap { present.descriptions[$0] }
        return [.start(stage, shards: descriptions, workers: present.workers.count)]
    }

    /// Names sites that several workers serve, each once: by accident they may be two sites of one name.
    private mutating func copies() -> [Action] {
        guard let present else { return [] }
        let sites = present.shards.filter { $0.site != nil && present.holders[$0, default: []].count > 1 }
        return sites.filter { knownCopies.insert($0).inserted }.map { site in
            let workers = workerNames(of: present.holders[site, default: []])
            return .notice(
                "\(site) is served by workers \(workers.joined(separator: ", ")): each job goes to one of them, so "
                    + "their rows must be the same")
        }
    }

    /// Names workers that do not fit, each once.
    private mutating func strangers() -> [Action] {
        guard let present, let agreement else { return [] }
        return present.strangers.filter { knownStrangers.insert($0).inserted }.map { stranger in
            .notice(
                "worker \(stranger.worker) is left out of data set \(agreement.dataset.name): \(stranger.reason)"
            )
        }
    }
}

// In a stage, and after it.
extension TrainingMachine {
    private mutating func settle(_ shard: Int, _ failure: Failure?, _ now: Int64) -> [Action] {
        guard case .running(var running) = phase, running.end(shard) else { return [] }
        var actions: [Action] = []
        let reference = running.shards[shard]
        if let failure {
            var culprits: [String] = []
            if !failure.isAbsence || isSilentAgain(reference, failure) {
                culprits = exclude(reference)
                running.fault = (reference, failure)
            }
            actions.append(.leaveOut(shard: shard, failure, culprits: culprits))
        } else {
            running.count(answerOf: present?.holders[reference] ?? [])
            silentStages[reference] = nil
        }
        phase = .running(running)
        guard running.isOver else { return actions }
        if running.fault != nil, running.answered > 0, restartsStatistics {
            stage = .statistics(pass: 1)
            phase = .waiting(since: now, saidAt: nil)
            return actions + [
                .abandon(stage),
                .notice("the statistics of features are taken again, without who was left out"),
            ] + begin(now)
        }
        guard running.answered == 0 || running.workers.count < plan.workersMin else {
            phase = .finishing
            return actions + [.finish(stage)]
        }
        // Nobody is left who could do better.
        if running.answered == 0, let fault = running.fault, present?.shards.isEmpty != false {
            return actions + end(.failed(.job(fault.shard, fault.1)))
        }
        phase = .waiting(since: now, saidAt: nil)
        restsUntil = now + SessionLimits.roundRetryMilliseconds
        actions.append(.abandon(stage))
        if running.answered > 0 {
            actions.append(
                .notice(
                    "only \(running.workers.count) of the \(plan.workersMin) workers asked for have answered: "
                        + "the round is repeated"))
        }
        return actions
    }

    /// Whether sums of a worker that is left out now are in what was learned of features, and nothing else is yet.
    private var restartsStatistics: Bool {
        switch stage {
        case .statistics(let pass): pass > 1
        case .training(let round): round == 1 && passes > 0
        }
    }

    /// Whether a shard has let one stage too many pass without a word, though its worker is there.
    private mutating func isSilentAgain(_ shard: ShardReference, _ failure: Failure) -> Bool {
        guard failure.code == .deadlineExceeded else { return false }
        silentStages[shard, default: 0] += 1
        guard silentStages[shard, default: 0] >= SessionLimits.silentStagesMaximum else { return false }
        silentStages[shard] = nil
        return true
    }

    /// Names shards that nothing is heard of, now and then.
    private mutating func silence(_ now: Int64) -> [Action] {
        guard case .running(var running) = phase, let (shards, waited) = running.silent(at: now) else {
            return []
        }
        phase = .running(running)
        let names = shards.prefix(SessionLimits.remarksMaximum).map { shard in
            let workers = workerNames(of: present?.holders[shard] ?? []).joined(separator: ", ")
            return "\(shard)" + (workers.isEmpty ? "" : " at worker \(workers)")
        }
        let more = shards.count - names.count
        return [
            .wait(
                "\(stage) waits for \(names.joined(separator: "; "))" + (more > 0 ? " and \(more) more" : "")
                    + ": nothing heard for \(waited / 1_000) s")
        ]
    }

    private func workerNames(of sessions: Set<SessionID>) -> [String] {
        (catalogue?.workers ?? []).filter { sessions.contains($0.session) }.map(\.name)
    }

    /// Leaves a shard out as long as the same processes serve it; says who they are.
    private mutating func exclude(_ shard: ShardReference) -> [String] {
        let culprits = present?.holders[shard] ?? []
        excluded[shard, default: []].formUnion(culprits)
        look()
        return workerNames(of: culprits)
    }

    private mutating func proceed(_ now: Int64) -> [Action] {
        guard case .finishing = phase else { return [] }
        guard let next = stage.next(passes: passes, rounds: plan.rounds) else { return end(.finished) }
        stage = next
        phase = .waiting(since: now, saidAt: nil)
        return begin(now)
    }
}

extension Agreement {
    /// How many passes over the shards the features' statistics take.
    fileprivate func passes(standardizes: Bool) -> Int {
        if standardizes { return StatisticsProgram.Pass.allCases.count }
        // What is put in place of a missing cell must be known all the same.
        return dataset.missing == .mean ? 1 : 0
    }
}
