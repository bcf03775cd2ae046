import Jobs
import Protocol

/// A trainer's open jobs and its view of the workers.
///
/// DESIGN. A pure value: events and the time go in, actions come out; `SessionShell` owns the link and
/// performs them. The caller owns the job: the broker may forget it, so an open job is kept until its answer
/// is here and is submitted again whenever the broker might not have it. Each submission is a new attempt of
/// the same job id; only the answer to the present attempt counts, so every job ends exactly once, in
/// `deliver` or `fail`, and is forgotten there.
struct SessionMachine: Sendable {
    /// What the machine must know of a job; its payload stays with the shell.
    final class Submission: Sendable {
        let target: JobTarget
        let graphs: [GraphHash]
        /// When it must be done, in milliseconds from now; `nil` for no limit.
        let timeoutMilliseconds: Int64?
        /// How long nothing may be heard of it while the broker has it, in milliseconds; `nil` for no limit.
        let silenceMilliseconds: Int64?
        /// Batches it has at most.
        let batchesMaximum: UInt64
        /// Whether it only shows that objects are still needed: nobody asked for it.
        let isRenewal: Bool

        init(
            target: JobTarget, graphs: [GraphHash], timeoutMilliseconds: Int64?,
            silenceMilliseconds: Int64? = nil, batchesMaximum: UInt64 = .max, isRenewal: Bool = false
        ) {
            self.target = target
            self.graphs = graphs
            self.timeoutMilliseconds = timeoutMilliseconds
            self.silenceMilliseconds = silenceMilliseconds
            self.batchesMaximum = batchesMaximum
            self.isRenewal = isRenewal
        }
    }

    /// What can happen to a session.
    enum Event: Sendable {
        /// The caller wants a job done; `isCancelled` where the caller has changed its mind before the job
        /// came here.
        case submit(JobID, Submission, isCancelled: Bool)
        /// The caller wants it no more.
        case cancel(JobID)
        /// The link would not take the last message of a job.
        case unsent(JobID)
        /// The broker knows us.
        case ready(epoch: UInt64)
        /// The broker is gone for now.
        case lost(reason: String)
        /// The link has ended for good.
        case failed(Failure)
        /// We want to leave.
        case close
        // From the broker.
        case result(JobID, attempt: UInt32)
        case failure(JobID, attempt: UInt32, Failure, waitMilliseconds: UInt32 = 0)
        case resend(JobID, attempt: UInt32)
        case progress(JobID, attempt: UInt32, JobProgress)
        /// Tensors of a job are on their way.
        case moved(JobID)
        case catalogue(Catalogue)
        /// Time passed.
        case tick
    }

    /// What the shell must do.
    enum Action: Sendable, Hashable {
        case submit(JobID, attempt: UInt32, includesGraphs: Bool, deadlineMilliseconds: UInt32)
        case cancel(JobID, attempt: UInt32)
        case queryCatalogue
        /// The result at hand is the job's answer.
        case deliver(JobID)
        /// This is the job's answer.
        case fail(JobID, Failure)
        case report(JobID, JobProgress)
        case tell(SessionEvent)
    }

    /// What an open job is waiting for.
    enum Stage: Sendable, Hashable {
        case link
        case answer
        /// A shard that had workers before the broker was restarted.
        case shard
        /// Its next attempt.
        case retry(at: Int64)
    }

    struct OpenJob: Sendable {
        let submission: Submission
        /// The order in which jobs came, kept when all are submitted again.
        let order: UInt64
        let deadline: Int64?
        var stage = Stage.link
        /// When it was last asked for, or had come further.
        var heardAt: Int64
        var batchesDone: UInt64 = 0
        var attempt: UInt32 = 0
        var overloads = 0
        /// How often the worker did not know its graphs.
        var graphRetries = 0
        /// Whether the present attempt brought its graphs along.
        var sentGraphs = false
        /// Whether every further attempt must.
        var mustSendGraphs = false
    }

    /// What became of the link.
    enum Connection: Sendable, Hashable {
        case connecting
        case ready(epoch: UInt64)
        case closed(Failure)
    }

    /// The last catalogue.
    var catalogue = Catalogue()
    /// What was counted; the shell adds bytes.
    var statistics = SessionStatistics()
    var connection = Connection.connecting
    var jobs: [JobID: OpenJob] = [:]
    var known = KnownGraphs()
    var lastEpoch: UInt64 = 0
    /// When the broker was last found to be another run.
    var restartedAt: Int64?
    var owedCancels: [(job: JobID, attempt: UInt32)] = []
    var queriedAt: Int64 = .min
    private var nextOrder: UInt64 = 0

