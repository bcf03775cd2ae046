import Jobs
import Protocol
import Testing

@testable import WorkerKit

@Suite("The worker's machine")
struct WorkerMachineTests {
    fileprivate static let a = JobID(high: 0, low: 1), b = JobID(high: 0, low: 2)

    /// A machine with a memory of what it said.
    fileprivate struct Rig {
        var machine = WorkerMachine(drainMilliseconds: 1_000)
        var now: Int64 = 0

        /// A worker that is registered.
        init() { _ = feed(.linkReady) }

        mutating func feed(_ event: WorkerMachine.Event) -> [String] {
            var actions: [WorkerMachine.Action] = []
            machine.handle(event, at: now, actions: &actions)
            return actions.map(Self.text)
        }

        mutating func dispatch(
            _ job: JobID, attempt: UInt32 = 1, deadline: UInt32 = 0, owner: Identifier = .none
        ) -> [String] {
            feed(.dispatched(job, attempt: attempt, deadlineMilliseconds: deadline, owner: owner))
        }

        static func text(_ action: WorkerMachine.Action) -> String {
            switch action {
            case .enqueue(let job, let run): "enqueue \(job.low) as \(run)"
            case .answer(let job, let attempt, .result(let payload)):
                "result \(job.low) attempt \(attempt) \(payload.body.prefix(3))"
            case .answer(let job, let attempt, .transfer(let worker, let payload)):
                "transfer \(job.low) to \(worker.low) attempt \(attempt) \(payload.body.prefix(3))"
            case .answer(let job, let attempt, .failure(let failure)):
                "failed \(job.low) attempt \(attempt) \(failure.code)"
            case .reportStart(let job, let attempt): "started \(job.low) attempt \(attempt)"
            case .reportProgress(let job, let attempt, let progress):
                "progress \(job.low) attempt \(attempt) \(progress.batchesDone)"
            case .cancel(let run): "cancel \(run)"
            case .withdrawWaiting: "withdraw"
            case .leave(let reason): "leave \(reason)"
            }
        }
    }

    fileprivate static func result(_ byte: UInt8 = 7) -> Answer { .result(Payload(body: [byte], frames: [])) }

    private static func progress(_ batches: UInt64) -> JobProgress {
        JobProgress(batchesDone: batches, batchesTotal: 10, examplesDone: 0)
    }

    // MARK: The table

    /// Where a worker can be, with job 1 as run 1 where it has one.
    enum Condition: CaseIterable {
        case idle, held, started, answered, draining, left

        fileprivate var rig: Rig {
            var rig = Rig()
            if self != .idle && self != .left { _ = rig.dispatch(a) }
            switch self {
            case .idle, .held: break
            case .started: _ = rig.feed(.started(a, 1))
            case .answered: _ = rig.feed(.finished(a, 1, WorkerMachineTests.result()))
            case .draining, .left: _ = rig.feed(.drain)
            }
            return rig
        }
    }

    @Test("whoever repeats another's job gets neither its answer nor a part in its run")
    func owners() {
        var rig = Rig()
        let ann = Identifier(high: 1, low: 1), ben = Identifier(high: 2, low: 2)
        #expect(rig.dispatch(Self.a, owner: ann) == ["enqueue \(Self.a.low) as 1"])
        let taken = rig.dispatch(Self.a, attempt: 2, owner: ben)
        #expect(taken == ["failed 1 attempt 2 malformed"])
        let payload = Answer.result(Payload(body: [1, 2, 3], frames: []))
        #expect(rig.feed(.finished(Self.a, 1, payload)) == ["result \(Self.a.low) attempt 1 [1, 2, 3]"])
        #expect(rig.dispatch(Self.a, attempt: 3, owner: ben) == ["enqueue \(Self.a.low) as 2"])
        #expect(rig.feed(.finished(Self.a, 2, .result(Payload(body: [9], frames: [])))).count == 1)
        #expect(rig.dispatch(Self.a, attempt: 4, owner: ben) == ["result \(Self.a.low) attempt 4 [9]"])
        // One answer is kept under a number: it is done anew for who asked before.
        #expect(rig.dispatch(Self.a, attempt: 5, owner: ann) == ["enqueue \(Self.a.low) as 3"])
    }

    @Test("an answer that has come to its trainer is kept no longer")
    func settled() {
        var rig = Condition.answered.rig
        #expect(rig.dispatch(Self.a, attempt: 2) == ["result 1 attempt 2 [7]"])
        #expect(rig.feed(.settled(Self.b)) == [])
        #expect(rig.dispatch(Self.a, attempt: 3) == ["result 1 attempt 3 [7]"])
        #expect(rig.feed(.settled(Self.a)) == [])
        #expect(rig.dispatch(Self.a, attempt: 4) == ["enqueue 1 as 2"])
    }

