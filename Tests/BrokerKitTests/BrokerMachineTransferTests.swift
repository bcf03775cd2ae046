import Protocol
import Testing

@testable import BrokerKit

@Suite("Broker machine: transfers")
struct BrokerMachineTransferTests {
    private static let goodbye = Header(.goodbye, job: .none, attempt: 0, epoch: Rig.epoch)

    /// Trainer 0; workers 1 (session 11), 2 (session 12) and 4 (session 14), all with shard 0; job 5 at
    /// worker 1, under a deadline if one is given.
    private func rig(deadline: UInt32 = 0, capacity: Int = 0) -> Rig {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11, capacity: capacity))
        rig.join(2, worker("anna", session: 12, capacity: capacity))
        rig.join(4, worker("carol", session: 14, capacity: capacity))
        rig.say(0, .submit, job: 5, target: 11, deadline: deadline, flags: .targetsSession)
        return rig
    }

    /// The same, with job 5 transferred to worker 2.
    private func transferred(deadline: UInt32 = 0, capacity: Int = 0) -> Rig {
        let rig = rig(deadline: deadline, capacity: capacity)
        #expect(summary(rig.say(1, .transfer, job: 5, attempt: 1, target: 12)) == ["dispatch>2#1"])
        return rig
    }

    private func resubmit(_ rig: Rig, attempt: UInt32, by peer: PeerID = 0) -> [String] {
        summary(rig.say(peer, .submit, job: 5, attempt: attempt, target: 11, flags: .targetsSession))
    }

    private func openJobs(_ rig: Rig) -> [Int] { rig.machine.catalogue.workers.map(\.openJobs) }

    @Test("a transfer becomes a dispatch for the destination, whose answer ends the job")
    func roundTrip() {
        let rig = rig(deadline: 700)
        rig.now += 200
        let actions = rig.say(
            1, .transfer, job: 5, attempt: 1, target: 12, deadline: 9, flags: .targetsSession)
        guard case .forward(2, let header)? = actions.first, actions.count == 1 else {
            return #expect(Bool(false), "no dispatch")
        }
        var expected = Header(.dispatch, job: 5, attempt: 1, epoch: Rig.epoch)
        expected.flags = .transferred
        expected.target = Identifier(ownerFor: 10)
        expected.deadlineMilliseconds = 500
        #expect(header == expected)
        #expect(summary(rig.say(2, .started, job: 5, attempt: 1)) == ["relay>0"])
        #expect(summary(rig.say(2, .result, job: 5, attempt: 1)) == ["relay>0"])
        #expect(rig.machine.openJobCount == 0)
        let counters = rig.machine.counters
        #expect(counters.transferred == 1 && counters.dispatched == 2 && counters.finished == 1)
        #expect(counters.dropped == 0)
    }

    @Test(
        "a failure of the destination ends the job",
        arguments: [.draining, .overloaded, .limitExceeded] as [FailureCode])
    func relaysFailure(code: FailureCode) {
        let rig = transferred()
        #expect(summary(rig.fail(2, job: 5, attempt: 1, code)) == ["relay>0"], "nobody else may keep them")
        #expect(rig.machine.openJobCount == 0 && rig.machine.counters.resent == 0)
    }

    @Test("a trainer cannot pass its own job off as transferred")
    func clearsFlag() {
        let rig = rig()
        let actions = rig.say(0, .submit, job: 6, target: 12, flags: [.targetsSession, .transferred])
        guard case .forward(2, let header)? = actions.first else {
            return #expect(Bool(false), "no dispatch")
        }
        #expect(header.flags == [])
    }

    @Test("after a transfer the job counts for the destination, and what its source says is late")
    func moves() {
        let rig = rig()
        #expect(openJobs(rig) == [1, 0, 0])
        rig.say(1, .transfer, job: 5, attempt: 1, target: 12)
        #expect(openJobs(rig) == [0, 1, 0])
        for command in [Command.started, .progress, .result, .transfer] {
            #expect(summary(rig.say(1, command, job: 5, attempt: 1, target: 14)).isEmpty)
        }
        #expect(summary(rig.fail(1, job: 5, attempt: 1, .executionFailed)).isEmpty)
        #expect(rig.machine.counters.late == 5)
        #expect(summary(rig.say(2, .result, job: 5, attempt: 1)) == ["relay>0"])
    }

    @Test("only the worker that has a job transfers it, in the attempt it has")
    func fences() {
        let rig = rig()
        #expect(summary(rig.say(2, .transfer, job: 5, attempt: 1, target: 14)).isEmpty)
        #expect(summary(rig.say(1, .transfer, job: 5, attempt: 2, target: 12)).isEmpty)
        #expect(summary(rig.say(1, .transfer, job: 6, attempt: 1, target: 12)).isEmpty)
        #expect(rig.machine.counters.late == 3)
        #expect(summary(rig.say(0, .transfer, job: 5, attempt: 1, target: 12)).isEmpty)
        #expect(rig.machine.counters.unexpected == 1, "a trainer transfers nothing")
        #expect(summary(rig.say(1, .result, job: 5, attempt: 1)) == ["relay>0"])
    }

    @Test("a second transfer, one to the sender and one of a shard's job fail the job as malformed")
    func refuses() {
        let twice = transferred()
        expectMalformed(twice.say(2, .transfer, job: 5, attempt: 1, target: 14), "anna", in: twice)
        let back = transferred()
        expectMalformed(back.say(2, .transfer, job: 5, attempt: 1, target: 11), "anna", in: back)
        let own = rig()
        expectMalformed(own.say(1, .transfer, job: 5, attempt: 1, target: 11), "alice", in: own)
        let sharded = rig()
        sharded.say(0, .cancel, job: 5)
        #expect(summary(sharded.say(0, .submit, job: 5, target: shard(0).key)) == ["dispatch>2#1"])
        expectMalformed(sharded.say(2, .transfer, job: 5, attempt: 1, target: 14), "anna", in: sharded)
    }

    private func expectMalformed(
        _ actions: [BrokerMachine.Action], _ name: String, in rig: Rig,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(summary(actions) == ["failed(malformed)>0"], sourceLocation: sourceLocation)
        #expect(failureText(actions)?.contains(name) == true, sourceLocation: sourceLocation)
        #expect(rig.machine.counters.unexpected == 1, sourceLocation: sourceLocation)
        #expect(rig.machine.openJobCount == 0, sourceLocation: sourceLocation)
    }

    @Test("refused transfers are logged at a bounded rate")
    func boundsLog() {
        let rig = rig()
        var logged = 0
        for job in (1...100 as ClosedRange<UInt64>).map({ Identifier(high: $0, low: 5) }) {
            rig.say(0, .submit, job: job, target: 11, flags: .targetsSession)
            for case .log in rig.say(1, .transfer, job: job, attempt: 1, target: 11) { logged += 1 }
        }
        #expect(logged == 1 && rig.machine.counters.unexpected == 100)
    }

    @Test("a destination that is no worker's session, or is missing or lost, fails the job with its name")
    func namesDestination() {
        for target in [99, 10, .none] as [SessionID] {
            let rig = rig()
            let actions = rig.say(1, .transfer, job: 5, attempt: 1, target: target)
            #expect(summary(actions) == ["failed(no-worker)>0"])
            #expect(failureText(actions)?.contains("\(target)") == true)
        }
        let rig = rig()
        rig.handle(.disconnected(2))
        let missing = rig.say(1, .transfer, job: 5, attempt: 1, target: 12)
        #expect(summary(missing) == ["failed(no-worker)>0"])
        #expect(failureText(missing)?.contains("anna") == true)
        #expect(rig.machine.openJobCount == 0)
        rig.handle(.goodbye(4, Self.goodbye, reason: "x"))
        rig.say(0, .submit, job: 6, target: 11, flags: .targetsSession)
        let lost = rig.say(1, .transfer, job: 6, attempt: 1, target: 14)
        #expect(summary(lost) == ["failed(no-worker)>0"])
    }

    @Test("a destination that drains or is full is sent the job, and says so itself")
    func asksBusyDestination() {
        let draining = rig()
        draining.say(0, .submit, job: 6, target: 12, flags: .targetsSession)
        draining.fail(2, job: 6, attempt: 1, .draining)
        #expect(summary(draining.say(1, .transfer, job: 5, attempt: 1, target: 12)) == ["dispatch>2#1"])
        #expect(summary(draining.say(2, .result, job: 5, attempt: 1)) == ["relay>0"], "it had the answer")
        let full = rig(capacity: 1)
        full.say(0, .submit, job: 6, target: 12, flags: .targetsSession)
        #expect(summary(full.say(1, .transfer, job: 5, attempt: 1, target: 12)) == ["dispatch>2#1"])
    }

    @Test("submitted again, a transferred job goes to its source, which transfers it again")
    func resubmits() {
        let rig = transferred()
        #expect(resubmit(rig, attempt: 1) == ["dispatch>1#2"])
        #expect(summary(rig.say(2, .result, job: 5, attempt: 1)).isEmpty, "the attempt before")
        #expect(summary(rig.say(2, .result, job: 5, attempt: 2)).isEmpty, "not its job now")
        #expect(summary(rig.say(1, .transfer, job: 5, attempt: 2, target: 12)) == ["dispatch>2#2"])
        #expect(summary(rig.say(2, .result, job: 5, attempt: 2)) == ["relay>0"])
    }

    @Test("…even one that is full or drains, for it has the transfer among its answers")
    func resubmitsToBusySource() {
        let rig = transferred(capacity: 1)
        rig.say(0, .submit, job: 6, target: 11, flags: .targetsSession)
        #expect(resubmit(rig, attempt: 1) == ["dispatch>1#2"])
        rig.say(1, .transfer, job: 5, attempt: 2, target: 12)
        rig.fail(1, job: 6, attempt: 1, .draining)
        #expect(resubmit(rig, attempt: 2) == ["dispatch>1#3"])
    }

    @Test("…waits for it while it is missing, and fails without it; never does the destination get the body")
    func resubmitsWithoutSource() {
        let rig = transferred()
        rig.handle(.disconnected(1))
        #expect(resubmit(rig, attempt: 1).isEmpty)
        #expect(summary(rig.join(3, worker("alice", session: 11))) == ["welcome>3", "resend>0#3"])
        #expect(resubmit(rig, attempt: 3) == ["dispatch>3#3"])
        rig.say(3, .transfer, job: 5, attempt: 3, target: 12)
        rig.handle(.goodbye(3, Self.goodbye, reason: "x"))
        #expect(rig.machine.openJobCount == 1, "the destination still has it")
        #expect(resubmit(rig, attempt: 4) == ["failed(no-worker)>0"])
    }

    @Test("a lost destination fails the job, and is named")
    func losesDestination() {
        let rig = transferred()
        let actions = rig.handle(.goodbye(2, Self.goodbye, reason: "going home"))
        #expect(summary(actions) == ["forget>2", "failed(worker-lost)>0"])
        let text = failureText(actions) ?? ""
        #expect(text.contains("anna") && text.contains("going home") && text.contains("transferred"))
        #expect(rig.machine.openJobCount == 0)
    }

    @Test("a destination whose connection broke goes on when it is back in time, and is lost when it is not")
    func missesDestination() {
        let back = transferred()
        back.handle(.unreachable(2))
        #expect(summary(back.join(3, worker("anna", session: 12, openJobs: [5]))) == ["welcome>3"])
        #expect(summary(back.say(3, .result, job: 5, attempt: 1)) == ["relay>0"])
        let away = transferred()
        away.handle(.unreachable(2))
        let lost = summary(away.pass(milliseconds: BrokerLimits.reconnectGraceMilliseconds))
        #expect(lost.filter { !$0.hasPrefix("heartbeat") } == ["failed(worker-lost)>0"])
    }

    @Test("what was lost with the destination's connection is asked for again, of the source")
    func reconciles() {
        let rig = transferred()
        rig.handle(.disconnected(2))
        #expect(summary(rig.join(3, worker("anna", session: 12))) == ["welcome>3", "resend>0#2"])
        #expect(resubmit(rig, attempt: 2) == ["dispatch>1#2"])
        #expect(summary(rig.say(1, .transfer, job: 5, attempt: 2, target: 12)) == ["dispatch>3#2"])
        #expect(summary(rig.say(3, .result, job: 5, attempt: 2)) == ["relay>0"])
    }

    @Test(
        "a destination that is back does not get the body of a job asked for again, whatever it says it has",
        arguments: [[], [5]] as [[JobID]])
    func ignoresClaimOfDestination(openJobs: [JobID]) {
        let rig = transferred()
        rig.handle(.disconnected(2))
        #expect(summary(rig.join(3, worker("anna", session: 12))) == ["welcome>3", "resend>0#2"])
        if !openJobs.isEmpty {
            rig.handle(.disconnected(3))
            #expect(summary(rig.join(6, worker("anna", session: 12, openJobs: openJobs))) == ["welcome>6"])
        }
        // Not even if the trainer would let any holder of the shard have it now.
        let actions = rig.say(0, .submit, job: 5, attempt: 2, target: shard(0).key)
        #expect(summary(actions) == ["dispatch>1#2"])
    }

    @Test("after a restart of the broker the destination's claim does not bring it the body")
    func restarts() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11))
        rig.join(2, worker("anna", session: 12, openJobs: [5]))
        #expect(resubmit(rig, attempt: 2) == ["dispatch>1#2"])
        #expect(summary(rig.say(1, .transfer, job: 5, attempt: 2, target: 12)) == ["dispatch>2#2"])
        #expect(summary(rig.say(2, .result, job: 5, attempt: 2)) == ["relay>0"])
    }

    @Test("a cancel reaches the destination, and so do the deadline and the trainer's end")
    func cancels() {
        let rig = transferred()
        #expect(summary(rig.say(0, .cancel, job: 5)) == ["cancel>2#1", "failed(cancelled)>0"])
        let slow = transferred(deadline: 150)
        let late = slow.pass(milliseconds: 200)
        #expect(summary(late) == ["cancel>2#1", "failed(deadline-exceeded)>0"])
        #expect(failureText(late)?.contains("anna") == true)
        let left = transferred()
        #expect(summary(left.handle(.goodbye(0, Self.goodbye, reason: "x"))) == ["forget>0", "cancel>2#1"])
    }

    @Test("a deadline about to pass is not taken for none")
    func keepsDeadline() {
        let rig = rig(deadline: 150)
        rig.now += 500
        let actions = rig.say(1, .transfer, job: 5, attempt: 1, target: 12)
        guard case .forward(2, let header)? = actions.first else {
            return #expect(Bool(false), "no dispatch")
        }
        #expect(header.deadlineMilliseconds == 1)
    }

    @Test("a trainer that is away finds its transferred job again")
    func trainerAway() {
        let rig = transferred()
        rig.handle(.disconnected(0))
        #expect(summary(rig.join(3, trainer("bob", session: 10))) == ["welcome>3"])
        #expect(resubmit(rig, attempt: 1, by: 3) == ["dispatch>1#2"])
        let again = rig.say(1, .transfer, job: 5, attempt: 2, target: 12)
        guard case .forward(2, let header)? = again.first else {
            return #expect(Bool(false), "no dispatch")
        }
        #expect(header.target == Identifier(ownerFor: 10), "the same owner by any connection")
        #expect(summary(rig.say(2, .result, job: 5, attempt: 2)) == ["relay>3"])
    }
}