    /// A session about to be made.
    init() {}

    var isReady: Bool { if case .ready = connection { true } else { false } }

    /// Takes an event and adds what must be done to `actions`.
    mutating func handle(_ event: Event, at now: Int64, actions: inout [Action]) {
        switch event {
        case .submit(let id, let submission, let isCancelled):
            submit(id, submission, isCancelled, now, &actions)
        case .cancel(let id):
            cancel(id, &actions)
        case .unsent(let id):
            guard jobs[id]?.stage == .answer else { return }
            jobs[id]?.stage = .retry(at: now + SessionLimits.unsentDelayMilliseconds)
        case .ready(let epoch):
            become(ready: epoch, now, &actions)
        case .lost(let reason):
            lose(reason, &actions)
        case .failed(let failure):
            end(failure, &actions)
        case .close:
            end(Failure(.cancelled, "the session was closed"), &actions)
        case .moved(let id):
            jobs[id]?.heardAt = now
        case .result, .failure, .resend, .progress:
            answer(event, now, &actions)
        case .catalogue(let catalogue):
            take(catalogue, now, &actions)
        case .tick:
            tick(now, &actions)
        }
    }

    private mutating func submit(
        _ id: JobID, _ submission: Submission, _ isCancelled: Bool, _ now: Int64, _ actions: inout [Action]
    ) {
        // An id in use is a mistake of the shell's; the job that has it goes on.
        guard jobs[id] == nil else { return }
        if submission.isRenewal { statistics.renewals += 1 } else { statistics.jobs += 1 }
        if case .closed(let failure) = connection { return fail(id, failure, &actions) }
        if isCancelled { return fail(id, Failure(.cancelled, "the job was cancelled"), &actions) }
        nextOrder += 1
        var job = OpenJob(
            submission: submission, order: nextOrder,
            deadline: submission.timeoutMilliseconds.map { timeout in
                let (deadline, isTooLong) = now.addingReportingOverflow(timeout)
                return isTooLong ? .max : deadline
            },
            heardAt: now)
        send(id, &job, now, &actions)
        jobs[id] = job
    }

    private mutating func cancel(_ id: JobID, _ actions: inout [Action]) {
        guard let job = jobs[id] else { return }
        if job.attempt > 0 {
            if isReady {
                actions.append(.cancel(id, attempt: job.attempt))
            } else if owedCancels.count < SessionLimits.owedCancelsMaximum {
                owedCancels.append((id, job.attempt))
            }
        }
        fail(id, Failure(.cancelled, "the job was cancelled"), &actions)
    }

    /// Sends the next attempt of a job, or keeps it until there is a link.
    mutating func send(_ id: JobID, _ now: Int64, _ actions: inout [Action]) {
        guard var job = jobs[id] else { return }
        guard job.attempt < .max else {
            return fail(id, Failure(.limitExceeded, "the job was asked for too often"), &actions)
        }
        send(id, &job, now, &actions)
        jobs[id] = job
    }

    private mutating func send(
        _ id: JobID, _ job: inout OpenJob, _ now: Int64, _ actions: inout [Action]
    ) {
        if isReady {
            job.stage = .answer
            job.heardAt = now
            job.batchesDone = 0
            job.attempt += 1
            job.sentGraphs =
                job.mustSendGraphs || !known.contains(job.submission.graphs, at: job.submission.target)
            if !job.submission.isRenewal { statistics.roundTrips += 1 }
            // A deadline that is about to pass is one millisecond: zero would be none at all.
            let deadline = job.deadline.map { UInt32(clamping: max(1, $0 - now)) } ?? 0
            actions.append(
                .submit(
                    id, attempt: job.attempt, includesGraphs: job.sentGraphs, deadlineMilliseconds: deadline))
        } else {
            job.stage = .link
        }
    }

    /// Ends a job without a result.
    mutating func fail(_ id: JobID, _ failure: Failure, _ actions: inout [Action]) {
        jobs[id] = nil
        statistics.answers += 1
        actions.append(.fail(id, failure))
    }

    private mutating func end(_ failure: Failure, _ actions: inout [Action]) {
        if case .closed = connection { return }
        connection = .closed(failure)
        for (id, _) in inOrder { fail(id, failure, &actions) }
    }

    /// The open jobs, first come first.
    var inOrder: [(id: JobID, job: OpenJob)] {
        jobs.map { (id: $0.key, job: $0.value) }.sorted { $0.job.order < $1.job.order }
    }
}
