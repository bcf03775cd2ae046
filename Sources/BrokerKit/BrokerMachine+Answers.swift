import Protocol

// What workers say of their jobs, and trainers of theirs.
extension BrokerMachine {
    /// A worker has begun, or says how far it is.
    mutating func report(_ header: Header, from worker: Int32, _ actions: inout [Action]) {
        guard let slot = current(header, of: worker, &actions) else { return }
        if !jobs[slot].isStarted { counters.queueTimes.add(milliseconds: now - jobs[slot].dispatchedAt) }
        jobs[slot].isStarted = true
        relay(toTrainerOf: jobs[slot], &actions)
    }

    /// A worker is done; a job ends with its answer, or once the trainer has what is attached to it.
    mutating func finish(
        _ header: Header, _ attachments: [Attachment], from worker: Int32, _ actions: inout [Action]
    ) {
        guard let slot = current(header, of: worker, &actions) else {
            return decline(attachments, of: header, from: worker, &actions)
        }
        let record = jobs[slot]
        guard attachments.isEmpty else {
            jobs[slot].stage = .answered
            jobs[slot].answered = attachments
            relay(toTrainerOf: record, &actions)
            return
        }
        close(slot, &actions)
        if relay(toTrainerOf: record, &actions) { counters.finished += 1 }
    }

    /// A worker did not do a job, or will not.
    mutating func fail(_ header: Header, from worker: Int32, _ code: FailureCode, _ actions: inout [Action]) {
        guard let slot = current(header, of: worker, &actions) else { return }
        if code == .draining, !roster.workers[worker].isDraining {
            roster.workers[worker].isDraining = true
            change(worker)
            let label = roster.workers[worker].presence.label
            logSession("worker \(label) is draining", .info, &actions)
        }
        if code.isHandedBack {
            jobs[slot].history.append("\(roster.workers[worker].presence.label): \(code)")
            if passOn(slot, because: .handedBack, &actions) { return }
        }
        let record = jobs[slot]
        close(slot, &actions)
        if relay(toTrainerOf: record, &actions) { counters.failures.count(code) }
    }

    /// A trainer does not want a job any more.
    mutating func cancel(_ header: Header, from trainer: Int32, _ actions: inout [Action]) {
        // Unknown: it was answered while the cancel was on its way.
        guard let slot = jobs.slot(of: header.job) else { return }
        guard jobs[slot].trainer == trainer else {
            counters.unexpected += 1
            let label = roster.trainers[trainer].presence.label
            return logNoise(
                "dropped a cancel from \(label): the job is another trainer's", .warning, &actions)
        }
        cancelAtWorker(slot, &actions)
        end(slot, Failure(.cancelled, "the trainer cancelled the job"), &actions)
    }

    /// The job a worker speaks of, if it is the one that has it and speaks of its latest attempt.
    mutating func current(_ header: Header, of worker: Int32, _ actions: inout [Action]) -> Int32? {
        if let slot = jobs.slot(of: header.job), jobs.worker(of: slot) == worker,
            jobs[slot].stage != .waiting,
            jobs[slot].attempt == header.attempt
        {
            return slot
        }
        counters.late += 1
        let label = roster.workers[worker].presence.label
        logNoise(
            "dropped a late \(header.command) from \(label): attempt \(header.attempt) of job \(header.job)",
            .debug, &actions)
        return nil
    }

    /// Sends the current message on to the trainer; one that is away will ask again.
    @discardableResult
    private mutating func relay(toTrainerOf record: JobTable.Record, _ actions: inout [Action]) -> Bool {
        guard let peer = roster.trainers[record.trainer].presence.peer else { return false }
        roster.trainers[record.trainer].presence.sentAt = now
        actions.append(.relay(to: peer))
        return true
    }
}
