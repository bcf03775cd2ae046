import Protocol

/// The broker: who is there, what they have, which job is where.
///
/// DESIGN. A pure value: events and the time go in, actions come out; the shell owns the sockets, numbers the
/// connections and holds the message an event came from until its actions are done. The broker keeps soft
/// state only: the trainer owns its jobs and sends them again when the broker, or a worker, is lost, so
/// nothing here is ever written down, and a job's body is never kept. A session outlives its connection: a
/// worker whose connection broke is *missing* for a moment and gets no new jobs; back in time it goes on
/// where it was, else it is *lost* and its jobs are asked for again. Every dispatch is an attempt with a
/// number; only the answer of a job's latest attempt, from the worker that has it, passes. On the way of a
/// job there are look-ups and stores, but no arrays and no texts; that the machine and its tables cannot be
/// copied keeps it so, for reading a copyable one out of an actor may copy it.
package struct BrokerMachine: ~Copyable, Sendable {
    /// The broker's run, as in every header.
    package let epoch: UInt64
    /// What was counted since the start.
    package internal(set) var counters = BrokerCounters()

    var roster = Roster()
    var jobs = JobTable()
    var now: Int64
    let startedAt: Int64
    let jobsMaximum: Int
    var isStopped = false
    var catalogueLog = CatalogueLog()
    /// The data sets announced: by how many workers, and since which revision of the catalogue.
    var schemas: [DatasetDescription: (count: Int, changedAt: UInt64)] = [:]
    var catalogueGate = LogThrottle(
        intervalMilliseconds: BrokerLimits.catalogueIntervalMilliseconds, burst: BrokerLimits.catalogueBurst)
    /// Whether trainers that follow may not have been told what has changed.
    var hasUntold = false
    var querying: [Int32] = []
    var dispatchCount: UInt64 = 0
    var tickedAt: Int64
    /// No silence counts from before this time.
    var awakeAt: Int64
    var expired: [Int32] = []
    var noise = LogThrottle(intervalMilliseconds: BrokerLimits.noiseIntervalMilliseconds)
    var sessionLog = LogThrottle(
        intervalMilliseconds: BrokerLimits.sessionLogIntervalMilliseconds, burst: BrokerLimits.sessionLogBurst
    )

    /// A broker nobody has found yet.
    ///
    /// - Parameters:
    ///   - epoch: a number drawn at random for this run, never 0.
    ///   - jobsMaximum: open jobs after which more are refused.
    package init(epoch: UInt64, now: Int64, jobsMaximum: Int = ProtocolLimits.brokerJobsMaximum) {
        precondition(epoch != 0, "0 stands for no broker")
        self.epoch = epoch
        self.jobsMaximum = jobsMaximum
        self.now = now
        startedAt = now
        tickedAt = now
        awakeAt = now
    }

    /// Takes an event and appends what must be done.
    package mutating func handle(_ event: Event, at now: Int64, actions: inout [Action]) {
        guard !isStopped else { return }
        self.now = now
        switch event {
        case .message(let peer, let header): receive(header, from: peer, &actions)
        case .query(let peer, let header, let query):
            note(query, of: peer)
            receive(header, from: peer, &actions)
        case .untold(let peer, since: let revision): forgetTelling(peer, since: revision)
        case .attached(let peer, let header, let attachments):
            receive(header, attachments, from: peer, &actions)
        case .want(let peer, let header, let extent): want(header, extent, from: peer, &actions)
        case .heard(let peer): hear(roster.party(of: peer), &actions)
        case .orphaned(let job): orphan(job, &actions)
        case .failed(let peer, let header, let code): receive(header, from: peer, failure: code, &actions)
        case .hello(let peer, let hello, let byteCount):
            welcome(hello, byteCount: byteCount, from: peer, &actions)
        case .introduction(let peer, let hello, let byteCount, let credential):
            welcome(hello, byteCount: byteCount, from: peer, by: credential, &actions)
        case .revoked(let keys): revoke(keys, &actions)
        case .goodbye(let peer, _, let reason): part(from: peer, reason: reason, &actions)
        case .damaged(let peer, let header, let error): answer(damaged: header, error, from: peer, &actions)
        case .garbage(let error):
            counters.garbage += 1
            logNoise("dropped a message: \(error)", .warning, &actions)
        case .disconnected(let peer): miss(peer, "its connection broke", &actions)
        case .unreachable(let peer): miss(peer, "it cannot be reached", &actions)
        case .crowded(let peer, let isCrowded):
            guard case .worker(let worker) = roster.party(of: peer) else { break }
            roster.workers[worker].isCrowded = isCrowded
        case .overwhelmed(let peer): lose(peer, "it takes its messages too slowly", &actions)
        case .turnEnded: tellCatalogue(&actions)
        case .tick: tick(&actions)
        case .stop(let reason): stop(reason, &actions)
        }
    }

    /// Counts a piece nobody waits for.
    package mutating func countLate() { counters.late += 1 }

    /// Whether a connection carries a session.
    package func knows(_ peer: PeerID) -> Bool { roster.party(of: peer) != .unknown }

    /// How many jobs are open.
    package var openJobCount: Int { jobs.count }
    /// How many workers have a session, missing ones too.
    package var workerCount: Int { roster.workers.count }
    /// How many trainers have a session.
    package var trainerCount: Int { roster.trainers.count }
}

