public import Jobs
import Link
public import Protocol
import Synchronization
package import ZMQ

/// A trainer's connection to a broker, through which jobs go to the workers' data and answers come back.
///
/// It outlives the loss of the connection and a restart of the broker: open jobs are submitted again, and
/// each has exactly one answer. Whoever makes a session closes it.
///
/// ```swift
/// let session = try await Session.connect("tcp://127.0.0.1:5555")
/// let result = try await session.run(job)
/// await session.close()
/// ```
public class Session: @unchecked Sendable {
    // Proof of `@unchecked`: all properties are constants and Sendable; the only subclass, for nobody outside can
    // make one, has its own proof.

    /// Where the broker is.
    public let endpoint: String
    private let loop: any Reactor
    /// The loop, where the session made it and must end it.
    private let ownLoop: Loop?
    private let shell: SessionShell
    // Jobs are named by a number no other session has and their own: a random name each would cost a system
    // call.
    private let jobPrefix: UInt64
    private let jobCount = Atomic<UInt64>(0)
    /// What workers keep for the session.
    let ledger = ObjectLedger()
    /// Where tasks run that await many small jobs: the thread that talks to the broker.
    ///
    /// A task that runs elsewhere is woken for each answer, on another thread, and wakes this one for each job: of
    /// jobs of some microseconds that is a third of the trainer's work (`scripts/bench messages`). What runs here must
    /// neither block nor compute for long, for nothing comes or goes meanwhile.
    ///
    /// ```swift
    /// try await withTaskExecutorPreference(session.executor) {
    ///     for value in values { results.append(try await session.run(job(value), on: worker)) }
    /// }
    /// ```
    public let executor: any TaskExecutor
    /// The graphs tensors were compiled to.
    let graphs = GraphLedger()
    /// The workers that were asked for, as long as somebody refers to them.
    let workers = WorkerDirectory()
    init(
        _ endpoint: String, _ name: String, _ timeout: Duration?, _ loop: any Reactor, ownLoop: Loop? = nil,
        credentials: CurveCredentials? = nil, _ notice: @escaping @Sendable (String) -> Void
    ) {
        self.endpoint = endpoint
        self.loop = loop
        self.ownLoop = ownLoop
        executor = loop.makeTaskExecutor()
        jobPrefix = loop.random()
        shell = SessionShell(
            endpoint: endpoint, credentials: credentials, name: name,
            timeoutMilliseconds: timeout?.milliseconds, loop: loop, notice: notice)
    }

