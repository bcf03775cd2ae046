import Keys
import Protocol

// How sessions begin and end.
extension BrokerMachine {
    /// Lets a peer in, or says why not.
    ///
    /// - Parameter credential: whom its key stands for, where there are keys.
    mutating func welcome(
        _ hello: Hello, byteCount: Int, from peer: PeerID, by credential: Credential? = nil,
        _ actions: inout [Action]
    ) {
        let objection = objection(to: hello, by: credential)
        if let failure = objection ?? refusal(of: hello, byteCount: byteCount, from: peer) {
            let label = LogText.printable(hello.name)
            logSession("refused \(label): \(LogText.printable(failure.message))", .warning, &actions)
            actions.append(.fail(to: peer, Header(.refused, job: .none, attempt: 0, epoch: epoch), failure))
            if roster.party(of: peer) == .unknown { actions.append(.forget(peer)) }
            return
        }
        leaveOtherSession(hello.session, of: peer, &actions)
        let version = ProtocolVersion.highestCommon(hello.versions) ?? UInt32(ProtocolVersion.current.major)
        // The welcome comes before anything else this session is sent.
        actions.append(
            .welcome(
                to: peer, Header(.welcome, job: .none, attempt: 0, epoch: epoch),
                Welcome(version: version, remarks: remarks(on: hello))))
        switch hello.role {
        case .worker: welcomeWorker(hello, byteCount: byteCount, from: peer, &actions)
        case .trainer: welcomeTrainer(hello, from: peer, &actions)
        }
        if let credential { tie(hello.session, to: credential) }
    }

    private func refusal(of hello: Hello, byteCount: Int, from peer: PeerID) -> Failure? {
        guard ProtocolVersion.highestCommon(hello.versions) != nil else {
            return Failure(
                .versionUnsupported,
                "\(hello.name) speaks protocol \(range(hello.versions)), this broker "
                    + "\(range(ProtocolVersion.supported))")
        }
        guard hello.session != .none else { return Failure(.malformed, "the session id is zero") }
        if let contradiction = hello.contradiction { return Failure(.malformed, contradiction) }
        let before: Int
        switch (roster.party(of: hello.session), hello.role) {
        case (.worker(let worker), .worker): before = roster.workers[worker].announcedByteCount
        case (.trainer, .trainer): before = 0
        case (.unknown, _):
            guard roster.count < BrokerLimits.sessionsMaximum else {
                return Failure(
                    .overloaded,
                    "the broker has \(roster.count) sessions, the limit is \(BrokerLimits.sessionsMaximum)")
            }
            before = 0
        default:
            return Failure(.malformed, "session \(hello.session) is known under the other role")
        }
        return hello.role == .trainer ? nil : refusal(ofBytes: byteCount, before: before)
    }

    private func refusal(ofBytes byteCount: Int, before: Int) -> Failure? {
        let others = roster.announcedByteCount - before
        let left = BrokerLimits.announcedByteCountMaximum - others
        let share = byteCount > BrokerLimits.longIntroductionByteCount ? left / 4 : left
        guard byteCount > share else { return nil }
        return Failure(
            .limitExceeded,
            "the introduction has \(byteCount) bytes, and those of others \(others): of the "
                + "\(BrokerLimits.announcedByteCountMaximum) for all it may take \(share)")
    }

    private func range(_ versions: ClosedRange<UInt32>) -> String {
        "\(versions.lowerBound) to \(versions.upperBound)"
    }

    /// One connection carries one session: a second one ends the first.
    private mutating func leaveOtherSession(_ session: SessionID, of peer: PeerID, _ actions: inout [Action])
    {
        let party = roster.party(of: peer)
        guard party != .unknown, party != roster.party(of: session) else { return }
        detach(party)
        switch party {
        case .worker(let worker): lose(worker: worker, "its connection introduced another session", &actions)
        case .trainer(let trainer):
            lose(trainer: trainer, "its connection introduced another session", &actions)
        case .unknown: break
        }
    }

    private mutating func welcomeWorker(
        _ hello: Hello, byteCount: Int, from peer: PeerID, _ actions: inout [Action]
    ) {
        let worker: Int32
        var isReconnected = false
        switch roster.party(of: hello.session) {
        case .worker(let known):
            worker = known
            isReconnected = roster.workers[known].presence.peer != peer
            if isReconnected {
                (roster.workers[known].isTorpid, roster.workers[known].isCrowded) = (false, false)
            }
            attach(peer, to: .worker(known), &actions)
        default:
            worker = roster.addWorker(presence(of: hello, at: peer))
            roster.bind(peer, to: .worker(worker))
            logSession(
                "worker \(LogText.printable(hello.name)) joined, shards: \(hello.shards.count), "
                    + LogText.printable(hello.software), .info, &actions)
            for job in hello.openJobs { roster.claim(job, for: worker) }
        }
        let before = roster.workers[worker].datasets
        let change = roster.describe(worker, as: hello, byteCount: byteCount)
        list(worker, insteadOf: before)
        self.change(holdersOf: change)
        tell(change, of: worker, &actions)
        if isReconnected { reconcile(worker, with: hello, &actions) }
    }

