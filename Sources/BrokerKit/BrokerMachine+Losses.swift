import Protocol

// How peers go missing and are lost.
extension BrokerMachine {
    /// A connection is no more: its session has a moment to come back.
    mutating func miss(_ peer: PeerID, _ reason: String, _ actions: inout [Action]) {
        let party = roster.party(of: peer)
        guard party != .unknown else { return }
        let label = presence(of: party).label
        detach(party)
        modify(party) { [now] presence in presence.missingSince = now }
        actions.append(.forget(peer))
        logSession("\(label) is missing: \(reason)", .info, &actions)
        if case .worker(let worker) = party { unlist(worker) }
    }

    /// A peer will not come back.
    mutating func lose(
        _ peer: PeerID, _ reason: String, isOrderly: Bool = false, _ actions: inout [Action]
    ) {
        let party = roster.party(of: peer)
        guard party != .unknown else { return }
        detach(party)
        actions.append(.forget(peer))
        switch party {
        case .worker(let worker): lose(worker: worker, reason, isOrderly: isOrderly, &actions)
        case .trainer(let trainer): lose(trainer: trainer, reason, &actions)
        case .unknown: break
        }
    }

    /// A worker will not come back: its jobs go to others, or fail with its name and the reason.
    ///
    /// - Parameter isOrderly: whether it left of its own will, so that no job can be what ended it.
    mutating func lose(
        worker: Int32, _ reason: String, isOrderly: Bool = false, _ actions: inout [Action]
    ) {
        let label = roster.workers[worker].presence.label
        logSession("worker \(label) left: \(reason)", .info, &actions)
        if let peer = roster.workers[worker].presence.peer { actions.append(.forget(peer)) }
        var next = jobs.first(ofWorker: worker)
        while let slot = next {
            next = jobs.nextOfWorker(after: slot)
            jobs[slot].history.append("\(label): \(reason)")
            if jobs[slot].isStarted, !isOrderly { jobs[slot].losses += 1 }
            guard jobs[slot].losses < BrokerLimits.lossesMaximum else {
                let text =
                    "\(jobs[slot].losses) workers were lost while they ran the job, and no other is given it: "
                end(slot, Failure(.poisonous, text + historyText(slot)), &actions)
                continue
            }
            guard !passOn(slot, because: .workerLost, &actions) else { continue }
            end(slot, Failure(.workerLost, lossText(slot, label, reason)), &actions)
        }
        unlist(worker)
        let change = roster.removeWorker(worker)
        self.change(holdersOf: change)
        tellSuccession(change, &actions)
    }

    private func lossText(_ slot: Int32, _ label: String, _ reason: String) -> String {
        if jobs[slot].stage == .transferred {
            return "worker \(label) was lost with the job, which was transferred to it: \(reason)"
        }
        guard jobs[slot].resends < BrokerLimits.resendsMaximum else {
            return "\(jobs[slot].history.count) workers did not do the job, and no other is given it: "
                + historyText(slot)
        }
        let shard = roster.shard(of: jobs[slot].target).map { "\($0)" } ?? "its session"
        let before = jobs[slot].history.count > 1 ? "; in order: \(historyText(slot))" : ""
        return "worker \(label) was lost with the job: \(reason); nobody else serves \(shard)\(before)"
    }

    /// Who did not do a job, and why.
    func historyText(_ slot: Int32) -> String { jobs[slot].history.joined(separator: "; ") }

    /// A trainer will not come back: nobody awaits its jobs.
    mutating func lose(trainer: Int32, _ reason: String, _ actions: inout [Action]) {
        let label = roster.trainers[trainer].presence.label
        logSession("trainer \(label) left: \(reason)", .info, &actions)
        if let peer = roster.trainers[trainer].presence.peer { actions.append(.forget(peer)) }
        while let slot = jobs.first(ofTrainer: trainer) {
            cancelAtWorker(slot, &actions)
            close(slot, &actions)
        }
        actions.append(.forgetContents(of: roster.trainers[trainer].owner))
        querying.removeAll { $0 == trainer }
        roster.removeTrainer(trainer)
    }

    /// Asks the trainer for a job again, if another worker may take it: none may take one that was
    /// transferred, for its source would only name the same worker again.
    ///
    /// - Returns: whether it was asked; a job that was too often is not.
    mutating func passOn(_ slot: Int32, because reason: RequeueReason, _ actions: inout [Action]) -> Bool {
        let record = jobs[slot]
        guard record.stage != .transferred, record.resends < BrokerLimits.resendsMaximum,
            record.attempt < .max
        else { return false }
        let before = jobs.worker(of: slot)
        switch choose(for: record, without: before) {
        case .nobody, .full: return false
        case .worker, .missing: break
        }
        jobs[slot].avoided = before
        jobs[slot].resends += 1
        resend(slot, because: reason, &actions)
        return true
    }

    /// Takes a job from its worker and asks the trainer for it.
    mutating func resend(_ slot: Int32, because reason: RequeueReason, _ actions: inout [Action]) {
        let record = jobs[slot]
        dropFlows(of: slot, &actions)
        jobs.unassign(slot)
        jobs[slot].stage = .waiting
        // Whoever it waits for next has not begun it.
        jobs[slot].isStarted = false
        jobs.setExpiry(min(record.deadline, now + ProtocolLimits.silenceMilliseconds), of: slot)
        counters[reason] += 1
        let attempt = record.attempt == .max ? .max : record.attempt + 1
        send(
            Header(.resend, job: record.id, attempt: attempt, epoch: epoch), toTrainer: record.trainer,
            &actions)
    }

    /// Ends a job with a failure.
    mutating func end(_ slot: Int32, _ failure: Failure, _ actions: inout [Action]) {
        let record = jobs[slot]
        close(slot, &actions)
        tell(record.trainer, record.id, attempt: record.attempt, failure, &actions)
    }

    /// Tells the worker that has a job to let it be.
    mutating func cancelAtWorker(_ slot: Int32, _ actions: inout [Action]) {
        guard jobs[slot].stage != .waiting, let worker = jobs.worker(of: slot) else { return }
        send(
            Header(.cancel, job: jobs[slot].id, attempt: jobs[slot].attempt, epoch: epoch),
            toWorker: worker,
            &actions)
    }

    /// What workers and trainers have in common, for either.
    func presence(of party: Roster.Party) -> Presence {
        switch party {
        case .unknown: .vacant
        case .worker(let worker): roster.workers[worker].presence
        case .trainer(let trainer): roster.trainers[trainer].presence
        }
    }

    mutating func modify(_ party: Roster.Party, _ change: (inout Presence) -> Void) {
        switch party {
        case .unknown: break
        case .worker(let worker): change(&roster.workers[worker].presence)
        case .trainer(let trainer): change(&roster.trainers[trainer].presence)
        }
    }

    /// Takes a session's connection from it.
    mutating func detach(_ party: Roster.Party) {
        if let peer = presence(of: party).peer { roster.bind(peer, to: .unknown) }
        modify(party) { $0.peer = nil }
    }
}