    @Test("every event in every condition does what the table says", arguments: Condition.allCases)
    func table(condition: Condition) {
        let failure = Answer.failure(Failure(.executionFailed, "it broke"))
        let events: [(String, WorkerMachine.Event)] = [
            ("new", .dispatched(Self.b, attempt: 3, deadlineMilliseconds: 0, owner: .none)),
            ("again", .dispatched(Self.a, attempt: 2, deadlineMilliseconds: 0, owner: .none)),
            ("cancel", .cancelled(Self.a)),
            ("cancel unknown", .cancelled(Self.b)),
            ("started", .started(Self.a, 1)),
            ("progress", .progressed(Self.a, 1, Self.progress(4))),
            ("finished", .finished(Self.a, 1, Self.result(9))),
            ("failed", .finished(Self.a, 1, failure)),
            ("stale", .finished(Self.a, 77, Self.result(9))),
            ("withdrawn", .withdrawn(Self.a, 1)),
            ("settled", .settled(Self.a)), ("up", .linkReady), ("down", .linkLost), ("drain", .drain),
            ("tick", .tick),
        ]
        for (name, event) in events {
            var rig = condition.rig
            #expect(rig.feed(event) == Self.expected(condition, name), "\(condition): \(name)")
        }
    }

    private static func expected(_ condition: Condition, _ event: String) -> [String] {
        let leave = condition == .draining ? ["leave drained"] : []
        let holds = condition == .held || condition == .started || condition == .draining
        switch (condition, event) {
        case (.left, _): return []
        case (.draining, "new"): return ["failed 2 attempt 3 draining"]
        case (.idle, "new"): return ["enqueue 2 as 1"]
        case (_, "new"): return ["enqueue 2 as 2"]
        case (.idle, "again"): return ["enqueue 1 as 1"]
        case (.answered, "again"): return ["result 1 attempt 2 [7]"]
        case (.started, "again"): return ["started 1 attempt 2"]
        case (.idle, "drain"), (.answered, "drain"): return ["leave drained"]
        case (.held, "drain"), (.started, "drain"): return ["withdraw"]
        case (.held, "started"), (.draining, "started"): return ["started 1 attempt 1"]
        case (_, "cancel") where holds: return ["cancel 1"] + leave
        case (_, "progress") where holds: return ["progress 1 attempt 1 4"]
        case (_, "finished") where holds: return ["result 1 attempt 1 [9]"] + leave
        case (_, "failed") where holds: return ["failed 1 attempt 1 execution-failed"] + leave
        case (_, "withdrawn") where holds: return ["failed 1 attempt 1 draining"] + leave
        default: return []
        }
    }

    // MARK: Stories

    @Test("a job asked for again answers with the attempt that asked last, even a lower one")
    func adoption() {
        var rig = Rig()
        #expect(rig.dispatch(Self.a, attempt: 4) == ["enqueue 1 as 1"])
        #expect(rig.dispatch(Self.a, attempt: 5) == [])
        #expect(rig.feed(.progressed(Self.a, 1, Self.progress(1))) == ["progress 1 attempt 5 1"])
        #expect(rig.feed(.progressed(Self.a, 1, Self.progress(2))) == ["progress 1 attempt 5 2"])
        // Another broker counts from one.
        #expect(rig.dispatch(Self.a, attempt: 1) == [])
        #expect(rig.feed(.progressed(Self.a, 1, Self.progress(3))) == ["progress 1 attempt 1 3"])
        #expect(rig.feed(.finished(Self.a, 1, Self.result())) == ["result 1 attempt 1 [7]"])
        #expect(rig.dispatch(Self.a, attempt: 2) == ["result 1 attempt 2 [7]"])
        #expect(rig.dispatch(Self.a, attempt: 3) == ["result 1 attempt 3 [7]"])
    }

