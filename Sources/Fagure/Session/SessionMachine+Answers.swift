import Jobs
import Protocol

extension SessionMachine {
    /// Takes what the broker says about a job.
    mutating func answer(_ event: Event, _ now: Int64, _ actions: inout [Action]) {
        switch event {
        case .result(let id, let attempt):
            guard let job = awaited(id, attempt) else { return }
            if job.sentGraphs { known.insert(job.submission.graphs, at: job.submission.target) }
            jobs[id] = nil
            statistics.answers += 1
            actions.append(.deliver(id))
        case .failure(let id, let attempt, let failure, let wait):
            guard let job = awaited(id, attempt) else { return }
            handle(failure, of: id, job, waitMilliseconds: Int64(wait), now, &actions)
        case .resend(let id, let attempt):
            resend(id, attempt, now, &actions)
        case .progress(let id, let attempt, let progress):
            // Late progress is no answer: nobody counts it.
            guard let job = jobs[id], job.attempt == attempt else { return }
            guard progress.batchesDone <= job.submission.batchesMaximum else {
                let limit = job.submission.batchesMaximum
                actions.append(.cancel(id, attempt: attempt))
                return fail(
                    id,
                    Failure(.malformed, "it has done \(progress.batchesDone) batches of at most \(limit)"),
                    &actions)
            }
            // Who repeats itself has not come further.
            if progress.batchesDone > job.batchesDone {
                jobs[id]?.heardAt = now
                jobs[id]?.batchesDone = progress.batchesDone
            }
            actions.append(.report(id, progress))
        default:
            return
        }
    }

    /// The job whose present attempt an answer belongs to; a late answer is counted.
    private mutating func awaited(_ id: JobID, _ attempt: UInt32) -> OpenJob? {
        if let job = jobs[id], job.attempt == attempt, attempt > 0, job.stage == .answer || job.stage == .link
        {
            return job
        }
        statistics.lateAnswers += 1
        return nil
    }

    private mutating func handle(
        _ failure: Failure, of id: JobID, _ job: OpenJob, waitMilliseconds: Int64, _ now: Int64,
        _ actions: inout [Action]
    ) {
        switch failure.code {
        // Even where they were sent: a worker that holds a job by an earlier attempt, which came without them, answers
        // for that one, under the number of the last.
        case .unknownGraph where job.graphRetries < SessionLimits.graphRetriesMaximum:
            jobs[id]?.graphRetries += 1
            known.remove(job.submission.graphs, at: job.submission.target)
            jobs[id]?.mustSendGraphs = true
            send(id, now, &actions)
        case .noWorker where graceEnd.map({ now < $0 }) ?? false:
            jobs[id]?.stage = .shard
            query(now, &actions)
        case .noWorker:
            // The broker knows a shard by its key alone, but who else is missing for a transfer only it knows.
            let target = job.submission.target
            let reason =
                target.isSession
                ? "\(target.name): \(failure.message)" : "nobody serves \(target.name)"
            fail(id, Failure(.noWorker, reason), &actions)
        case .overloaded where job.overloads < SessionLimits.overloadRetriesMaximum:
            // Whoever is overloaded knows best how long, as far as it can be believed.
            let delay = min(
                max(waitMilliseconds, SessionLimits.overloadDelayMilliseconds << Int64(job.overloads)),
                SessionLimits.overloadDelayMaximumMilliseconds)
            jobs[id]?.overloads += 1
            jobs[id]?.stage = .retry(at: now + delay)
        default:
            fail(id, failure, &actions)
        }
    }

    /// The broker wants the job again, under the attempt it names.
    private mutating func resend(_ id: JobID, _ attempt: UInt32, _ now: Int64, _ actions: inout [Action]) {
        guard let job = jobs[id], job.stage == .answer || job.stage == .link, attempt > job.attempt else {
            statistics.lateAnswers += 1
            return
        }
        jobs[id]?.attempt = attempt - 1
        // It goes to another worker now, which need not know the graphs the first one knew.
        jobs[id]?.mustSendGraphs = true
        send(id, now, &actions)
    }

