import Jobs
package import Link
package import Logging
package import Protocol
import Tensor
package import ZMQ

/// The worker: its machine, its link and its executor, put together on the loop.
///
/// DESIGN. Messages come straight from the loop to `linkDidReceive`: the header is read, body and tensors are
/// copied once, the machine says what to do, and new work is gathered until the turn ends and then handed to
/// the compute threads at once. What they report comes back in batches through one closure on the loop. Only
/// a graph of some microseconds is done right here: waking a thread for it would take longer.
package actor WorkerShell {
    /// The loop it lives on.
    package nonisolated let loop: any Reactor
    private let configuration: WorkerConfiguration
    private let inventory: Inventory
    private let logger: Logger
    private let notice: @Sendable (WorkerNotice) -> Void

    private var gate: TrainerGate
    var link: PeerLink
    var machine: WorkerMachine
    private let makeExecutor: ExecutorMaker
    var executor: (any JobExecutor)?
    /// For jobs too small to be worth a thread's waking.
    var bench: Workbench?
    var actions: [WorkerMachine.Action] = []
    var reports: [WorkerMachine.Event] = []
    var pending: [Work] = []
    var linkEvents: [LinkEvent] = []
    /// The dispatch being handled: what an `enqueue` takes its bytes from.
    private var dispatch: Incoming?
    /// When the present turn of the loop brought its first message.
    private var turnTime: Int64?
    private var waitingNoticeAt: Int64
    /// Set when all jobs are done: leave by then even if messages still wait for room.
    private var farewell: (reason: String, until: Int64)?
    var ending: Result<Void, Failure>?
    private var waiters: [CheckedContinuation<Result<Void, Failure>, Never>] = []

    /// A worker that has not started.
    ///
    /// - Parameters:
    ///   - notice: told what happens to the link, on the loop; must not block.
    ///   - makeExecutor: makes what runs its jobs.
    package init(
        configuration: WorkerConfiguration, loop: any Reactor, logger: Logger,
        notice: @escaping @Sendable (WorkerNotice) -> Void = { _ in },
        executor makeExecutor: @escaping ExecutorMaker = Executor.onThreads
    ) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
        self.makeExecutor = makeExecutor
        self.notice = notice
        inventory = Inventory(configuration)
        gate = TrainerGate(configuration.trainers)
        link = PeerLink(
            endpoint: configuration.endpoint, credentials: configuration.credentials,
            timeoutMilliseconds: configuration.timeoutMilliseconds,
            arrivingByteCountMaximum: configuration.memoryByteCountMaximum,
            contentByteCountMaximum: min(
                LinkLimits.contentByteCountMaximum, configuration.memoryByteCountMaximum / 4),
            loop: loop)
        machine = WorkerMachine(drainMilliseconds: configuration.drainMilliseconds)
        waitingNoticeAt = loop.now() + WorkerLimits.waitingNoticeMilliseconds
    }

    /// Jobs held, and one more where something is still to be sent.
    package var heldJobCount: Int { machine.heldCount + (link.hasUnsent ? 1 : 0) }

    /// What the link has carried.
    package var statistics: LinkStatistics { link.statistics }

    /// Starts the compute threads and looks for the broker.
    ///
    /// - Throws: `ZMQError` for an endpoint that cannot be one.
    package func start() throws(ZMQError) {
        let loop = loop
        bench = Workbench(inventory, now: { loop.nanoseconds() })
        executor = makeExecutor(inventory, configuration.slots, loop) { [weak self] in
            loop.execute { [weak self] in self?.assumeIsolated { $0.takeReports() } }
        }
        let event = try link.start(for: self) { hello }
        handle(event)
        scheduleTick()
        scheduleEnd()
    }

    /// A worker with a lifetime drains when it is over.
    private func scheduleEnd() {
        guard let lifetime = configuration.lifetimeMilliseconds else { return }
        loop.schedule(afterMilliseconds: lifetime) { [weak self] in
            self?.assumeIsolated { shell in
                shell.logger.info("its lifetime of \(lifetime / 1_000) s is over: it drains")
                shell.drain()
            }
        }
    }

    /// Finishes what runs, hands back what waits, says goodbye and ends.
    package func drain() {
        apply(.drain)
    }

    /// Says goodbye and ends at once; what runs is stopped.
    package func stop(reason: String) {
        guard ending == nil else { return }
        link.leave(reason: reason)
        end(.success(()))
    }

    /// Waits until the worker has drained or was stopped.
    ///
    /// - Throws: `Failure` when the broker refused it or was not found in time.
    package func waitUntilDone() async throws(Failure) {
        let result = await withCheckedContinuation { waiter in
            if let ending { waiter.resume(returning: ending) } else { waiters.append(waiter) }
        }
        try result.get()
    }

    // MARK: The link

    private var hello: Hello {
        Release.hello(configuration, inventory.shards, openJobs: machine.openJobs)
    }

    private func handle(_ event: LinkEvent?) {
        switch event {
        case .received(let message):
            take(message)
        case .damaged(let header, let failure):
            refuse(header, failure)
        case .moved:
            break
        case .settled(let job):
            apply(.settled(job))
        case .ready(let welcome, let epoch):
            for remark in welcome.remarks {
                logger.warning("\(remark)")
                notice(.remarked(remark))
            }
            logger.info(
                "registered with \(configuration.endpoint), run \(String(epoch, radix: 16)) of the broker")
            notice(.registered(endpoint: configuration.endpoint))
            apply(.linkReady)
        case .lost(let reason):
            logger.warning("lost the broker at \(configuration.endpoint): \(reason)")
            notice(.lost(reason: reason))
            waitingNoticeAt = loop.now() + WorkerLimits.waitingNoticeMilliseconds
            apply(.linkLost)
        case .failed(let failure):
            end(.failure(failure))
        case .noticed(let text):
            logger.warning("\(text)")
        case nil:
            break
        }
    }

    private func take(_ message: Incoming) {
        let header = message.header
        switch header.command {
        case .dispatch:
            if let objection = gate.objection(to: header.target) { return fail(header, objection) }
            dispatch = message
            let now = turnTime ?? readTurnTime()
            inventory.objects.touch(header.target, at: now)
            machine.handle(
                .dispatched(
                    header.job, attempt: header.attempt, deadlineMilliseconds: header.deadlineMilliseconds,
                    owner: header.target),
                at: now, actions: &actions)
            performActions()
            dispatch = nil
        case .cancel:
            apply(.cancelled(header.job))
        case .owner:
            do throws(ProtocolError) {
                gate.learn(try OwnerDescription(decoding: message.body))
            } catch {
                logger.warning("what the broker says of a trainer cannot be read: \(error)")
            }
        default:
            logger.debug("a worker has no use for \(header.command)")
        }
    }

    /// A dispatch nobody can read is answered: its trainer waits.
    private func refuse(_ header: Header, _ failure: Failure) {
        guard header.command == .dispatch else { return }
        apply(.cancelled(header.job))
        fail(header, failure)
    }

    private func fail(_ header: Header, _ failure: Failure) {
        send(Header(.failed, job: header.job, attempt: header.attempt, epoch: 0), body: failure.encoded())
    }

    /// The time of this turn of the loop, read once for all its messages.
    private func readTurnTime() -> Int64 {
        let now = loop.now()
        turnTime = now
        return now
    }

    private func send(_ header: Header, body: [UInt8] = [], frames: [TensorFrame] = []) {
        do throws(Failure) {
            try link.send(header, body: body, frames: frames)
        } catch {
            // Only a result or transfer can be too large, and only for a broker that takes less than this version's
            // limit.
            logger.warning("job \(header.job): \(error)")
            _ = try? link.send(
                Header(.failed, job: header.job, attempt: header.attempt, epoch: 0), body: error.encoded())
        }
    }

    // MARK: The machine

    func apply(_ event: WorkerMachine.Event) {
        machine.handle(event, at: loop.now(), actions: &actions)
        performActions()
    }

    func performActions() {
        guard !actions.isEmpty else { return }
        var actions: [WorkerMachine.Action] = []
        swap(&actions, &self.actions)
        for action in actions { perform(action) }
        // What the actions brought about has been performed; give the buffer back for the next event.
        actions.removeAll(keepingCapacity: true)
        swap(&actions, &self.actions)
    }

    private func perform(_ action: WorkerMachine.Action) {
        switch action {
        case .enqueue(let job, let run):
            guard let dispatch else {
                preconditionFailure("work is taken on only while a dispatch is handled")
            }
            pending.append(
                Work(
                    job: job, run: run, owner: dispatch.header.target,
                    isTransferred: dispatch.header.flags.contains(.transferred), body: dispatch.body,
                    frames: dispatch.frames))
        case .answer(let job, let attempt, .result(let payload)):
            send(
                Header(.result, job: job, attempt: attempt, epoch: 0), body: payload.body,
                frames: payload.frames)
        case .answer(let job, let attempt, .transfer(let worker, let payload)):
            var header = Header(.transfer, job: job, attempt: attempt, epoch: 0)
            header.target = worker
            send(header, body: payload.body, frames: payload.frames)
        case .answer(let job, let attempt, .failure(let failure)):
            logger.debug("job \(job) failed: \(failure)")
            var header = Header(.failed, job: job, attempt: attempt, epoch: 0)
            if failure.code == .overloaded { header.waitMilliseconds = WorkerLimits.overloadWaitMilliseconds }
            send(header, body: failure.encoded())
        case .reportStart(let job, let attempt):
            send(Header(.started, job: job, attempt: attempt, epoch: 0))
        case .reportProgress(let job, let attempt, let progress):
            send(Header(.progress, job: job, attempt: attempt, epoch: 0), body: progress.encoded())
        case .cancel(let run):
            giveToThreads()
            executor?.cancel(run)
        case .withdrawWaiting:
            giveToThreads()
            for work in executor?.withdrawWaiting() ?? [] { apply(.withdrawn(work.job, work.run)) }
        case .leave(let reason):
            farewell = (reason, loop.now() + WorkerLimits.farewellMilliseconds)
            leaveWhenSent()
        }
    }

    // MARK: Time and the end

    private func scheduleTick() {
        loop.schedule(afterMilliseconds: LinkLimits.tickMilliseconds) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
    }

    private func tick() {
        executor?.tick()
        guard ending == nil else { return }
        handle(link.tick { hello })
        apply(.tick)
        forgetSilentTrainers()
        leaveWhenSent()
        tellWaiting()
        if ending == nil { scheduleTick() }
    }

    private func forgetSilentTrainers() {
        let count = inventory.objects.expire(at: loop.now())
        if count > 0 { logger.info("forgot the objects of \(count) trainers that were silent for too long") }
    }

    private func tellWaiting() {
        guard let waited = link.waitingMilliseconds, loop.now() >= waitingNoticeAt else { return }
        waitingNoticeAt = loop.now() + WorkerLimits.waitingNoticeMilliseconds
        notice(.waiting(endpoint: configuration.endpoint, milliseconds: waited))
        logger.notice("waiting for the broker at \(configuration.endpoint), \(waited / 1_000) s")
    }

    private func leaveWhenSent() {
        guard let farewell, ending == nil, !link.hasUnsent || loop.now() >= farewell.until else { return }
        link.leave(reason: farewell.reason)
        end(.success(()))
    }

    private func end(_ result: Result<Void, Failure>) {
        guard ending == nil else { return }
        ending = result
        executor?.stop()
        executor = nil
        bench = nil
        pending.removeAll()
        for waiter in waiters { waiter.resume(returning: result) }
        waiters.removeAll()
    }
}

extension WorkerShell: LinkOwner {
    package func linkDidReceive(_ message: borrowing Message) {
        link.receive(message, &linkEvents) { hello }
        handleLinkEvents()
    }

    package func linkDidReceive(_ head: MessageHead) {
        link.receive(head, &linkEvents)
        handleLinkEvents()
    }

    func handleLinkEvents() {
        var events: [LinkEvent] = []
        swap(&events, &linkEvents)
        for event in events { handle(event) }
        events.removeAll(keepingCapacity: true)
        swap(&events, &linkEvents)
    }

    package func linkDidObserve(_ event: MonitorEvent) {
        handle(link.observe(event) { hello })
    }

    package func linkShouldFlush() {
        link.flush()
        leaveWhenSent()
    }

    package func linkDidEndTurn() {
        turnTime = nil
        handOver()
        link.flush()
        leaveWhenSent()
    }
}
