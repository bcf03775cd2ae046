import Ground
package import Protocol

/// What a worker does with the jobs it is given; which of them runs when is the executor's affair.
///
/// DESIGN. A pure value: events and the time go in, actions are appended to a buffer the shell reuses. Every
/// job accepted gets a *run* number of its own, so that what the executor reports of a job that was cancelled
/// meanwhile, or cancelled and accepted anew, is told from what it reports of the present one. A job is
/// *held* from its dispatch to its answer; final answers are kept for a while, or until their trainer has all of
/// them, because a trainer whose broker was lost asks again under the same job number. The attempt of the latest
/// dispatch is the one answers carry: dispatches come in order from one broker at a time, and a new broker counts
/// from one again, so the number itself is never compared. Job numbers are the trainers' choice, so whoever repeats
/// another's gets neither its answer nor a part in its run: both are kept with their owner.
package struct WorkerMachine: Sendable {
    /// Tells the runs of this process apart.
    package typealias RunID = UInt64

    /// Where a worker stands.
    package enum State: Sendable, Hashable {
        /// It takes jobs.
        case serving
        /// It finishes what runs, until then at the latest, and takes nothing new.
        case draining(until: Int64)
        /// It has left.
        case left
    }

    private struct Job {
        let run: RunID
        let owner: Identifier
        var attempt: UInt32
        var deadline: Int64?
        var isStarted = false

        mutating func adopt(attempt: UInt32, deadline: Int64?) {
            self.attempt = attempt
            self.deadline = deadline
        }
    }

    /// A job that was answered.
    private struct AnsweredJob {
        let job: JobID
        let owner: Identifier
    }

    /// An answer that may be asked for again, by its owner alone.
    private struct KeptAnswer {
        let owner: Identifier
        let answer: Answer
    }

    /// An answer given while nobody could hear it.
    private struct UnheardAnswer {
        let job: AnsweredJob
        let attempt: UInt32
        /// The failure; a result or transfer is looked up among the answers kept.
        let failure: Failure?
    }

    /// Where the worker stands.
    package private(set) var state = State.serving
    private let drainMilliseconds: Int64
    private var jobs: [JobID: Job] = [:]
    private var answers = RecencyCache<JobID, KeptAnswer>(
        countMaximum: WorkerLimits.answerCountMaximum, byteCountMaximum: WorkerLimits.answerByteCountMaximum)
    private var lastRun: RunID = 0
    private var deadlineCount = 0
    private var isLinkReady = false
    /// Jobs a hello may have listed as held that were answered before its welcome: the broker waits for them.
    private var unheard: [UnheardAnswer] = []

    /// A worker that holds nothing.
    package init(drainMilliseconds: Int64 = WorkerLimits.drainMilliseconds) {
        self.drainMilliseconds = drainMilliseconds
    }

    /// The number of jobs held.
    package var heldCount: Int { jobs.count }

    /// What the next hello lists: the jobs held, oldest first. The broker asks again for all others it thinks
    /// are here.
    package var openJobs: [(job: JobID, attempt: UInt32)] {
        jobs.sorted { $0.value.run < $1.value.run }.map { ($0.key, $0.value.attempt) }
    }

    /// Takes an event and appends what must be done.
    package mutating func handle(_ event: Event, at now: Int64, actions: inout [Action]) {
        guard state != .left else { return }
        switch event {
        case .dispatched(let job, let attempt, let deadlineMilliseconds, let owner):
            let deadline = deadlineMilliseconds == 0 ? nil : now + Int64(deadlineMilliseconds)
            dispatch(job, of: owner, attempt: attempt, deadline: deadline, actions: &actions)
        case .cancelled(let job):
            // The broker has answered already.
            if let held = remove(job) { actions.append(.cancel(held.run)) }
        case .started(let job, let run):
            start(job, run: run, actions: &actions)
        case .progressed(let job, let run, let progress):
            report(progress, of: job, run: run, actions: &actions)
        case .finished(let job, let run, let answer):
            finish(job, run: run, answer: answer, actions: &actions)
        case .withdrawn(let job, let run):
            finish(job, run: run, answer: .failure(WorkerMachine.draining), actions: &actions)
        case .settled(let job):
            answers.remove(job)
        case .linkReady:
            isLinkReady = true
            repeatUnheard(&actions)
        case .linkLost:
            isLinkReady = false
        case .drain:
            guard state == .serving else { return }
            state = .draining(until: now + drainMilliseconds)
            if !jobs.isEmpty { actions.append(.withdrawWaiting) }
        case .tick:
            tick(at: now, actions: &actions)
        }
        if case .draining = state, jobs.isEmpty {
            state = .left
            actions.append(.leave(reason: "drained"))
        }
    }

    private mutating func dispatch(
        _ job: JobID, of owner: Identifier, attempt: UInt32, deadline: Int64?, actions: inout [Action]
    ) {
        if let index = jobs.index(forKey: job) {
            guard jobs.values[index].owner == owner else {
                return refuse(job, of: owner, attempt, WorkerMachine.taken, &actions)
            }
            deadlineCount += (deadline == nil ? 0 : 1) - (jobs.values[index].deadline == nil ? 0 : 1)
            jobs.values[index].adopt(attempt: attempt, deadline: deadline)
            if jobs.values[index].isStarted { actions.append(.reportStart(job, attempt: attempt)) }
        } else if let kept = kept(AnsweredJob(job: job, owner: owner)) {
            answer(AnsweredJob(job: job, owner: owner), attempt, kept, &actions)
        } else if state != .serving {
            refuse(job, of: owner, attempt, WorkerMachine.draining, &actions)
        } else if jobs.count >= ProtocolLimits.workerJobsMaximum {
            refuse(job, of: owner, attempt, WorkerMachine.overloaded, &actions)
        } else {
            lastRun += 1
            jobs[job] = Job(run: lastRun, owner: owner, attempt: attempt, deadline: deadline)
            if deadline != nil { deadlineCount += 1 }
            actions.append(.enqueue(job, lastRun))
        }
    }

    private mutating func start(_ job: JobID, run: RunID, actions: inout [Action]) {
        guard let index = index(of: job, run: run), !jobs.values[index].isStarted else { return }
        jobs.values[index].isStarted = true
        actions.append(.reportStart(job, attempt: jobs.values[index].attempt))
    }

    private mutating func report(
        _ progress: JobProgress, of job: JobID, run: RunID, actions: inout [Action]
    ) {
        guard let index = index(of: job, run: run) else { return }
        actions.append(.reportProgress(job, attempt: jobs.values[index].attempt, progress))
    }

    private mutating func finish(_ job: JobID, run: RunID, answer: Answer, actions: inout [Action]) {
        guard index(of: job, run: run) != nil, let held = remove(job) else { return }
        if answer.isFinal {
            answers.insert(
                KeptAnswer(owner: held.owner, answer: answer), for: job, byteCount: answer.byteCount)
        }
        self.answer(AnsweredJob(job: job, owner: held.owner), held.attempt, answer, &actions)
    }

    /// Answers a job, or does so once the link is there again: dispatches may still come when it is not, by a broker
    /// that has yet to hear our next hello, and will count on their answers.
    private mutating func answer(
        _ job: AnsweredJob, _ attempt: UInt32, _ answer: Answer, _ actions: inout [Action]
    ) {
        guard !isLinkReady else { return actions.append(.answer(job.job, attempt: attempt, answer)) }
        // As many as are held end while it is down; a broker that goes on and on is not owed more.
        guard unheard.count < 2 * ProtocolLimits.workerJobsMaximum else { return }
        let failure: Failure? = if case .failure(let failure) = answer { failure } else { nil }
        unheard.append(UnheardAnswer(job: job, attempt: attempt, failure: failure))
    }

    /// The answer kept of a job, if it was given to this owner.
    private mutating func kept(_ job: AnsweredJob) -> Answer? {
        guard let kept = answers.use(job.job), kept.owner == job.owner else { return nil }
        return kept.answer
    }

    private mutating func refuse(
        _ job: JobID, of owner: Identifier, _ attempt: UInt32, _ failure: Failure, _ actions: inout [Action]
    ) {
        answer(AnsweredJob(job: job, owner: owner), attempt, .failure(failure), &actions)
    }

    /// Gives the answers nobody heard; where a result has gone meanwhile the job must be done anew, here or
    /// elsewhere.
    private mutating func repeatUnheard(_ actions: inout [Action]) {
        for unheard in unheard {
            let answer = unheard.failure.map { .failure($0) } ?? kept(unheard.job)
            actions.append(
                .answer(
                    unheard.job.job, attempt: unheard.attempt, answer ?? .failure(WorkerMachine.forgotten)))
        }
        unheard.removeAll()
    }

    private mutating func tick(at now: Int64, actions: inout [Action]) {
        if deadlineCount > 0 {
            abandon(
                where: { $0.deadline.map { $0 <= now } ?? false }, WorkerMachine.deadlineExceeded, &actions)
        }
        if case .draining(let until) = state, now >= until {
            abandon(where: { _ in true }, WorkerMachine.draining, &actions)
        }
    }

    /// Gives jobs up, the oldest first.
    private mutating func abandon(where isDue: (Job) -> Bool, _ failure: Failure, _ actions: inout [Action]) {
        for (job, held) in jobs.filter({ isDue($0.value) }).sorted(by: { $0.value.run < $1.value.run }) {
            remove(job)
            actions.append(.cancel(held.run))
            refuse(job, of: held.owner, held.attempt, failure, &actions)
        }
    }

    private func index(of job: JobID, run: RunID) -> Dictionary<JobID, Job>.Index? {
        guard let index = jobs.index(forKey: job), jobs.values[index].run == run else { return nil }
        return index
    }

    @discardableResult
    private mutating func remove(_ job: JobID) -> Job? {
        let held = jobs.removeValue(forKey: job)
        if held?.deadline != nil { deadlineCount -= 1 }
        return held
    }

    private static let draining = Failure(.draining, "the worker is going away and takes no new jobs")
    private static let overloaded = Failure(
        .overloaded, "the worker holds \(ProtocolLimits.workerJobsMaximum) jobs, which is its limit")
    private static let taken = Failure(
        .malformed, "the worker does a job of this number for another trainer")
    private static let forgotten = Failure(
        .overloaded, "the result was too large to keep until the broker was back")
    private static let deadlineExceeded = Failure(.deadlineExceeded, "the job took longer than it was given")
}