    @Test("a transfer is an answer as any: kept, repeated for the attempt that asks, and not run again")
    func transfers() {
        var rig = Rig()
        _ = rig.dispatch(Self.a)
        let transfer = Answer.transfer(
            to: SessionID(high: 0, low: 9), Payload(body: [4, 5], frames: []))
        #expect(rig.feed(.finished(Self.a, 1, transfer)) == ["transfer 1 to 9 attempt 1 [4, 5]"])
        #expect(rig.machine.heldCount == 0)
        #expect(rig.dispatch(Self.a, attempt: 2) == ["transfer 1 to 9 attempt 2 [4, 5]"])
        // Made while nobody could hear it, it is said when somebody can.
        _ = rig.dispatch(Self.b)
        _ = rig.feed(.linkLost)
        #expect(rig.feed(.finished(Self.b, 2, transfer)) == [])
        #expect(rig.feed(.linkReady) == ["transfer 2 to 9 attempt 1 [4, 5]"])
        #expect(rig.dispatch(Self.b, attempt: 3) == ["transfer 2 to 9 attempt 3 [4, 5]"])
    }

    @Test("a job that was cancelled and sent again is a run of its own; what the old run says is not heard")
    func cancelledAndSentAgain() {
        var rig = Rig()
        _ = rig.dispatch(Self.a)
        #expect(rig.feed(.cancelled(Self.a)) == ["cancel 1"])
        #expect(rig.dispatch(Self.a) == ["enqueue 1 as 2"])
        #expect(rig.feed(.started(Self.a, 1)) == [])
        #expect(rig.feed(.finished(Self.a, 1, .failure(Failure(.cancelled, "")))) == [])
        #expect(rig.feed(.finished(Self.a, 2, Self.result())) == ["result 1 attempt 1 [7]"])
        #expect(rig.machine.heldCount == 0)
    }

