import Protocol

// How a job finds its worker.
extension BrokerMachine {
    /// Who may take a job.
    enum Choice: Hashable {
        /// This one, now.
        case worker(Int32)
        /// This one, if it comes back.
        case missing(Int32)
        /// Those who could have as many jobs as they take.
        case full
        /// There is none.
        case nobody
    }

    /// A trainer wants a job done, for the first time or again.
    mutating func submit(
        _ header: Header, _ attachments: [Attachment], from trainer: Int32, _ actions: inout [Action]
    ) {
        guard header.job != .none else {
            return drop(header, "it names no job", from: trainer, &actions)
        }
        guard let slot = jobs.slot(of: header.job) else {
            return open(header, attachments, from: trainer, &actions)
        }
        guard jobs[slot].trainer == trainer else {
            return drop(header, "job \(header.job) is another trainer's", from: trainer, &actions)
        }
        reopen(slot, header, attachments, &actions)
    }

    private mutating func open(
        _ header: Header, _ attachments: [Attachment], from trainer: Int32, _ actions: inout [Action]
    ) {
        guard jobs.count < jobsMaximum else {
            let failure = Failure(.overloaded, "the broker has \(jobs.count) open jobs, which is its limit")
            return tell(trainer, header.job, attempt: header.attempt, failure, &actions)
        }
        let record = JobTable.Record(
            id: header.job, trainer: trainer, attempt: max(header.attempt, 1), target: header.target,
            targetsSession: header.flags.contains(.targetsSession),
            deadlineMilliseconds: header.deadlineMilliseconds, deadline: deadline(of: header),
            attachments: attachments, bodyIsAttached: header.flags.contains(.bodyIsAttached),
            submittedAt: now)
        follow(jobs.insert(record), choose(for: record), &actions)
    }

    /// The job is open already: the connection, the broker's word or the worker was lost in between.
    private mutating func reopen(
        _ slot: Int32, _ header: Header, _ attachments: [Attachment], _ actions: inout [Action]
    ) {
        dropFlows(of: slot, &actions)
        jobs[slot].attachments = attachments
        jobs[slot].bodyIsAttached = header.flags.contains(.bodyIsAttached)
        jobs[slot].answered = []
        let attempt = jobs[slot].attempt
        jobs[slot].attempt = max(attempt == .max ? .max : attempt + 1, header.attempt)
        jobs[slot].target = header.target
        jobs[slot].targetsSession = header.flags.contains(.targetsSession)
        jobs[slot].deadlineMilliseconds = header.deadlineMilliseconds
        jobs[slot].deadline = deadline(of: header)
        // A worker it was transferred to was never sent the trainer's body, and is not sent it now: its
        // source repeats the transfer.
        if jobs[slot].stage == .dispatched || jobs[slot].stage == .answered,
            let worker = jobs.worker(of: slot),
            roster.workers[worker].presence.peer != nil
        {
            return dispatch(slot, to: worker, flags: [], &actions)
        }
        follow(slot, choose(for: jobs[slot]), &actions)
    }

    private mutating func follow(_ slot: Int32, _ choice: Choice, _ actions: inout [Action]) {
        switch choice {
        case .worker(let worker):
            dispatch(slot, to: worker, flags: [], &actions)
        case .missing(let worker):
            // It had its connection a moment ago: rather than fail the job, ask for it again when the worker
            // is back.
            jobs[slot].stage = .waiting
            jobs.assign(slot, to: worker)
            jobs.setExpiry(min(jobs[slot].deadline, now + ProtocolLimits.silenceMilliseconds), of: slot)
        case .full:
            end(
                slot, Failure(.overloaded, "every worker that serves \(targetText(slot)) is full"), &actions
            )
        case .nobody:
            end(slot, Failure(.noWorker, "no worker serves \(targetText(slot))"), &actions)
        }
    }

    /// Sends the current message, a submit or a transfer, on to a worker that is there.
    mutating func dispatch(
        _ slot: Int32, to worker: Int32, flags: Header.Flags, _ actions: inout [Action]
    ) {
        guard let peer = roster.workers[worker].presence.peer else { return }
        introduce(jobs[slot].trainer, to: worker, at: peer, &actions)
        dispatchCount += 1
        counters.dispatched += 1
        roster.workers[worker].lastUsed = dispatchCount
        roster.workers[worker].presence.sentAt = now
        jobs[slot].stage = flags.contains(.transferred) ? .transferred : .dispatched
        jobs[slot].isStarted = false
        jobs[slot].dispatchedAt = now
        jobs[slot].avoided = nil
        jobs.assign(slot, to: worker)
        jobs.setExpiry(jobs[slot].deadline, of: slot)
        roster.dropClaim(on: jobs[slot].id)
        var header = Header(.dispatch, job: jobs[slot].id, attempt: jobs[slot].attempt, epoch: epoch)
        header.flags = jobs[slot].bodyIsAttached ? flags.union(.bodyIsAttached) : flags
        header.target = roster.trainers[jobs[slot].trainer].owner
        header.deadlineMilliseconds = millisecondsLeft(until: jobs[slot].deadline)
        actions.append(.forward(to: peer, header))
    }