    /// Connects to a broker and waits until it has said what there is.
    ///
    /// - Parameters:
    ///   - endpoint: Where the broker is, such as `tcp://127.0.0.1:5555`.
    ///   - name: What the broker calls this trainer.
    ///   - timeout: How long a broker is looked for, now and whenever it is lost; `nil` for ever.
    ///   - notice: Told, on a thread that must not be kept, what goes on: what is waited for, what was
    ///     dropped.
    /// - Throws: `Failure`: `brokerUnreachable` after the timeout; what the broker refused the session with.
    public static func connect(
        _ endpoint: String, name: String = "trainer", timeout: Duration? = .seconds(30),
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(Failure) -> Session {
        try await connect(endpoint, credentials: nil, name: name, timeout: timeout, notice: notice)
    }

    /// Connects, on a loop of its own, with keys or without.
    package static func connect(
        _ endpoint: String, credentials: CurveCredentials?, name: String, timeout: Duration?,
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(Failure) -> Session {
        let loop: Loop
        do {
            loop = try Loop(name: "fagure")
        } catch {
            throw Failure(.brokerUnreachable, "\(error)")
        }
        let session = Session(
            endpoint, name, timeout, loop, ownLoop: loop, credentials: credentials, notice)
        try await session.open()
        return session
    }

    /// Connects on a loop that others use too, as for `inproc` endpoints it must be; it is not shut down at
    /// the end.
    package static func connect(
        _ endpoint: String, name: String = "trainer", timeout: Duration? = .seconds(30), on loop: any Reactor,
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(Failure) -> Session {
        let session = Session(endpoint, name, timeout, loop, notice)
        try await session.open()
        return session
    }

    /// A broker in this process, for workers added by `EmbeddedSession.addWorker`: the whole system without a
    /// network, as real as the deployed one. Closing the session ends them all.
    ///
    /// - Throws: `Failure` where the process has no room for another thread and its sockets.
    public static func embedded(
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(Failure) -> EmbeddedSession {
        let house: EmbeddedHouse
        do {
            house = try await EmbeddedHouse()
        } catch {
            throw Failure(.brokerUnreachable, "\(error)")
        }
        let session = EmbeddedSession(house, notice: notice)
        try await session.open()
        return session
    }

    /// Waits until the broker has said what there is.
    private func open() async throws(Failure) {
        let (loop, shell) = (loop, shell)
        let failure = await withTaskCancellationHandler {
            await shell.connect()
        } onCancel: {
            loop.execute { shell.assumeIsolated { $0.close(reason: "cancelled") } }
        }
        if let failure {
            await close()
            throw failure
        }
        loop.execute { [weak self] in self?.scheduleRenewal() }
    }

    /// Runs a program where its shard is.
    ///
    /// Cancelling the task cancels the job.
    ///
    /// - Parameters:
    ///   - timeout: How long it may take, everything included; `nil` for no limit.
    ///   - silence: How long the worker may neither answer nor come further; `nil` for no limit.
    ///   - progress: Told, on a thread that must not be kept, how far the job has come.
    /// - Throws: `Failure` with the worker's, the broker's or the session's reason.
    public func run(
        _ job: ProgramJob, timeout: Duration? = nil, silence: Duration? = nil,
        progress: (@Sendable (JobProgress) -> Void)? = nil
    ) async throws(Failure) -> JobResult {
        try await run(
            JobPayload(job.job), on: .shard(job.program.shard), timeout: timeout, silence: silence,
            progress: progress)
    }

    /// Runs a program of which it is known how many batches it has at most: progress beyond them is a failure.
    func run(
        _ job: ProgramJob, timeout: Duration?, silence: Duration?, batchesMaximum: Int,
        progress: (@Sendable (JobProgress) -> Void)? = nil
    ) async throws(Failure) -> JobResult {
        try await run(
            JobPayload(job.job), on: .shard(job.program.shard), timeout: timeout, silence: silence,
            batchesMaximum: batchesMaximum,
            progress: progress)
    }

    /// Runs a job over several shards of one worker.
    func run(
        _ job: Job, on target: JobTarget, timeout: Duration?, silence: Duration?, batchesMaximum: Int,
        progress: (@Sendable (JobProgress) -> Void)? = nil
    ) async throws(Failure) -> JobResult {
        try await run(
            JobPayload(job), on: target, timeout: timeout, silence: silence, batchesMaximum: batchesMaximum,
            progress: progress)
    }

    /// Runs a graph once.
    ///
    /// Cancelling the task cancels the job.
    ///
    /// - Throws: `Failure` with the worker's, the broker's or the session's reason.
    public func run(
        _ job: TensorJob, on target: JobTarget, timeout: Duration? = nil
    ) async throws(Failure) -> JobResult {
        try await run(JobPayload(job.job), on: target, timeout: timeout)
    }

    /// Has a worker keep tensors, let them go, or say what it keeps.
    func run(_ job: Job, at worker: Worker) async throws(RemoteError) -> JobResult {
        do throws(Failure) {
            return try await run(JobPayload(job), on: worker.target)
        } catch {
            throw RemoteError(error, at: worker) { [] }
        }
    }

    /// Shows workers that keep something that it is still needed, now and then for as long as there is a
    /// session.
    private func scheduleRenewal() {
        loop.schedule(afterMilliseconds: ProtocolLimits.objectRenewalMilliseconds) { [weak self] in
            guard let self else { return }
            for worker in ledger.concerned { renew(at: worker) }
            scheduleRenewal()
        }
    }

    /// Shows a worker that what it keeps is still needed, and what is not.
    func renew(at worker: SessionID) {
        let released = ledger.takeReleased(at: worker)
        let payload = JobPayload(Job(released: released))
        Task(executorPreference: loop.taskExecutor) { [self] in
            do throws(Failure) {
                _ = try await run(payload, on: .session(worker), isRenewal: true)
            } catch {
                // A worker that is gone keeps nothing; any other is told again.
                if error.code == .noWorker || error.code == .workerLost {
                    ledger.forget(worker)
                } else {
                    ledger.abandon(released, at: worker)
                }
            }
        }
    }

    /// The time tasks of the session go by.
    var clock: ReactorClock { ReactorClock(loop) }

    /// The last thing the broker said of workers and data.
    public var catalogue: Catalogue {
        get async { await shell.catalogue }
    }

    /// Why the session has ended; `nil` while it has not.
    package var failure: Failure? {
        get async { await shell.failure }
    }

    /// Asks for all there is once more, for counts of what has not changed are as they were; it comes by and by.
    package func refreshCatalogue() async { await shell.refreshCatalogue() }

    /// Asks the broker how it is: what there is now, and what it has counted since it started.
    ///
    /// - Returns: what it says; `nil` where it says nothing within a second, or is away.
    public var brokerStatus: BrokerStatus? {
        get async { await shell.status(withinMilliseconds: SessionLimits.statusMilliseconds) }
    }

    /// What happens from now on, beginning with the catalogue; ends with the session. Each reader has a
    /// stream of its own.
    public var events: AsyncStream<SessionEvent> {
        get async { await shell.listen() }
    }

    /// What the session has done.
    public var statistics: SessionStatistics {
        get async { await shell.statistics }
    }

    /// Fails what is open, says goodbye and ends the connection; a second call does nothing.
    public func close() async {
        await shell.close(reason: "the trainer is done")
        await ownLoop?.shutdown()
    }

    private func nextJob() -> JobID {
        JobID(high: jobPrefix, low: jobCount.add(1, ordering: .relaxed).newValue)
    }

    private func run(
        _ payload: JobPayload, on target: JobTarget, timeout: Duration? = nil, silence: Duration? = nil,
        batchesMaximum: Int? = nil, progress: (@Sendable (JobProgress) -> Void)? = nil,
        isRenewal: Bool = false
    ) async throws(Failure) -> JobResult {
        let (loop, shell, ticket) = (loop, shell, JobTicket(nextJob()))
        let submission = SessionMachine.Submission(
            target: target, graphs: payload.graphs, timeoutMilliseconds: timeout?.milliseconds,
            silenceMilliseconds: silence?.milliseconds,
            batchesMaximum: batchesMaximum.map { UInt64(clamping: $0) } ?? .max, isRenewal: isRenewal)
        let answer: SessionShell.Answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = SessionShell.Waiter(
                    payload: payload, continuation: continuation, progress: progress, submission: submission)
                if loop.isOnLoop {
                    return shell.assumeIsolated {
                        $0.submit(ticket.job, waiter, isCancelled: ticket.isCancelled)
                    }
                }
                let isAccepted = loop.execute {
                    shell.assumeIsolated {
                        $0.submit(ticket.job, waiter, isCancelled: ticket.isCancelled)
                    }
                }
                guard !isAccepted else { return }
                continuation.resume(returning: .failure(Failure(.cancelled, "the session was closed")))
            }
        } onCancel: {
            ticket.cancel()
            loop.execute { shell.assumeIsolated { $0.cancel(ticket.job) } }
        }
        let message = try answer.get()
        do {
            return try JobResult(decoding: message.body, frames: message.frames)
        } catch {
            let reason = if case .malformed(let reason) = error { reason } else { "\(error)" }
            throw Failure(.malformed, "the result of a worker cannot be read: \(reason)")
        }
    }
}

/// A job's name and whether its caller has changed its mind.
///
/// A task may be cancelled before its job has reached the loop: the mark tells the job when it does. One
/// cancelled later is found by the closure that follows the mark.
private final class JobTicket: Sendable {
    let job: JobID
    private let mark = Atomic(false)

    init(_ job: JobID) { self.job = job }

    var isCancelled: Bool { mark.load(ordering: .acquiring) }

    func cancel() { mark.store(true, ordering: .releasing) }
}

extension Duration {
    /// Whole milliseconds, rounded up; durations of more than a million years are cut.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let limit: Int64 = 1 << 45
        guard seconds < limit else { return limit * 1_000 }
        return max(0, seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
