import Jobs
import Protocol
import Tensor
import Testing

@testable import Fagure

/// A machine with a clock, whose actions are looked at event by event.
private struct Probe {
    var machine = SessionMachine()
    var now: Int64 = 1_000

    mutating func handle(_ event: SessionMachine.Event, after milliseconds: Int64 = 0) -> [SessionMachine
        .Action]
    {
        now += milliseconds
        var actions: [SessionMachine.Action] = []
        machine.handle(event, at: now, actions: &actions)
        return actions
    }
}

private let shard = ShardReference(dataset: "digits", partition: "iid", index: 0, count: 4)
private let job = JobID(high: 1, low: 1)
private let other = JobID(high: 2, low: 1)

private func submission(
    _ graphs: [GraphHash] = [], timeout: Int64? = nil, silence: Int64? = nil, batches: UInt64 = .max
) -> SessionMachine.Submission {
    SessionMachine.Submission(
        target: .shard(shard), graphs: graphs, timeoutMilliseconds: timeout, silenceMilliseconds: silence,
        batchesMaximum: batches)
}

private func graph(_ byte: UInt8) throws -> GraphHash { try GraphHash([UInt8](repeating: byte, count: 32)) }

private func worker(
    _ name: String, session: UInt64, shards: [ShardReference] = [shard], draining: Bool = false
)
    -> WorkerDescription
{
    WorkerDescription(
        name: name, session: Identifier(high: session, low: 1), software: "test",
        state: draining ? .draining : .ready,
        shards: shards.map { ShardDescription(reference: $0, trainRows: 10, heldOutRows: 0) }, openJobs: 0,
        silentMilliseconds: 0)
}

private func catalogue(_ workers: WorkerDescription...) -> Catalogue {
    var catalogue = Catalogue()
    catalogue.workers = workers
    return catalogue
}

@Suite("The session's machine")
struct SessionMachineTests {
    private func ready() -> Probe {
        var probe = Probe()
        _ = probe.handle(.ready(epoch: 7))
        return probe
    }

    /// A machine with one job on its way.
    private func sent(_ graphs: [GraphHash] = [], timeout: Int64? = nil) -> Probe {
        var probe = ready()
        _ = probe.handle(.submit(job, submission(graphs, timeout: timeout), isCancelled: false))
        return probe
    }

