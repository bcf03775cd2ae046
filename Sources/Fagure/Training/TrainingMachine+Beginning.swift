import Ground
import Protocol

// Before a stage.
extension TrainingMachine {
    /// Looks who takes part, as far as it is known in what.
    mutating func look() {
        isPresentStale = false
        guard let catalogue, let agreement else { return }
        present = Present(catalogue.offers(of: agreement.dataset.name), agreement, excluded: excluded)
    }

    mutating func begin(_ now: Int64) -> [Action] {
        guard case .waiting(let since, let saidAt) = phase, now >= restsUntil else { return [] }
        if isPresentStale { look() }
        do throws(RunError) {
            var actions = try select()
            guard let blocker = blocker(now) else { return try actions + start(now) }
            if let wait = plan.waitMilliseconds, now - since >= wait {
                throw .waited(seconds: Int(wait / 1_000), for: blocker)
            }
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
        switch Agreement.choose(offers, expected: plan.schema?.schemaHash) {
        case .none:
            return misfits(offers).map { notices(of: $0) } ?? []
        case .tied(let first, let second):
            throw .disagreement(dataset: name, first: first, second: second)
        case .agreed(let agreement):
            guard Present(offers, agreement).workers.count >= plan.workersMin else { return [] }
            self.agreement = agreement
            passes = agreement.passes(standardizes: plan.standardizes)
            stage = passes > 0 ? .statistics(pass: 1) : .training(round: 1)
            if case .parts(let partition, let count) = agreement.cut {
                attendance.want(
                    (0..<count).map {
                        ShardReference(dataset: name, partition: partition, index: $0, count: count)
                    })
            }
            look()
            return [.select(agreement.dataset)] + strangers() + copies() + units() + processors()
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
    private mutating func blocker(_ now: Int64) -> String? {
        if brokerLostAt != nil { return "the broker" }
        guard let present, present.workers.count >= max(1, plan.workersMin) else { return missingWorkers }
        guard present.shards.count >= plan.shardsMin else {
            return "\(plan.shardsMin) shards, \(present.shards.count) present"
        }
        attendance.look({ present.holders[$0] != nil }, at: now)
        let away = attendance.away.filter { attendance.absence(of: $0, at: now) < plan.patienceMilliseconds }
        guard away.isEmpty else { return "\(listed(away)) (\(plan.patienceMilliseconds / 1_000) s at most)" }
        guard let restartedAt, now - restartedAt < ProtocolLimits.returnGraceMilliseconds else { return nil }
        let missing = lastShards.filter { present.holders[$0] == nil }
        guard !missing.isEmpty else { return nil }
        return "\(listed(missing)) to return after the broker's restart"
    }

    /// Such as `digits 0/4 (iid), digits 2/4 (iid) and 3 more`.
    func listed(_ shards: [ShardReference]) -> String {
        shards.listed(atMost: SessionLimits.remarksMaximum)
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
                if case .agreed(let agreement) = Agreement.choose(offers, expected: plan.schema?.schemaHash) {
                    let fitting = Present(offers, agreement)
                    count = fitting.workers.count
                    remarks += fitting.strangers.map { "\($0.worker) does not fit: \($0.reason)" }
                } else if let misfits = misfits(offers) {
                    remarks += misfits.strangers.map { "\($0.worker) does not fit: \($0.reason)" }
                    count = 0
                }
            }
            remarks += leftOutNames.map { "\($0) was left out" }
            let idle = catalogue.workers.filter { $0.shards.isEmpty && !$0.isDraining }
            remarks += idle.map { "\($0.name) has no data" }
        }
        let shown = remarks.prefix(SessionLimits.remarksMaximum).joined(separator: "; ")
        return "\(needed) worker\(needed == 1 ? "" : "s"), \(count) present"
            + (shown.isEmpty ? "" : " (\(shown))")
    }

    /// Workers that are there and were left out for what they answered.
    private var leftOutNames: [String] {
        let sessions = Set(excluded.values.joined())
        guard !sessions.isEmpty else { return [] }
        return (catalogue?.workers ?? []).filter { sessions.contains($0.session) }.map(\.name)
    }

    private mutating func start(_ now: Int64) throws(RunError) -> [Action] {
        guard let present else { return [] }
        for shard in attendance.away { attendance.giveUp(shard, at: now) }
        let lacking = attendance.lacking
        guard lacking.isEmpty || !plan.isStrict else {
            throw .incomplete(stage: "\(stage)", shards: lacking.map { "\($0)" })
        }
        let shards = takingPart(present)
        attendance.want(shards)
        phase = .running(StageProgress(shards, at: now))
        lastShards = shards
        let descriptions = shards.compactMap { present.descriptions[$0] }
        return (lacking.isEmpty ? [] : [.lack(lacking)])
            + [.start(stage, shards: descriptions, workers: present.workers.count)]
    }

    /// The shards of the next stage: all that are there, unless the statistics of features were begun again.
    private mutating func takingPart(_ present: Present) -> [ShardReference] {
        if let round = stage.round, round > 1 { admitted = nil }
        guard let admitted else { return present.shards }
        let shards = present.shards.filter(admitted.contains)
        return shards.isEmpty ? present.shards : shards
    }

    /// Names sites that several workers serve, each once: by accident they may be two sites of one name.
    mutating func copies() -> [Action] {
        guard let present else { return [] }
        let sites = present.shards.filter { $0.site != nil && present.holders[$0, default: []].count > 1 }
        return sites.filter { knownCopies.insert($0).inserted }.map { site in
            let workers = workerNames(of: present.holders[site, default: []])
            return .notice(
                "\(site) is served by workers \(workers.joined(separator: ", ")): each job goes to one of them, so "
                    + "their rows must be the same")
        }
    }

    /// Says that workers who mean the same columns do not mean the same units, once: who, the catalogue does not tell.
    mutating func units() -> [Action] {
        guard let agreement, let catalogue else { return [] }
        let others = catalogue.datasets.filter {
            $0.name == agreement.dataset.name && $0 != agreement.dataset
        }
        let texts = others.filter { $0.schemaHash == agreement.schema }
            .map { $0.unitDifferences(from: agreement.dataset) }
        return texts.filter { !$0.isEmpty && knownUnits.insert($0).inserted }.map { text in
            .notice("workers disagree on the units of data set \(agreement.dataset.name): \(text)")
        }
    }

    /// Names workers that do not fit, each once.
    mutating func strangers() -> [Action] { present.map { notices(of: $0) } ?? [] }

    private mutating func notices(of present: Present) -> [Action] {
        present.strangers.filter { knownStrangers.insert($0).inserted }.map { stranger in
            .notice(
                "worker \(stranger.worker) is left out of data set \(present.dataset): \(stranger.reason)")
        }
    }

    /// Who serves the data set where nobody does as the plan's description says.
    private func misfits(_ offers: [Offer]) -> Present? {
        guard let schema = plan.schema, let first = offers.first else { return nil }
        let cut = Agreement.Cut(first.reference)
        return Present(offers, Agreement(dataset: schema, schema: schema.schemaHash, cut: cut))
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