    private mutating func welcomeTrainer(_ hello: Hello, from peer: PeerID, _ actions: inout [Action]) {
        if case .trainer(let known) = roster.party(of: hello.session) {
            let isReconnected = roster.trainers[known].presence.peer != peer
            attach(peer, to: .trainer(known), &actions)
            if isReconnected { doubtAnswers(of: known) }
            return
        }
        let trainer = roster.addTrainer(presence(of: hello, at: peer))
        roster.bind(peer, to: .trainer(trainer))
        logSession(
            "trainer \(LogText.printable(hello.name)) joined, \(LogText.printable(hello.software))", .info,
            &actions)
    }

    private func presence(of hello: Hello, at peer: PeerID) -> Presence {
        Presence(
            session: hello.session, peer: peer, label: LogText.printable(hello.name),
            software: hello.software, heardAt: now, sentAt: now)
    }

    /// Gives a known session a connection, in place of the one it may have had.
    private mutating func attach(_ peer: PeerID, to party: Roster.Party, _ actions: inout [Action]) {
        let before = presence(of: party)
        if let old = before.peer, old != peer {
            roster.bind(old, to: .unknown)
            actions.append(.forget(old))
        }
        roster.bind(peer, to: party)
        modify(party) { [now] presence in
            presence.peer = peer
            presence.missingSince = nil
            presence.heardAt = now
            presence.sentAt = now
        }
        guard let since = before.missingSince else { return }
        let missed = now - since
        logSession("\(before.label) is back after \(missed) ms", .info, &actions)
    }

    /// Settles the jobs of a worker that came back by another connection: what was on its way is gone.
    private mutating func reconcile(_ worker: Int32, with hello: Hello, _ actions: inout [Action]) {
        let held = Set(hello.openJobs)
        // Of a job named twice the first attempt counts; of one without an attempt, none.
        let attempts = Dictionary(zip(hello.openJobs, hello.openAttempts)) { first, _ in first }
        // Its trainer has not asked for them since this broker started, but may.
        let claimed = held.filter { roster.claimant(of: $0) == worker }
        roster.dropClaims(of: worker)
        var next = jobs.first(ofWorker: worker)
        while let slot = next {
            next = jobs.nextOfWorker(after: slot)
            if jobs[slot].stage != .waiting, attempts[jobs[slot].id] == jobs[slot].attempt { continue }
            // It never got the job, or holds it by an earlier attempt, whose answer would not count, or its answer
            // was lost and is in its cache: either way it is to be asked again; by its source, if it was transferred
            // to it.
            guard askedAgain(slot, of: worker, &actions) else { continue }
            if jobs[slot].stage != .transferred { roster.claim(jobs[slot].id, for: worker) }
            resend(slot, because: .forgotten, &actions)
        }
        for job in held {
            switch jobs.slot(of: job) {
            case nil where claimed.contains(job):
                roster.claim(job, for: worker)
            case nil:
                send(Header(.cancel, job: job, attempt: 0, epoch: epoch), toWorker: worker, &actions)
            case let slot? where jobs[slot].stage == .waiting:
                if jobs[slot].source == nil { roster.claim(job, for: worker) }
            case let slot? where jobs.worker(of: slot) != worker:
                send(Header(.cancel, job: job, attempt: 0, epoch: epoch), toWorker: worker, &actions)
            default:
                break
            }
        }
    }

    /// Counts a job a worker came back without; one it always comes back without ends.
    mutating func askedAgain(_ slot: Int32, of worker: Int32, _ actions: inout [Action]) -> Bool {
        guard jobs[slot].stage != .waiting else { return true }
        guard jobs[slot].resends < BrokerLimits.resendsMaximum else {
            let label = roster.workers[worker].presence.label
            let text =
                "the connection of worker \(label) broke with the job again and again: \(historyText(slot))"
            end(slot, Failure(.workerLost, text), &actions)
            return false
        }
        jobs[slot].resends += 1
        jobs[slot].history.append("\(roster.workers[worker].presence.label): it came back without the job")
        return true
    }

    /// A peer leaves of its own will.
    mutating func part(from peer: PeerID, reason: String, _ actions: inout [Action]) {
        guard roster.party(of: peer) != .unknown else {
            actions.append(.forget(peer))
            return
        }
        lose(peer, "it said goodbye: \(LogText.printable(reason))", isOrderly: true, &actions)
    }

    /// Says goodbye to everybody and ends.
    mutating func stop(_ reason: String, _ actions: inout [Action]) {
        let header = Header(.goodbye, job: .none, attempt: 0, epoch: epoch)
        for worker in roster.workers.numbers where roster.workers.isTaken(worker) {
            guard let peer = roster.workers[worker].presence.peer else { continue }
            actions.append(.goodbye(to: peer, header, Goodbye(reason: reason)))
        }
        for trainer in roster.trainers.numbers where roster.trainers.isTaken(trainer) {
            guard let peer = roster.trainers[trainer].presence.peer else { continue }
            actions.append(.goodbye(to: peer, header, Goodbye(reason: reason)))
        }
        isStopped = true
    }
}