    @Test("a job waits for the link, then goes out as its first attempt")
    func firstAttempt() {
        var probe = Probe()
        #expect(probe.handle(.submit(job, submission(), isCancelled: false)) == [])
        #expect(
            probe.handle(.ready(epoch: 7)) == [
                .queryCatalogue, .submit(job, attempt: 1, includesGraphs: false, deadlineMilliseconds: 0),
            ])
        #expect(probe.handle(.result(job, attempt: 1)) == [.deliver(job)])
        #expect(probe.machine.statistics.answers == 1)
        #expect(probe.machine.jobs.isEmpty)
    }

    @Test("graphs travel until the target has answered with them")
    func graphsOnce() throws {
        let hash = try graph(1)
        var probe = ready()
        func submit(_ id: JobID, _ probe: inout Probe) -> [SessionMachine.Action] {
            probe.handle(.submit(id, submission([hash]), isCancelled: false))
        }
        #expect(
            submit(job, &probe) == [.submit(job, attempt: 1, includesGraphs: true, deadlineMilliseconds: 0)])
        _ = probe.handle(.result(job, attempt: 1))
        #expect(
            submit(other, &probe) == [
                .submit(other, attempt: 1, includesGraphs: false, deadlineMilliseconds: 0)
            ])

        let unknown = Failure(.unknownGraph, "?")
        #expect(
            probe.handle(.failure(other, attempt: 1, unknown)) == [
                .submit(other, attempt: 2, includesGraphs: true, deadlineMilliseconds: 0)
            ])
        // The worker may have answered for an attempt before, which came without: a few times.
        for attempt in 2...8 as ClosedRange<UInt32> {
            #expect(
                probe.handle(.failure(other, attempt: attempt, unknown)) == [
                    .submit(other, attempt: attempt + 1, includesGraphs: true, deadlineMilliseconds: 0)
                ])
        }
        #expect(probe.handle(.failure(other, attempt: 9, unknown)) == [.fail(other, unknown)])
    }

    @Test("a resend goes out under the attempt the broker names, graphs along; an older one is late")
    func resend() throws {
        let hash = try graph(1)
        var probe = sent([hash])
        _ = probe.handle(.result(job, attempt: 1))
        _ = probe.handle(.submit(job, submission([hash]), isCancelled: false))
        #expect(
            probe.handle(.resend(job, attempt: 5)) == [
                .submit(job, attempt: 5, includesGraphs: true, deadlineMilliseconds: 0)
            ])
        #expect(probe.handle(.resend(job, attempt: 5)) == [])
        #expect(probe.handle(.result(job, attempt: 4)) == [])
        #expect(probe.machine.statistics.lateAnswers == 2)
        #expect(probe.handle(.result(job, attempt: 5)) == [.deliver(job)])
    }

    @Test("a lost link keeps jobs; a new one submits them again in order, as new attempts")
    func lostLink() {
        var probe = sent()
        _ = probe.handle(.submit(other, submission(), isCancelled: false))
        #expect(probe.handle(.lost(reason: "gone")) == [.tell(.brokerLost(reason: "gone"))])
        #expect(probe.handle(.lost(reason: "gone")) == [])
        #expect(
            probe.handle(.ready(epoch: 7)) == [
                .tell(.brokerReturned(isNewRun: false)), .queryCatalogue,
                .submit(job, attempt: 2, includesGraphs: false, deadlineMilliseconds: 0),
                .submit(other, attempt: 2, includesGraphs: false, deadlineMilliseconds: 0),
            ])
        #expect(probe.handle(.result(job, attempt: 1)) == [])
        #expect(probe.handle(.result(job, attempt: 2)) == [.deliver(job)])
    }

    @Test("an answer that was on its way when the link broke still counts")
    func answerWhileLost() {
        var probe = sent()
        _ = probe.handle(.lost(reason: "gone"))
        #expect(probe.handle(.result(job, attempt: 1)) == [.deliver(job)])
        #expect(probe.handle(.ready(epoch: 7)) == [.tell(.brokerReturned(isNewRun: false)), .queryCatalogue])
    }

    @Test("without a worker the job fails with the shard's name")
    func noWorker() {
        var probe = sent()
        #expect(
            probe.handle(.failure(job, attempt: 1, Failure(.noWorker, "key"))) == [
                .fail(job, Failure(.noWorker, "nobody serves digits 0/4 (iid)"))
            ])
    }

    @Test("after a restart of the broker a job waits for its shard to return")
    func waitsForReturn() {
        var probe = sent()
        _ = probe.handle(.lost(reason: "gone"))
        _ = probe.handle(.ready(epoch: 8))
        #expect(probe.handle(.failure(job, attempt: 2, Failure(.noWorker, "key"))) == [.queryCatalogue])
        let stranger = worker(
            "eve", session: 3, shards: [ShardReference(dataset: "x", partition: "iid", index: 0, count: 1)])
        for catalogue in [catalogue(stranger), catalogue(worker("bob", session: 2, draining: true))] {
            #expect(
                !probe.handle(.catalogue(catalogue)).contains { if case .submit = $0 { true } else { false } }
            )
        }
        #expect(probe.handle(.failure(job, attempt: 2, Failure(.noWorker, "key"))) == [])
        #expect(
            probe.handle(.catalogue(catalogue(worker("bob", session: 4)))).last
                == .submit(job, attempt: 3, includesGraphs: false, deadlineMilliseconds: 0))
    }

    @Test("a shard that does not return in time fails its job, by name")
    func graceEnds() {
        var probe = sent()
        _ = probe.handle(.lost(reason: "gone"))
        _ = probe.handle(.ready(epoch: 8))
        _ = probe.handle(.failure(job, attempt: 2, Failure(.noWorker, "key")))
        #expect(probe.handle(.tick, after: SessionLimits.queryIntervalMilliseconds) == [.queryCatalogue])
        #expect(
            probe.handle(.tick, after: ProtocolLimits.returnGraceMilliseconds) == [
                .fail(
                    job,
                    Failure(.noWorker, "nobody serves digits 0/4 (iid), 15 s after the broker was restarted"))
            ])
    }

    @Test("overload is met by waiting twice as long each time, then by failing")
    func overload() {
        var probe = sent()
        let overload = Failure(.overloaded, "full")
        var delay = SessionLimits.overloadDelayMilliseconds
        for attempt in 1...UInt32(SessionLimits.overloadRetriesMaximum) {
            #expect(probe.handle(.failure(job, attempt: attempt, overload)) == [])
            #expect(probe.handle(.tick, after: delay - 1) == [])
            #expect(
                probe.handle(.tick, after: 1) == [
                    .submit(job, attempt: attempt + 1, includesGraphs: false, deadlineMilliseconds: 0)
                ])
            delay = min(2 * delay, SessionLimits.overloadDelayMaximumMilliseconds)
        }
        let last = UInt32(SessionLimits.overloadRetriesMaximum) + 1
        #expect(probe.handle(.failure(job, attempt: last, overload)) == [.fail(job, overload)])
    }

    @Test("a message the socket would not take is sent again a little later")
    func unsent() {
        var probe = sent()
        #expect(probe.handle(.unsent(job)) == [])
        #expect(
            probe.handle(.tick, after: SessionLimits.unsentDelayMilliseconds) == [
                .submit(job, attempt: 2, includesGraphs: false, deadlineMilliseconds: 0)
            ])
    }

    @Test("cancelling tells the broker once, and a job cancelled before it came is never sent")
    func cancel() {
        let cancelled = Failure(.cancelled, "the job was cancelled")
        var probe = sent()
        #expect(probe.handle(.cancel(job)) == [.cancel(job, attempt: 1), .fail(job, cancelled)])
        #expect(probe.handle(.cancel(job)) == [])
        #expect(probe.handle(.failure(job, attempt: 1, cancelled)) == [])
        #expect(probe.handle(.submit(other, submission(), isCancelled: true)) == [.fail(other, cancelled)])
    }

    @Test("a job cancelled while the broker is away is cancelled there when it is back")
    func cancelWhileLost() {
        var probe = sent()
        _ = probe.handle(.lost(reason: "gone"))
        #expect(probe.handle(.cancel(job)) == [.fail(job, Failure(.cancelled, "the job was cancelled"))])
        #expect(
            probe.handle(.ready(epoch: 7)) == [
                .tell(.brokerReturned(isNewRun: false)), .queryCatalogue, .cancel(job, attempt: 1),
            ])
    }

    @Test("a deadline travels as what is left of it, and ends the job here if nobody else does")
    func deadline() {
        var probe = sent(timeout: 3_000)
        _ = probe.handle(.lost(reason: "gone"), after: 1_000)
        #expect(
            probe.handle(.ready(epoch: 7), after: 500).last
                == .submit(job, attempt: 2, includesGraphs: false, deadlineMilliseconds: 1_500))
        #expect(
            probe.handle(.tick, after: 1_500) == [
                .cancel(job, attempt: 2),
                .fail(job, Failure(.deadlineExceeded, "the job took longer than it was given")),
            ])
    }

    @Test("a job of which nothing is heard ends; only what has come further counts as heard")
    func silence() {
        var probe = ready()
        let patient = submission(silence: 2_000)
        _ = probe.handle(.submit(job, patient, isCancelled: false))
        let half = JobProgress(batchesDone: 1, batchesTotal: 2, examplesDone: 32)
        _ = probe.handle(.progress(job, attempt: 1, half), after: 1_500)
        #expect(probe.handle(.tick, after: 1_500) == [])
        _ = probe.handle(.progress(job, attempt: 1, half), after: 400)
        let failure = Failure(.deadlineExceeded, "nothing was heard of the job for 2 s")
        #expect(probe.handle(.tick, after: 100) == [.cancel(job, attempt: 1), .fail(job, failure)])
    }

    @Test("progress beyond the batches there are is a failure, however it creeps")
    func tooManyBatches() {
        var probe = ready()
        let counted = submission(batches: 2)
        _ = probe.handle(.submit(job, counted, isCancelled: false))
        let last = JobProgress(batchesDone: 2, batchesTotal: .max, examplesDone: 64)
        #expect(probe.handle(.progress(job, attempt: 1, last)) == [.report(job, last)])
        let beyond = JobProgress(batchesDone: 3, batchesTotal: .max, examplesDone: 96)
        #expect(
            probe.handle(.progress(job, attempt: 1, beyond)) == [
                .cancel(job, attempt: 1),
                .fail(job, Failure(.malformed, "it has done 3 batches of at most 2")),
            ])
    }

    @Test("while the broker is away nobody can be heard, which is not silence")
    func silenceOfTheBroker() {
        var probe = ready()
        let patient = submission(silence: 2_000)
        _ = probe.handle(.submit(job, patient, isCancelled: false))
        _ = probe.handle(.lost(reason: "gone"), after: 1_000)
        #expect(probe.handle(.tick, after: 9_000) == [])
        _ = probe.handle(.ready(epoch: 7))
        #expect(probe.handle(.tick, after: 1_999) == [])
        #expect(probe.handle(.tick, after: 1).count == 2)
    }

    @Test("progress of the present attempt is reported, other progress dropped")
    func progress() {
        var probe = sent()
        let half = JobProgress(batchesDone: 1, batchesTotal: 2, examplesDone: 32)
        #expect(probe.handle(.progress(job, attempt: 1, half)) == [.report(job, half)])
        #expect(probe.handle(.progress(job, attempt: 2, half)) == [])
        #expect(probe.handle(.progress(other, attempt: 1, half)) == [])
    }

    @Test("workers that come and go are told by comparing catalogues")
    func workers() {
        var probe = ready()
        let bob = worker("bob", session: 1), alice = worker("alice", session: 2)
        let first = catalogue(bob), second = catalogue(alice)
        #expect(probe.handle(.catalogue(first)) == [.tell(.workerJoined(bob)), .tell(.catalogue(first))])
        #expect(
            probe.handle(.catalogue(second)) == [
                .tell(.workerLeft(name: "bob")), .tell(.workerJoined(alice)), .tell(.catalogue(second)),
            ])
    }

    @Test("the end of the session is the answer to every open job, in order, and to every later one")
    func ends() {
        for (event, failure) in [
            (SessionMachine.Event.close, Failure(.cancelled, "the session was closed")),
            (.failed(Failure(.brokerUnreachable, "no broker")), Failure(.brokerUnreachable, "no broker")),
        ] {
            var probe = sent()
            _ = probe.handle(.submit(other, submission(), isCancelled: false))
            #expect(probe.handle(event) == [.fail(job, failure), .fail(other, failure)])
            let late = JobID(high: 3, low: 1)
            #expect(probe.handle(.submit(late, submission(), isCancelled: false)) == [.fail(late, failure)])
            for event in [
                SessionMachine.Event.close, .ready(epoch: 9), .lost(reason: ""), .tick,
                .catalogue(Catalogue()),
            ] {
                #expect(probe.handle(event) == [])
            }
        }
    }

    @Test("whatever happens, every job has exactly one answer", arguments: 0..<200)
    func exactlyOneAnswer(seed: Int) throws {
        var random = Philox(seed: UInt64(seed), purpose: .samples)
        var probe = Probe()
        var log = AnswerLog()
        let graphs = try [graph(1), graph(2)]
        let workers = [
            catalogue(), catalogue(worker("bob", session: 1)),
            catalogue(worker("eve", session: 2, draining: true)),
        ]
        let codes: [FailureCode] = [.noWorker, .overloaded, .unknownGraph, .workerLost, .executionFailed]
        for step in 0..<500 {
            let id = JobID(high: UInt64(1 + random.index(below: 40)), low: 1)
            let attempt = (probe.machine.jobs[id]?.attempt ?? 0) &+ random.index(below: 3) &- 1
            let event: SessionMachine.Event
            switch random.index(below: 14) {
            case 0...2:
                let fresh = JobID(high: UInt64(1_000 + step), low: 1)
                let id = random.index(below: 3) == 0 ? id : fresh
                guard !log.submitted.contains(id) else { continue }
                log.submitted.insert(id)
                let timeout: Int64? = random.index(below: 4) == 0 ? 2_000 : nil
                event = .submit(
                    id, submission([graphs[step % 2]], timeout: timeout),
                    isCancelled: random.index(below: 9) == 0)
            case 3: event = .cancel(id)
            case 4: event = .unsent(id)
            case 5: event = .ready(epoch: UInt64(1 + random.index(below: 3)))
            case 6: event = .lost(reason: "gone")
            case 7: event = .result(id, attempt: attempt)
            case 8, 9:
                event = .failure(id, attempt: attempt, Failure(codes[Int(random.index(below: 5))], ""))
            case 10: event = .resend(id, attempt: attempt &+ 1)
            case 11: event = .catalogue(workers[Int(random.index(below: 3))])
            default: event = .tick
            }
            log.take(
                probe.handle(event, after: Int64(random.index(below: 700))), isReady: probe.machine.isReady)
        }
        log.take(probe.handle(.close), isReady: false)
        #expect(log.answers.count == log.submitted.count, "seed \(seed)")
        #expect(Set(log.answers) == log.submitted, "seed \(seed)")
        #expect(log.faults.isEmpty, "seed \(seed)")
        #expect(probe.machine.jobs.isEmpty && probe.machine.statistics.answers == UInt64(log.answers.count))
    }
}

/// What a machine did, and the rules it broke.
private struct AnswerLog {
    var submitted: Set<JobID> = []
    var answers: [JobID] = []
    var attempts: [JobID: UInt32] = [:]
    var faults: [String] = []

    mutating func take(_ actions: [SessionMachine.Action], isReady: Bool) {
        for action in actions {
            switch action {
            case .deliver(let id), .fail(let id, _):
                if answers.contains(id) { faults.append("\(id) was answered twice") }
                answers.append(id)
            case .submit(let id, let attempt, _, _):
                if answers.contains(id) { faults.append("\(id) was submitted after its answer") }
                if attempt <= attempts[id] ?? 0 { faults.append("\(id): attempt \(attempt) is not new") }
                if !isReady { faults.append("\(id) was submitted without a link") }
                attempts[id] = attempt
            default: continue
            }
        }
    }
}
