import Protocol

/// When rounds begin and end: who is present, whom a round waits for, when the run is over.
///
/// DESIGN. A pure value: events and the time go in, actions come out; `TrainingRun` performs them. Round 0
/// describes the data, rounds 1 to `epochs` train. A round takes the shards present when it begins. A shard
/// whose worker is lost without another to take its place is left out of that round alone; a round that loses
/// all begins again.
struct TrainingMachine: Sendable {
    /// What can happen to a run.
    enum Event: Sendable {
        case catalogue(Catalogue)
        case brokerLost
        case brokerReturned(isNewRun: Bool)
        /// A shard's job is done.
        case answered(shard: Int)
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
        /// The data set is found; comes once, before the first round.
        case select(DatasetDescription)
        /// Begin a round: a job for each shard.
        case start(round: Int, shards: [ShardReference], workers: Int)
        /// A shard of the round will not answer; why.
        case leaveOut(shard: ShardReference, Failure)
        /// All shards of the round have answered or were left out.
        case finish(round: Int)
        /// None has answered: forget the round, it will be begun again.
        case abandon(round: Int)
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

    private enum Phase: Sendable {
        case waiting(since: Int64, saidAt: Int64?)
        case running(Running)
        case finishing
        case ended
    }

    private struct Running: Sendable {
        let shards: [ShardReference]
        var awaited: Set<Int>
        var answered = 0
    }

    /// The round that runs or comes next.
    private(set) var round = 0
    private let epochs: Int
    private let workersMin: Int
    private let wanted: String?
    private var phase: Phase
    private var catalogue: Catalogue?
    private var selected: (name: String, cut: Present.Cut)?
    private var brokerLostAt: Int64?
    private var restartedAt: Int64?
    /// A round that came to nothing is not begun again before.
    private var restsUntil: Int64 = .min
    /// The shards of the last round that began.
    private var lastShards: [ShardReference] = []
    private var knownStrangers: Set<String> = []

    /// A run about to begin.
    init(dataset: String?, epochs: Int, workersMin: Int, now: Int64) {
        wanted = dataset
        self.epochs = epochs
        self.workersMin = workersMin
        phase = .waiting(since: now, saidAt: nil)
    }

    /// Takes an event and says what must be done.
    mutating func handle(_ event: Event, at now: Int64) -> [Action] {
        if case .ended = phase { return [] }
        switch event {
        case .catalogue(let catalogue):
            self.catalogue = catalogue
            return strangers(in: catalogue) + begin(now)
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
        case .finished:
            return proceed(now)
        case .diverged:
            guard case .finishing = phase else { return [] }
            return end(.diverged(round: round))
        case .sessionEnded(let failure):
            return end(.failed(.session(failure)))
        case .tick:
            return begin(now)
        }
    }

    // MARK: Before a round

    private mutating func begin(_ now: Int64) -> [Action] {
        guard case .waiting(let since, let saidAt) = phase, now >= restsUntil else { return [] }
        do throws(RunError) {
            var actions = try select()
            guard let blocker = blocker(now) else { return actions + start() }
            let isSilent =
                now - (saidAt ?? since)
                < (saidAt == nil
                    ? SessionLimits.waitingFirstMilliseconds : SessionLimits.waitingIntervalMilliseconds)
            guard !isSilent else { return actions }
            phase = .waiting(since: since, saidAt: now)
            actions.append(.wait("waiting for \(blocker), \((now - since) / 1_000) s"))
            return actions
        } catch {
            return end(.failed(error))
        }
    }

    /// Finds the data set, once.
    private mutating func select() throws(RunError) -> [Action] {
        guard selected == nil, let catalogue else { return [] }
        let names = catalogue.servedDatasets
        guard let name = wanted ?? (names.count == 1 ? names[0] : nil) else {
            guard names.isEmpty else { throw .ambiguousDataset(names) }
            return []
        }
        guard names.isEmpty || names.contains(name) else { throw .unknownDataset(name: name, known: names) }
        guard let (dataset, cut) = try catalogue.agreedDataset(name),
            Present(catalogue, dataset: name, cut: cut).workers.count >= workersMin
        else { return [] }
        selected = (name, cut)
        return [.select(dataset)]
    }

    /// What keeps the next round from beginning, with counts; `nil` for nothing.
    private func blocker(_ now: Int64) -> String? {
        if brokerLostAt != nil { return "the broker" }
        let present = catalogue.map { catalogue in
            Present(
                catalogue, dataset: selected?.name ?? wanted ?? catalogue.servedDatasets.first ?? "",
                cut: selected?.cut)
        }
        let count = present?.workers.count ?? 0
        guard let present, selected != nil, count >= workersMin, !present.shards.isEmpty else {
            let needed = max(1, workersMin)
            return "\(needed) worker\(needed == 1 ? "" : "s"), \(count) present"
        }
        guard let restartedAt, now - restartedAt < ProtocolLimits.returnGraceMilliseconds else { return nil }
        let missing = lastShards.filter { !present.shards.contains($0) }
        guard !missing.isEmpty else { return nil }
        let names = missing.map { "\($0.index)/\($0.count)" }.joined(separator: ", ")
        return "shard\(missing.count == 1 ? "" : "s") \(names) to return after the broker's restart"
    }

    private mutating func start() -> [Action] {
        guard let catalogue, let selected else { return [] }
        let present = Present(catalogue, dataset: selected.name, cut: selected.cut)
        phase = .running(Running(shards: present.shards, awaited: Set(present.shards.map(\.index))))
        lastShards = present.shards
        return [.start(round: round, shards: present.shards, workers: present.workers.count)]
    }

    /// Names workers whose shards do not fit this run's, each once.
    private mutating func strangers(in catalogue: Catalogue) -> [Action] {
        guard let selected else { return [] }
        let present = Present(catalogue, dataset: selected.name, cut: selected.cut)
        return present.strangers.filter { knownStrangers.insert($0).inserted }.map { name in
            .notice("worker \(name) cuts data set \(selected.name) differently from this run and is left out")
        }
    }

    // MARK: In a round

    private mutating func settle(_ shard: Int, _ failure: Failure?, _ now: Int64) -> [Action] {
        guard case .running(var running) = phase, running.awaited.contains(shard),
            let reference = running.shards.first(where: { $0.index == shard })
        else { return [] }
        var actions: [Action] = []
        if let failure {
            guard failure.isAbsence else { return end(.failed(.job(reference, failure))) }
            actions.append(.leaveOut(shard: reference, failure))
        } else {
            running.answered += 1
        }
        running.awaited.remove(shard)
        phase = .running(running)
        guard running.awaited.isEmpty else { return actions }
        guard running.answered == 0 else {
            phase = .finishing
            return actions + [.finish(round: round)]
        }
        phase = .waiting(since: now, saidAt: nil)
        restsUntil = now + SessionLimits.roundRetryMilliseconds
        return actions + [.abandon(round: round)]
    }

    // MARK: After a round

    private mutating func proceed(_ now: Int64) -> [Action] {
        guard case .finishing = phase else { return [] }
        guard round < epochs else { return end(.finished) }
        round += 1
        phase = .waiting(since: now, saidAt: nil)
        return begin(now)
    }

    private mutating func end(_ end: End) -> [Action] {
        phase = .ended
        return [.end(end)]
    }
}
