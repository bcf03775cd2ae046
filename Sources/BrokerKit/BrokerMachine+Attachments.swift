import Protocol

// Bytes that do not travel with a job or an answer, but when they are asked for.
extension BrokerMachine {
    /// A peer asks for bytes of a job it has, or of the answer to a job it awaits.
    ///
    /// Nobody is asked who is away: once back, a trainer submits its jobs again, and a worker is asked again.
    mutating func want(_ header: Header, _ extent: Extent, from peer: PeerID, _ actions: inout [Action]) {
        let party = roster.party(of: peer)
        hear(party, &actions)
        guard header.epoch == epoch, let slot = jobs.slot(of: header.job),
            jobs[slot].attempt == header.attempt
        else { return count(late: header, from: party, &actions) }
        switch party {
        case .worker(let worker) where jobs.worker(of: slot) == worker:
            guard jobs[slot].attachments.indices.contains(extent.attachment) else { break }
            return open(slot, extent, to: peer, from: provider(of: slot), isAnswer: false, &actions)
        case .trainer(let trainer) where jobs[slot].trainer == trainer && jobs[slot].stage == .answered:
            guard jobs[slot].answered.indices.contains(extent.attachment) else { break }
            // Whoever asks has it not: see `doubtAnswers`.
            jobs.setExpiry(jobs[slot].deadline, of: slot)
            let worker = jobs.worker(of: slot).flatMap { roster.workers[$0].presence.peer }
            return open(slot, extent, to: peer, from: worker, isAnswer: true, &actions)
        default:
            break
        }
        count(late: header, from: party, &actions)
    }

    /// Who has what a job came with.
    private func provider(of slot: Int32) -> PeerID? {
        guard jobs[slot].stage == .transferred else {
            return roster.trainers[jobs[slot].trainer].presence.peer
        }
        guard let source = jobs[slot].source, case .worker(let worker) = roster.party(of: source) else {
            return nil
        }
        return roster.workers[worker].presence.peer
    }

    private mutating func open(
        _ slot: Int32, _ extent: Extent, to receiver: PeerID, from provider: PeerID?, isAnswer: Bool,
        _ actions: inout [Action]
    ) {
        let attachment = (isAnswer ? jobs[slot].answered : jobs[slot].attachments)[extent.attachment]
        guard let provider, extent.to <= attachment.byteCount else { return }
        let owner = roster.trainers[jobs[slot].trainer].owner
        // What a worker calls by a name nobody else asks for.
        let isShared = !isAnswer && jobs[slot].stage != .transferred
        let content = isShared ? attachment.name : nil
        actions.append(
            .open(
                Flow(
                    Flow.Key(job: jobs[slot].id, attachment: extent.attachment, isAnswer: isAnswer),
                    to: receiver, from: provider, attempt: jobs[slot].attempt,
                    content: content.map {
                        Flow.Content(owner: owner, name: $0, byteCount: attachment.byteCount)
                    }, extent)))
    }

    /// A trainer has all of an answer.
    mutating func settle(_ header: Header, from trainer: Int32, _ actions: inout [Action]) {
        guard let slot = jobs.slot(of: header.job), jobs[slot].trainer == trainer,
            jobs[slot].stage == .answered, jobs[slot].attempt == header.attempt
        else { return count(late: header, from: .trainer(trainer), &actions) }
        counters.finished += 1
        dischargeWorker(of: slot, &actions)
        close(slot, &actions)
    }

    /// Nobody asks any more for what was answered.
    mutating func dischargeWorker(of slot: Int32, _ actions: inout [Action]) {
        guard let worker = jobs.worker(of: slot) else { return }
        release(jobs[slot].id, attempt: jobs[slot].attempt, at: worker, &actions)
    }

    /// A worker may let go of the bytes it offers for an attempt.
    private mutating func release(
        _ job: JobID, attempt: UInt32, at worker: Int32, _ actions: inout [Action]
    ) {
        send(Header(.received, job: job, attempt: attempt, epoch: epoch), toWorker: worker, &actions)
    }

    /// A trainer is back by another connection: what it had of answers is here, and then it may have said so on the old
    /// one, or is gone, and then it submits the job again. Who does neither has it.
    mutating func doubtAnswers(of trainer: Int32) {
        var next = jobs.first(ofTrainer: trainer)
        while let slot = next {
            next = jobs.nextOfTrainer(after: slot)
            guard jobs[slot].stage == .answered else { continue }
            jobs.setExpiry(min(jobs[slot].deadline, now + ProtocolLimits.silenceMilliseconds), of: slot)
        }
    }

    /// A worker has not, or no more, what it was asked for.
    mutating func lack(_ header: Header, at worker: Int32, _ actions: inout [Action]) {
        guard let slot = jobs.slot(of: header.job), jobs[slot].attempt == header.attempt else { return }
        let isAnswering = jobs[slot].stage == .answered && jobs.worker(of: slot) == worker
        let isSource =
            jobs[slot].stage == .transferred
            && jobs[slot].source == roster.workers[worker].presence.session
        guard isAnswering || isSource else { return }
        orphan(header.job, &actions)
    }

    /// Whoever had bytes of a job that somebody waits for has them no more: the trainer is asked for the job again.
    mutating func orphan(_ job: JobID, _ actions: inout [Action]) {
        guard let slot = jobs.slot(of: job), let worker = jobs.worker(of: slot),
            jobs[slot].stage == .answered || jobs[slot].stage == .transferred,
            askedAgain(slot, of: worker, &actions)
        else { return }
        if jobs[slot].stage == .transferred { cancelAtWorker(slot, &actions) }
        resend(slot, because: .bytesLost, &actions)
    }

    /// Ends a job's record, and what is on its way for it.
    mutating func close(_ slot: Int32, _ actions: inout [Action]) {
        dropFlows(of: slot, &actions)
        dischargeSource(of: slot, &actions)
        counters.jobTimes.add(milliseconds: now - jobs[slot].submittedAt)
        jobs.remove(slot)
    }

    /// Nobody asks for what a worker offers: it may let go of it.
    mutating func decline(
        _ attachments: [Attachment], of header: Header, from worker: Int32, _ actions: inout [Action]
    ) {
        guard !attachments.isEmpty else { return }
        release(header.job, attempt: header.attempt, at: worker, &actions)
    }

    /// Nobody asks any more for what was transferred.
    private mutating func dischargeSource(of slot: Int32, _ actions: inout [Action]) {
        guard let source = jobs[slot].source, !jobs[slot].attachments.isEmpty,
            case .worker(let worker) = roster.party(of: source)
        else { return }
        release(jobs[slot].id, attempt: jobs[slot].attempt, at: worker, &actions)
    }

    /// Nobody needs the bytes of a job's last attempt any more.
    mutating func dropFlows(of slot: Int32, _ actions: inout [Action]) {
        guard !jobs[slot].attachments.isEmpty || !jobs[slot].answered.isEmpty else { return }
        actions.append(.drop(jobs[slot].id))
    }

    private mutating func count(late header: Header, from party: Roster.Party, _ actions: inout [Action]) {
        guard party != .unknown else { return }
        counters.late += 1
        let label = presence(of: party).label
        logNoise("dropped a late \(header.command) from \(label)", .debug, &actions)
    }
}