    private func deadline(of header: Header) -> Int64 {
        header.deadlineMilliseconds == 0 ? .max : now + Int64(header.deadlineMilliseconds)
    }

    private func millisecondsLeft(until deadline: Int64) -> UInt32 {
        // 0 would be no limit.
        deadline == .max ? 0 : UInt32(clamping: max(1, deadline - now))
    }

    private func targetText(_ slot: Int32) -> String {
        if jobs[slot].targetsSession { return "session \(jobs[slot].target)" }
        return roster.shard(of: jobs[slot].target).map { "\($0)" }
            ?? "the shard with key \(jobs[slot].target)"
    }

    private mutating func drop(
        _ header: Header, _ reason: String, from trainer: Int32, _ actions: inout [Action]
    ) {
        counters.unexpected += 1
        let label = roster.trainers[trainer].presence.label
        logNoise("refused a \(header.command) from \(label): \(reason)", .warning, &actions)
        tell(trainer, header.job, attempt: header.attempt, Failure(.malformed, reason), &actions)
    }
}

// The choice.
extension BrokerMachine {
    /// Who takes this job: a worker that has it or may have its answer, else the best but the one that would
    /// not have it, else that one.
    private func choose(for record: JobTable.Record) -> Choice {
        if let claimant = roster.claimant(of: record.id), serves(claimant, record) {
            return .worker(claimant)
        }
        if let source = record.source, case .worker(let worker) = roster.party(of: source),
            serves(worker, record)
        {
            return .worker(worker)
        }
        let choice = choose(for: record, without: record.avoided)
        guard record.avoided != nil, choice == .full || choice == .nobody else { return choice }
        return choose(for: record, without: nil)
    }

    /// Whether a worker is there and is what a job was addressed to.
    private func serves(_ worker: Int32, _ record: JobTable.Record) -> Bool {
        guard roster.workers[worker].presence.peer != nil else { return false }
        return record.targetsSession
            ? roster.workers[worker].presence.session == record.target
            : roster.holders(of: record.target).contains(worker)
    }

    /// The holder with the fewest open jobs, of equals the one not used for longest.
    ///
    /// - Complexity: O(holders of the shard).
    func choose(for record: JobTable.Record, without excluded: Int32?) -> Choice {
        if record.targetsSession {
            guard case .worker(let worker) = roster.party(of: record.target), worker != excluded else {
                return .nobody
            }
            return suitability(of: worker, for: record.trainer)
        }
        var best = Choice.nobody
        for worker in roster.holders(of: record.target) where worker != excluded {
            best = better(best, suitability(of: worker, for: record.trainer))
        }
        return best
    }

    private func suitability(of worker: Int32, for trainer: Int32) -> Choice {
        if roster.workers[worker].isDraining { return .nobody }
        if roster.workers[worker].presence.peer == nil || roster.workers[worker].isTorpid {
            return .missing(worker)
        }
        return hasRoom(worker, for: trainer) ? .worker(worker) : .full
    }

    /// Whether a worker may have one more job of a trainer: the last of its capacity is kept for trainers that have
    /// little, so that nobody takes a worker whole.
    private func hasRoom(_ worker: Int32, for trainer: Int32) -> Bool {
        let (count, capacity) = (jobs.count(ofWorker: worker), roster.workers[worker].capacity)
        guard count < capacity, !roster.workers[worker].isCrowded else { return false }
        let reserved = capacity / BrokerLimits.reservedShare
        return count < capacity - reserved || jobs.count(ofTrainer: trainer) <= reserved
    }

    private func better(_ left: Choice, _ right: Choice) -> Choice {
        switch (left, right) {
        case (.worker(let first), .worker(let second)): isBusier(first, than: second) ? right : left
        case (.worker, _), (_, .nobody): left
        case (_, .worker), (.nobody, _): right
        // Waiting for one that may come back beats being turned away by one that is full.
        case (.missing, _), (_, .full): left
        case (_, .missing): right
        }
    }

    private func isBusier(_ first: Int32, than second: Int32) -> Bool {
        let counts = (jobs.count(ofWorker: first), jobs.count(ofWorker: second))
        guard counts.0 == counts.1 else { return counts.0 > counts.1 }
        return roster.workers[first].lastUsed > roster.workers[second].lastUsed
    }
}