// Who says what.
extension BrokerMachine {
    private mutating func receive(
        _ header: Header, _ attachments: [Attachment] = [], from peer: PeerID, failure: FailureCode? = nil,
        _ actions: inout [Action]
    ) {
        let party = roster.party(of: peer)
        if header.epoch != epoch || party == .unknown {
            actions.append(.send(to: peer, Header(.reset, job: .none, attempt: 0, epoch: epoch)))
            if party == .unknown { actions.append(.forget(peer)) }
            return
        }
        switch party {
        case .unknown:
            break
        case .worker(let worker):
            hear(party, &actions)
            receive(header, attachments, fromWorker: worker, failure: failure, &actions)
        case .trainer(let trainer):
            hear(party, &actions)
            receive(header, attachments, fromTrainer: trainer, &actions)
        }
    }

    private mutating func receive(
        _ header: Header, _ attachments: [Attachment], fromWorker worker: Int32, failure: FailureCode?,
        _ actions: inout [Action]
    ) {
        switch header.command {
        case .started, .progress: report(header, from: worker, &actions)
        case .result: finish(header, attachments, from: worker, &actions)
        case .transfer: transfer(header, attachments, from: worker, &actions)
        case .gone: lack(header, at: worker, &actions)
        case .failed: fail(header, from: worker, failure ?? .malformed, &actions)
        case .heartbeat: send(Header(.heartbeat), toWorker: worker, &actions)
        default: drop(header, from: roster.workers[worker].presence, &actions)
        }
    }

    private mutating func receive(
        _ header: Header, _ attachments: [Attachment], fromTrainer trainer: Int32, _ actions: inout [Action]
    ) {
        switch header.command {
        case .submit where maySubmit(trainer): submit(header, attachments, from: trainer, &actions)
        case .submit: refuseSubmit(header, from: trainer, &actions)
        case .cancel: cancel(header, from: trainer, &actions)
        case .received: settle(header, from: trainer, &actions)
        // It has submitted the job again, or will.
        case .gone: break
        case .catalogueQuery: query(from: trainer)
        case .statusQuery: tellStatus(to: trainer, &actions)
        case .heartbeat: send(Header(.heartbeat), toTrainer: trainer, &actions)
        default: drop(header, from: roster.trainers[trainer].presence, &actions)
        }
    }

    private mutating func drop(_ header: Header, from presence: Presence, _ actions: inout [Action]) {
        counters.unexpected += 1
        logNoise("dropped a \(header.command) from \(presence.label): not expected", .warning, &actions)
    }
}

// Sending and telling.
extension BrokerMachine {
    /// Sends a message without a body to a worker, if it is there.
    mutating func send(_ header: Header, toWorker worker: Int32, _ actions: inout [Action]) {
        guard let peer = roster.workers[worker].presence.peer else { return }
        roster.workers[worker].presence.sentAt = now
        actions.append(.send(to: peer, stamped(header)))
    }

    /// Sends a message without a body to a trainer, if it is there.
    mutating func send(_ header: Header, toTrainer trainer: Int32, _ actions: inout [Action]) {
        guard let peer = roster.trainers[trainer].presence.peer else { return }
        roster.trainers[trainer].presence.sentAt = now
        actions.append(.send(to: peer, stamped(header)))
    }

    /// Tells a trainer that its job has failed, if it is there.
    mutating func tell(
        _ trainer: Int32, _ job: JobID, attempt: UInt32, _ failure: Failure, _ actions: inout [Action]
    ) {
        guard let peer = roster.trainers[trainer].presence.peer else { return }
        counters.failures.count(failure.code)
        roster.trainers[trainer].presence.sentAt = now
        var header = Header(.failed, job: job, attempt: attempt, epoch: epoch)
        if failure.code == .overloaded { header.waitMilliseconds = BrokerLimits.overloadWaitMilliseconds }
        actions.append(.fail(to: peer, header, failure))
    }

    /// Logs a line about something dropped, at a bounded rate.
    mutating func logNoise(_ text: @autoclosure () -> String, _ level: LogLevel, _ actions: inout [Action]) {
        guard let suppressed = noise.admit(at: now) else { return }
        let more = suppressed == 0 ? "" : " (and \(suppressed) more like it)"
        actions.append(.log(level, text() + more))
    }

    /// Logs a line about somebody who came or went, at a bounded rate.
    mutating func logSession(_ text: @autoclosure () -> String, _ level: LogLevel, _ actions: inout [Action])
    {
        guard let suppressed = sessionLog.admit(at: now) else { return }
        let more = suppressed == 0 ? "" : " (\(suppressed) lines left out)"
        actions.append(.log(level, text() + more))
    }

    private func stamped(_ header: Header) -> Header {
        var header = header
        header.epoch = epoch
        return header
    }
}
