import Protocol

// What workers say of their jobs, and trainers of theirs.
extension BrokerMachine {
    /// A worker has begun, or says how far it is.
    mutating func report(_ header: Header, from worker: Int32, _ actions: inout [Action]) {
        guard let place = current(header, of: worker, &actions) else { return }
        relay(toTrainerOf: jobs[place], &actions)
    }

    /// A worker is done.
    mutating func finish(_ header: Header, from worker: Int32, _ actions: inout [Action]) {
        guard let place = current(header, of: worker, &actions) else { return }
        let record = jobs[place]
        jobs.remove(place)
        if relay(toTrainerOf: record, &actions) { counters.finished += 1 }
    }

    /// A worker did not do a job, or will not.
    mutating func fail(_ header: Header, from worker: Int32, _ code: FailureCode, _ actions: inout [Action]) {
        guard let place = current(header, of: worker, &actions) else { return }
        if code == .draining, !roster.workers[worker].isDraining {
            roster.workers[worker].isDraining = true
            catalogueChanged = true
            let label = roster.workers[worker].presence.label
            logSession("worker \(label) is draining", .info, &actions)
        }
        if code.isHandedBack, passOn(place, &actions) { return }
        let record = jobs[place]
        jobs.remove(place)
        if relay(toTrainerOf: record, &actions) { counters.failed += 1 }
    }

    /// A trainer does not want a job any more.
    mutating func cancel(_ header: Header, from trainer: Int32, _ actions: inout [Action]) {
        // Unknown: it was answered while the cancel was on its way.
        guard let place = jobs.place(of: header.job) else { return }
        guard jobs[place].trainer == trainer else {
            counters.unexpected += 1
            let label = roster.trainers[trainer].presence.label
            return logNoise(
                "dropped a cancel from \(label): the job is another trainer's", .warning, &actions)
        }
        cancelAtWorker(place, &actions)
        end(place, Failure(.cancelled, "the trainer cancelled the job"), &actions)
    }

    /// The job a worker speaks of, if it is the one that has it and speaks of its latest attempt.
    mutating func current(_ header: Header, of worker: Int32, _ actions: inout [Action]) -> Int32? {
        if let place = jobs.place(of: header.job), jobs.worker(of: place) == worker, !jobs[place].isWaiting,
            jobs[place].attempt == header.attempt
        {
            return place
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