    @Test(
        "failures that would come again are kept, others are not",
        arguments: [
            (FailureCode.malformed, true), (.limitExceeded, true), (.invalidJob, true), (.notPermitted, true),
            (.unknownDataset, true), (.executionFailed, true), (.unknownGraph, false), (.cancelled, false),
            (.deadlineExceeded, false), (.draining, false), (.overloaded, false), (.unknownObject, false),
        ])
    func keptFailures(code: FailureCode, isKept: Bool) {
        var rig = Rig()
        _ = rig.dispatch(Self.a)
        _ = rig.feed(.finished(Self.a, 1, .failure(Failure(code, ""))))
        #expect(
            rig.dispatch(Self.a, attempt: 2) == (isKept ? ["failed 1 attempt 2 \(code)"] : ["enqueue 1 as 2"])
        )
    }

    @Test("answers are kept up to a number and a size, the least used ones go")
    func answerCache() {
        var rig = Rig()
        for number in 1...UInt64(WorkerLimits.answerCountMaximum + 1) {
            let job = JobID(high: 0, low: number)
            _ = rig.dispatch(job)
            _ = rig.feed(.finished(job, number, Self.result()))
            // Job 1 is asked for again all the time, so job 2 goes.
            #expect(rig.dispatch(JobID(high: 0, low: 1)) == ["result 1 attempt 1 [7]"])
        }
        #expect(rig.dispatch(JobID(high: 0, low: 2)).first?.hasPrefix("enqueue 2") == true)
        #expect(rig.dispatch(JobID(high: 0, low: 3)) == ["result 3 attempt 1 [7]"])

        let large = [UInt8](repeating: 1, count: WorkerLimits.answerByteCountMaximum + 1)
        let job = JobID(high: 1, low: 1)
        _ = rig.dispatch(job)
        let run = UInt64(WorkerLimits.answerCountMaximum + 3)
        _ = rig.feed(.finished(job, run, .result(Payload(body: large, frames: []))))
        #expect(rig.dispatch(job) == ["enqueue 1 as \(run + 1)"])
    }

    @Test("one job more than a worker may hold is refused as overload")
    func overload() {
        var rig = Rig()
        for number in 1...UInt64(ProtocolLimits.workerJobsMaximum) {
            _ = rig.dispatch(JobID(high: 0, low: number))
        }
        #expect(rig.dispatch(JobID(high: 9, low: 9)) == ["failed 9 attempt 1 overloaded"])
        #expect(rig.dispatch(Self.a, attempt: 2) == [])
        _ = rig.feed(.finished(Self.a, 1, Self.result()))
        #expect(rig.dispatch(JobID(high: 9, low: 9)).first?.hasPrefix("enqueue 9") == true)
        #expect(rig.machine.heldCount == ProtocolLimits.workerJobsMaximum)
    }

    @Test("a job past its deadline is stopped and answered; one asked for again has a new one")
    func deadlines() {
        var rig = Rig()
        _ = rig.dispatch(Self.a, deadline: 100)
        _ = rig.dispatch(Self.b, deadline: 100)
        rig.now = 99
        #expect(rig.feed(.tick) == [])
        #expect(rig.dispatch(Self.b, attempt: 2, deadline: 50) == [])
        rig.now = 100
        #expect(rig.feed(.tick) == ["cancel 1", "failed 1 attempt 1 deadline-exceeded"])
        #expect(rig.feed(.finished(Self.a, 1, Self.result())) == [])
        rig.now = 149
        #expect(rig.feed(.tick) == ["cancel 2", "failed 2 attempt 2 deadline-exceeded"])
        _ = rig.dispatch(Self.a, deadline: 10)
        #expect(rig.dispatch(Self.a, attempt: 2) == [])
        rig.now = 1_000_000
        #expect(rig.feed(.tick) == [])
    }

    @Test("draining hands back what waits, finishes what runs, then leaves")
    func drain() {
        var rig = Rig()
        _ = rig.dispatch(Self.a)
        _ = rig.dispatch(Self.b)
        #expect(rig.feed(.drain) == ["withdraw"])
        #expect(rig.feed(.drain) == [])
        #expect(rig.feed(.withdrawn(Self.b, 2)) == ["failed 2 attempt 1 draining"])
        #expect(rig.dispatch(Self.b, attempt: 2) == ["failed 2 attempt 2 draining"])
        rig.now = 999
        #expect(rig.feed(.tick) == [])
        #expect(rig.feed(.finished(Self.a, 1, Self.result())) == ["result 1 attempt 1 [7]", "leave drained"])
        #expect(rig.machine.state == .left)
    }

    @Test("what runs past the drain deadline is stopped, oldest first, and handed back")
    func drainDeadline() {
        var rig = Rig()
        _ = rig.dispatch(Self.b)
        _ = rig.dispatch(Self.a)
        _ = rig.feed(.drain)
        rig.now = 1_000
        #expect(
            rig.feed(.tick) == [
                "cancel 1", "failed 2 attempt 1 draining", "cancel 2", "failed 1 attempt 1 draining",
                "leave drained",
            ])
    }

    @Test("a hello lists what is held, oldest first, and nothing that was answered")
    func openJobs() {
        var rig = Rig()
        #expect(rig.machine.openJobs.isEmpty)
        for number in [10, 2, 1] as [UInt64] { _ = rig.dispatch(JobID(high: 0, low: number)) }
        _ = rig.feed(.finished(JobID(high: 0, low: 10), 1, Self.result()))
        #expect(rig.machine.openJobs.map(\.job) == [Self.b, Self.a])
    }

    @Test("what ends while the link is down is said when it is up again, before anything else")
    func unheardAnswers() {
        var rig = Rig()
        for number in 1...4 as ClosedRange<UInt64> {
            _ = rig.dispatch(JobID(high: 0, low: number), deadline: 50)
        }
        #expect(rig.feed(.linkLost) == [])
        #expect(rig.machine.openJobs.count == 4)
        #expect(rig.feed(.finished(Self.a, 1, Self.result())) == [])
        #expect(rig.feed(.finished(Self.b, 2, .failure(Failure(.unknownGraph, "")))) == [])
        let large = [UInt8](repeating: 1, count: WorkerLimits.answerByteCountMaximum + 1)
        #expect(
            rig.feed(.finished(JobID(high: 0, low: 3), 3, .result(Payload(body: large, frames: [])))) == [])
        rig.now = 50
        #expect(rig.feed(.tick) == ["cancel 4"])
        #expect(
            rig.feed(.linkReady) == [
                "result 1 attempt 1 [7]", "failed 2 attempt 1 unknown-graph", "failed 3 attempt 1 overloaded",
                "failed 4 attempt 1 deadline-exceeded",
            ])
        #expect(rig.feed(.linkLost) == [])
        #expect(rig.feed(.linkReady) == [])
    }

    @Test(
        "what is asked while the link is down, of which the answer is kept or is no, is answered when it is up"
    )
    func answersToDispatchesWithoutALink() {
        var rig = Rig()
        _ = rig.dispatch(Self.a)
        _ = rig.dispatch(JobID(high: 0, low: 3))
        _ = rig.feed(.finished(Self.a, 1, Self.result()))
        #expect(rig.feed(.linkLost) == [])
        #expect(rig.dispatch(Self.a, attempt: 2) == [])
        _ = rig.feed(.drain)
        #expect(rig.dispatch(Self.b, attempt: 3) == [])
        #expect(rig.feed(.linkReady) == ["result 1 attempt 2 [7]", "failed 2 attempt 3 draining"])
    }
}