    /// Until when jobs wait for shards that were there before the broker was restarted.
    private var graceEnd: Int64? { restartedAt.map { $0 + ProtocolLimits.returnGraceMilliseconds } }

    // MARK: The link

    mutating func become(ready epoch: UInt64, _ now: Int64, _ actions: inout [Action]) {
        if case .closed = connection { return }
        connection = .ready(epoch: epoch)
        let isNewRun = lastEpoch != 0 && lastEpoch != epoch
        if isNewRun { restartedAt = now }
        if lastEpoch != 0 { actions.append(.tell(.brokerReturned(isNewRun: isNewRun))) }
        lastEpoch = epoch
        query(now, &actions)
        for owed in owedCancels { actions.append(.cancel(owed.job, attempt: owed.attempt)) }
        owedCancels.removeAll()
        for (id, job) in inOrder {
            // One that was told to wait goes on waiting; all others may have been lost on the way.
            if case .retry = job.stage { continue }
            send(id, now, &actions)
        }
    }

    mutating func lose(_ reason: String, _ actions: inout [Action]) {
        guard isReady else { return }
        connection = .connecting
        for id in jobs.keys where jobs[id]?.stage == .answer { jobs[id]?.stage = .link }
        actions.append(.tell(.brokerLost(reason: reason)))
    }

    private mutating func query(_ now: Int64, _ actions: inout [Action]) {
        guard isReady else { return }
        queriedAt = now
        actions.append(.queryCatalogue)
    }

    // MARK: Workers

    mutating func take(_ new: Catalogue, _ now: Int64, _ actions: inout [Action]) {
        if case .closed = connection { return }
        let before = Set(catalogue.workers.map(\.session)), after = Set(new.workers.map(\.session))
        for worker in catalogue.workers where !after.contains(worker.session) {
            actions.append(.tell(.workerLeft(name: worker.name)))
        }
        for worker in new.workers where !before.contains(worker.session) {
            actions.append(.tell(.workerJoined(worker)))
        }
        catalogue = new
        actions.append(.tell(.catalogue(new)))
        for (id, job) in inOrder where job.stage == .shard {
            if new.workers.contains(where: job.submission.target.isServed) { send(id, now, &actions) }
        }
    }

    // MARK: Time

    mutating func tick(_ now: Int64, _ actions: inout [Action]) {
        guard !jobs.isEmpty else { return }
        for (id, job) in inOrder {
            if let deadline = job.deadline, now >= deadline {
                expire(id, job, "the job took longer than it was given", &actions)
                continue
            }
            if job.stage == .answer, let silence = job.submission.silenceMilliseconds,
                now - job.heardAt >= silence
            {
                expire(id, job, "nothing was heard of the job for \(silence / 1_000) s", &actions)
                continue
            }
            switch job.stage {
            case .retry(let time) where now >= time:
                send(id, now, &actions)
            case .shard where graceEnd.map({ now >= $0 }) ?? true:
                let waited = ProtocolLimits.returnGraceMilliseconds / 1_000
                let name = job.submission.target.name
                let reason = "nobody serves \(name), \(waited) s after the broker was restarted"
                fail(id, Failure(.noWorker, reason), &actions)
            default:
                continue
            }
        }
        let waits = jobs.values.contains { $0.stage == .shard }
        if waits, now - queriedAt >= SessionLimits.queryIntervalMilliseconds { query(now, &actions) }
    }

    private mutating func expire(
        _ id: JobID, _ job: OpenJob, _ reason: String, _ actions: inout [Action]
    ) {
        if isReady, job.attempt > 0 { actions.append(.cancel(id, attempt: job.attempt)) }
        fail(id, Failure(.deadlineExceeded, reason), &actions)
    }
}
