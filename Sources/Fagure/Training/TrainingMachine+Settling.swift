import Ground
import Protocol

// In a stage, and after it.
extension TrainingMachine {
    /// Takes the end of a shard's job. One that nobody did is asked for again, for as long as the plan has patience.
    mutating func settle(_ shard: Int, _ failure: Failure?, _ now: Int64) -> [Action] {
        guard let failure, failure.isAbsence, failure.code != .deadlineExceeded, plan.patienceMilliseconds > 0
        else { return conclude(shard, failure, now) }
        guard case .running(var running) = phase, running.lose(shard, failure, at: now) else { return [] }
        phase = .running(running)
        return []
    }

    /// Asks shards again whose jobs were lost, once somebody serves them, and gives up those that stay away.
    mutating func recover(_ now: Int64) -> [Action] {
        guard case .running(let running) = phase else { return [] }
        var actions: [Action] = []
        for (shard, loss) in running.lost.sorted(by: { $0.key < $1.key }) {
            let reference = running.shards[shard]
            if now - loss.since >= plan.patienceMilliseconds, !loss.isAsked {
                attendance.giveUp(reference, at: loss.since)
                guard !plan.isStrict else {
                    return actions
                        + end(.failed(.incomplete(stage: "\(stage)", shards: ["\(reference)"])))
                }
                actions += conclude(shard, loss.failure, now)
            } else if !loss.isAsked, now >= loss.retryAt,
                let description = present?.descriptions[reference], case .running(var running) = phase
            {
                running.resume(shard, at: now)
                phase = .running(running)
                actions.append(.resume(stage, shard: shard, description))
            }
        }
        return actions
    }

    /// Counts an answer or leaves a shard out; when that was the last, the stage is over.
    private mutating func conclude(_ shard: Int, _ failure: Failure?, _ now: Int64) -> [Action] {
        guard case .running(var running) = phase, running.end(shard) else { return [] }
        var actions: [Action] = []
        let reference = running.shards[shard]
        if let failure {
            var culprits: [String] = []
            if !failure.isAbsence || isSilentAgain(reference, failure) {
                culprits = exclude(reference)
                running.blame(shard, failure)
            }
            actions.append(.leaveOut(shard: shard, failure, culprits: culprits))
        } else {
            running.count(answerOf: present?.holders[reference] ?? [], at: now)
            silentStages[reference] = nil
        }
        phase = .running(running)
        guard running.isOver else { return actions }
        if isPresentStale { look() }
        if running.fault != nil, present?.shards.isEmpty == false, restartsStatistics {
            // Whoever comes meanwhile waits for the first round, or liars that come back would never let it begin.
            admitted = running.honest
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

    /// Whether a shard has let one stage too many pass, though its worker is there: without a word, or with the word
    /// that it has too much to do.
    private mutating func isSilentAgain(_ shard: ShardReference, _ failure: Failure) -> Bool {
        guard failure.code == .deadlineExceeded || failure.code == .overloaded else { return false }
        silentStages[shard, default: 0] += 1
        guard silentStages[shard, default: 0] >= SessionLimits.silentStagesMaximum else { return false }
        silentStages[shard] = nil
        return true
    }

    /// Names shards that nothing is heard of, now and then.
    mutating func silence(_ now: Int64) -> [Action] {
        guard case .running(var running) = phase else { return [] }
        let (silent, absent) = (running.silent(at: now), running.absent(at: now))
        phase = .running(running)
        return (silent.map { text(ofSilent: $0.shards, milliseconds: $0.milliseconds) } ?? [])
            + (absent.map { text(ofAbsent: $0.shards, milliseconds: $0.milliseconds) } ?? [])
    }

    private func text(ofAbsent shards: [ShardReference], milliseconds: Int64) -> [Action] {
        [.wait("\(stage) waits for \(listed(shards)) to return, \(milliseconds / 1_000) s")]
    }

    private func text(ofSilent shards: [ShardReference], milliseconds waited: Int64) -> [Action] {
        let names = shards.lazy.map { shard in
            let workers = workerNames(of: present?.holders[shard] ?? []).joined(separator: ", ")
            return "\(shard)" + (workers.isEmpty ? "" : " at worker \(workers)")
        }
        let list = names.listed(atMost: SessionLimits.remarksMaximum, separator: "; ")
        return [.wait("\(stage) waits for \(list), \(waited / 1_000) s without an answer")]
    }

    func workerNames(of sessions: Set<SessionID>) -> [String] {
        sessions.compactMap { present?.names[$0] }.sorted()
    }

    /// Leaves a shard out as long as the same processes serve it; says who they are.
    private mutating func exclude(_ shard: ShardReference) -> [String] {
        let culprits = present?.holders[shard] ?? []
        excluded[shard, default: []].formUnion(culprits)
        attendance.dismiss(shard)
        // Thousands may be left out in one stage: who is there is looked at once, before the next.
        isPresentStale = true
        return workerNames(of: culprits)
    }

    mutating func proceed(_ now: Int64) -> [Action] {
        guard case .finishing = phase else { return [] }
        guard let next = stage.next(passes: passes, rounds: plan.rounds) else { return end(.finished) }
        stage = next
        phase = .waiting(since: now, saidAt: nil)
        return begin(now)
    }
}
