import Jobs
import Link
import Protocol
import ZMQ

/// What the machine decided, done: an actor that lives on the loop and owns the link.
///
/// A message costs no task and no hop; the one hop of a job is where its caller's task goes on.
actor SessionShell: LinkOwner {
    /// What a job's caller waits for.
    typealias Answer = Result<Incoming, Failure>

    /// A job whose caller waits.
    struct Waiter {
        let payload: JobPayload
        let continuation: CheckedContinuation<Answer, Never>
        let progress: (@Sendable (JobProgress) -> Void)?
        let submission: SessionMachine.Submission
    }

    nonisolated let loop: any Reactor

    /// The last thing the broker said of workers and data.
    var catalogue: Catalogue { machine.catalogue }

    private let hello: Hello
    private let notice: @Sendable (String) -> Void
    private var link: PeerLink
    private var machine = SessionMachine()
    private var waiters: [JobID: Waiter] = [:]
    /// The catalogue as far as it has come, and the run of the broker it is of.
    private var view = CatalogueView()
    private var viewEpoch: UInt64 = 0
    private var connecting: CheckedContinuation<Failure?, Never>?
    private let timeoutMilliseconds: Int64?
    /// Since when a broker that has let us in owes the first catalogue, and when it was last asked for it.
    private var owedSince: Int64?
    private var owedAskedAt: Int64 = 0
    private var listeners: [Int: AsyncStream<SessionEvent>.Continuation] = [:]
    private var nextListener = 0
    private var actions: [SessionMachine.Action] = []
    private var performing: [SessionMachine.Action] = []
    private var linkEvents: [LinkEvent] = []
    private var names: TensorNames
    private var saidWaitingAt: Int64?
    private var isEnded = false
    /// Those who wait for the broker's status.
    private var statusWaiters: [Int: CheckedContinuation<BrokerStatus?, Never>] = [:]
    private var nextStatusWaiter = 0

    init(
        endpoint: String, credentials: CurveCredentials?, name: String, timeoutMilliseconds: Int64?,
        loop: any Reactor,
        notice: @escaping @Sendable (String) -> Void
    ) {
        self.loop = loop
        self.notice = notice
        self.timeoutMilliseconds = timeoutMilliseconds
        var randomness = ReactorRandomness(loop)
        names = TensorNames(using: &randomness)
        hello = Hello(name: name, role: .trainer, session: .random(using: &randomness))
        link = PeerLink(
            endpoint: endpoint, credentials: credentials, timeoutMilliseconds: timeoutMilliseconds,
            repeatsDropped: true, loop: loop)
    }

    // MARK: The session

    /// Opens the link and waits for the broker and its first catalogue.
    ///
    /// - Returns: why there is no session, or nothing.
    func connect() async -> Failure? {
        await withCheckedContinuation { continuation in
            connecting = continuation
            do {
                if let event = try link.start(for: self, hello: { hello }) { take(event) }
                scheduleTick()
            } catch {
                handle(.failed(Failure(.brokerUnreachable, "\(error)")))
            }
        }
    }

    /// Fails what is open, says goodbye and closes the link.
    func close(reason: String) {
        handle(.close)
        link.leave(reason: reason)
    }

    /// Tells a reader what happens from now on, beginning with the catalogue.
    func listen() -> AsyncStream<SessionEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: SessionEvent.self, bufferingPolicy: .bufferingNewest(SessionLimits.eventBacklogMaximum))
        let number = nextListener
        nextListener += 1
        if case .closed(let failure) = machine.connection {
            continuation.yield(.ended(failure))
            continuation.finish()
            return stream
        }
        listeners[number] = continuation
        continuation.onTermination = { [weak self, loop] _ in
            loop.execute { [weak self] in self?.assumeIsolated { $0.listeners[number] = nil } }
        }
        continuation.yield(.catalogue(machine.catalogue))
        return stream
    }

    /// What the session has done.
    var statistics: SessionStatistics {
        var statistics = machine.statistics
        statistics.bytesSent = link.statistics.bytesSent
        statistics.bytesReceived = link.statistics.bytesReceived
        return statistics
    }

    /// Why the session has ended; `nil` while it has not.
    var failure: Failure? { if case .closed(let failure) = machine.connection { failure } else { nil } }

    /// Asks for all there is, whatever is known of it.
    func refreshCatalogue() { send(Header(.catalogueQuery), body: CatalogueQuery(following: 0).encoded()) }

    /// Asks the broker how it is.
    ///
    /// - Returns: what it says; `nil` where it says nothing for so long, or is away.
    func status(withinMilliseconds milliseconds: Int64) async -> BrokerStatus? {
        guard machine.isReady else { return nil }
        let number = nextStatusWaiter
        nextStatusWaiter += 1
        return await withCheckedContinuation { continuation in
            statusWaiters[number] = continuation
            send(Header(.statusQuery))
            // Its own time ends one wait, and no other.
            loop.schedule(afterMilliseconds: milliseconds) { [weak self] in
                self?.assumeIsolated { $0.statusWaiters.removeValue(forKey: number)?.resume(returning: nil) }
            }
        }
    }

    private func finishStatus(_ status: BrokerStatus?) {
        for waiter in statusWaiters.values { waiter.resume(returning: status) }
        statusWaiters.removeAll()
    }

    // MARK: Jobs

    /// Takes a job; its caller has the answer when the continuation is resumed.
    func submit(_ id: JobID, _ waiter: Waiter, isCancelled: Bool) {
        waiters[id] = waiter
        if waiter.payload.isShared { names.retain(waiter.payload) }
        handle(.submit(id, waiter.submission, isCancelled: isCancelled))
    }

    /// Ends a job whose caller wants it no more.
    func cancel(_ id: JobID) { handle(.cancel(id)) }

    // MARK: The link

    func linkDidReceive(_ message: borrowing Message) {
        link.receive(message, &linkEvents) { hello }
        takeLinkEvents()
    }

    func linkDidReceive(_ head: MessageHead) {
        link.receive(head, &linkEvents)
        takeLinkEvents()
    }

    private func takeLinkEvents() {
        var events: [LinkEvent] = []
        swap(&events, &linkEvents)
        for event in events { take(event) }
        events.removeAll(keepingCapacity: true)
        swap(&events, &linkEvents)
    }

    func linkDidObserve(_ event: MonitorEvent) {
        if let event = link.observe(event, hello: { hello }) { take(event) }
    }

    func linkShouldFlush() { link.flush() }

    func linkDidEndTurn() { link.flush() }

    private func take(_ event: LinkEvent) {
        switch event {
        case .received(let message): take(message)
        case .damaged(let header, let failure): fail(header, failure)
        case .moved(let job): handle(.moved(job))
        case .settled: break
        case .ready(_, let epoch):
            // Another run of the broker counts its catalogues anew.
            if epoch != viewEpoch { (view, viewEpoch) = (CatalogueView(), epoch) }
            if connecting != nil, owedSince == nil { (owedSince, owedAskedAt) = (loop.now(), loop.now()) }
            handle(.ready(epoch: epoch))
        case .lost(let reason): handle(.lost(reason: reason))
        case .failed(let failure): handle(.failed(failure))
        case .noticed(let text): notice(text)
        }
    }

    private func take(_ message: Incoming) {
        let header = message.header
        do throws(ProtocolError) {
            switch header.command {
            case .result:
                handle(.result(header.job, attempt: header.attempt), message)
            case .failed:
                handle(
                    .failure(
                        header.job, attempt: header.attempt, try Failure(decoding: message.body),
                        waitMilliseconds: header.waitMilliseconds))
            case .resend:
                handle(.resend(header.job, attempt: header.attempt))
            case .progress:
                let progress = try JobProgress(decoding: message.body)
                handle(.progress(header.job, attempt: header.attempt, progress))
            case .catalogue:
                take(try CatalogueUpdate(decoding: message.body))
            case .status:
                finishStatus(try BrokerStatus(decoding: message.body))
            default:
                return
            }
        } catch {
            let text = "\(error)"
            if header.command == .failed {
                fail(header, Failure(error.code, "the reason the job failed cannot be read: \(text)"))
            } else if let event = link.notice({ "a \(header.command) from \($0) was dropped: \(text)" }) {
                take(event)
            }
        }
    }

    private func take(_ update: CatalogueUpdate) {
        switch view.take(update) {
        case .complete(let catalogue):
            handle(.catalogue(catalogue))
            finishConnecting(nil)
        case .partial:
            if owedSince != nil { (owedSince, owedAskedAt) = (loop.now(), loop.now()) }
        case .gap:
            view = CatalogueView()
            queryCatalogue()
        }
    }

    /// Asks for what is not known of the catalogue.
    private func queryCatalogue() {
        send(Header(.catalogueQuery), body: CatalogueQuery(following: view.revision).encoded())
    }

    /// An answer nobody can read is one all the same: there will be no other.
    private func fail(_ header: Header, _ failure: Failure) {
        guard header.command == .result || header.command == .failed else { return }
        handle(.failure(header.job, attempt: header.attempt, failure))
    }

    // MARK: Time

    private func scheduleTick() {
        loop.schedule(afterMilliseconds: LinkLimits.tickMilliseconds) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
    }

    private func tick() {
        guard !isEnded else { return }
        if let event = link.tick(hello: { hello }) { take(event) }
        handle(.tick)
        if let waited = link.waitingMilliseconds { sayWaiting(waited) }
        awaitCatalogue()
        scheduleTick()
    }

    private func sayWaiting(_ waited: Int64, for what: String = "") {
        guard waited >= SessionLimits.waitingFirstMilliseconds else { return }
        let now = loop.now()
        if let saidWaitingAt, now - saidWaitingAt < SessionLimits.waitingIntervalMilliseconds { return }
        saidWaitingAt = now
        notice("waiting for the broker at \(link.endpoint)\(what), \(waited / 1_000) s")
    }

    /// Whoever connects waits for the first catalogue as well: it is asked for again, waited for aloud, and not for
    /// longer than a broker is, from when the last part of it came.
    private func awaitCatalogue() {
        guard connecting != nil, let since = owedSince else { return }
        let now = loop.now()
        let waited = now - since
        if let timeoutMilliseconds, waited >= timeoutMilliseconds {
            let reason = "let us in and did not say what there is, \(waited / 1_000) s"
            return handle(.failed(Failure(.brokerUnreachable, "the broker at \(link.endpoint) \(reason)")))
        }
        sayWaiting(waited, for: " to say what there is")
        guard now - owedAskedAt >= SessionLimits.waitingIntervalMilliseconds, machine.isReady else { return }
        owedAskedAt = now
        queryCatalogue()
    }

    // MARK: The machine

    private func handle(_ event: SessionMachine.Event, _ message: Incoming? = nil) {
        machine.handle(event, at: loop.now(), actions: &actions)
        while !actions.isEmpty {
            // What is done may bring further events; they are taken when this batch is done.
            swap(&actions, &performing)
            for action in performing { perform(action, message) }
            performing.removeAll(keepingCapacity: true)
        }
        if case .closed(let failure) = machine.connection { finish(failure) }
    }

    private func perform(_ action: SessionMachine.Action, _ message: Incoming?) {
        switch action {
        case .submit(let id, let attempt, let includesGraphs, let deadline):
            send(id, attempt, includesGraphs, deadline)
        case .cancel(let id, let attempt):
            send(Header(.cancel, job: id, attempt: attempt, epoch: 0))
        case .queryCatalogue:
            queryCatalogue()
        case .deliver(let id):
            guard let message else { return }
            end(id, .success(message))
        case .fail(let id, let failure):
            end(id, .failure(failure))
        case .report(let id, let progress):
            waiters[id]?.progress?(progress)
        case .tell(let event):
            for listener in listeners.values { listener.yield(event) }
        }
    }

    private func end(_ id: JobID, _ answer: Answer) {
        guard let waiter = waiters.removeValue(forKey: id) else { return }
        if waiter.payload.isShared { names.release(waiter.payload) }
        waiter.continuation.resume(returning: answer)
    }

    private func send(_ id: JobID, _ attempt: UInt32, _ includesGraphs: Bool, _ deadline: UInt32) {
        guard let waiter = waiters[id] else { return }
        var header = Header(.submit, job: id, attempt: attempt, epoch: 0)
        header.target = waiter.submission.target.identifier
        if waiter.submission.target.isSession { header.flags = .targetsSession }
        header.deadlineMilliseconds = deadline
        let payload = waiter.payload.payload(includesGraphs: includesGraphs)
        do throws(Failure) {
            let delivery = try link.send(
                header, body: payload.body, frames: payload.frames,
                names: { waiter.payload.isShared ? names.name(of: $0) : nil })
            if delivery == .dropped { machine.handle(.unsent(id), at: loop.now(), actions: &actions) }
        } catch {
            machine.handle(.failure(id, attempt: attempt, error), at: loop.now(), actions: &actions)
        }
    }

    private func send(_ header: Header, body: [UInt8] = []) {
        do throws(Failure) {
            try link.send(header, body: body)
        } catch {
            notice("\(error)")
        }
    }

    private func finishConnecting(_ failure: Failure?) {
        connecting.take()?.resume(returning: failure)
    }

    /// Ends what waits for the session, once.
    private func finish(_ failure: Failure) {
        guard !isEnded else { return }
        isEnded = true
        finishConnecting(failure)
        finishStatus(nil)
        for listener in listeners.values {
            listener.yield(.ended(failure))
            listener.finish()
        }
        listeners.removeAll()
    }
}
