import Protocol
import Testing

@testable import BrokerKit

@Suite("Broker machine: jobs")
struct BrokerMachineJobTests {
    /// Trainer 0, workers 1 and 2 with shard 0, worker 2 with shard 1 too.
    private func rig(capacity: Int = 0) -> Rig {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11, shards: [0], capacity: capacity))
        rig.join(2, worker("anna", session: 12, shards: [0, 1], capacity: capacity))
        return rig
    }

    @Test("the last eighth of a worker's capacity is for trainers that have few jobs")
    func reserves() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(3, trainer("carl", session: 13))
        rig.join(1, worker("alice", session: 11, shards: [0], capacity: 16))
        var job: UInt64 = 100
        func submit(_ peer: PeerID) -> [String] {
            job += 1
            return summary(rig.say(peer, .submit, job: JobID(high: job, low: 1), target: shard(0).key))
        }
        for _ in 0..<14 { #expect(submit(0) == ["dispatch>1#1"]) }
        #expect(submit(0) == ["failed(overloaded)>0"])
        #expect(submit(3) == ["dispatch>1#1"])
        #expect(submit(3) == ["dispatch>1#1"])
        #expect(submit(3) == ["failed(overloaded)>3"])
    }

    @Test(
        "a worker for which much waits gets nothing until it has taken it; who asks is told when to try again"
    )
    func crowded() {
        let rig = rig()
        rig.handle(.crowded(1, true))
        #expect(summary(rig.say(0, .submit, job: 20, target: shard(0).key)) == ["dispatch>2#1"])
        rig.handle(.crowded(2, true))
        let refused = rig.say(0, .submit, job: 21, target: shard(0).key)
        #expect(summary(refused) == ["failed(overloaded)>0"])
        guard case .fail(_, let header, _) = refused.first else { return }
        #expect(header.waitMilliseconds == BrokerLimits.overloadWaitMilliseconds)
        rig.handle(.crowded(1, false))
        #expect(summary(rig.say(0, .submit, job: 21, target: shard(0).key)) == ["dispatch>1#1"])
    }

    @Test("a job goes to a holder of its shard and its answers come back")
    func roundTrip() {
        let rig = rig()
        let actions = rig.say(0, .submit, job: 5, target: shard(1).key, deadline: 700)
        #expect(summary(actions) == ["dispatch>2#1"])
        guard case .forward(_, let header)? = actions.first else {
            return #expect(Bool(false), "no dispatch")
        }
        #expect(header.job == 5 && header.epoch == Rig.epoch && header.deadlineMilliseconds == 700)
        #expect(header.target == Identifier(ownerFor: 10) && header.flags == [])
        #expect(summary(rig.say(2, .started, job: 5, attempt: 1)) == ["relay>0"])
        #expect(summary(rig.say(2, .progress, job: 5, attempt: 1)) == ["relay>0"])
        #expect(summary(rig.say(2, .result, job: 5, attempt: 1)) == ["relay>0"])
        #expect(rig.machine.openJobCount == 0)
        #expect(summary(rig.say(2, .result, job: 5, attempt: 1)).isEmpty, "answered once")
        #expect(rig.machine.counters.late == 1)
        #expect(rig.machine.counters.finished == 1)
    }

    @Test("the least busy holder gets the job, of equals the one not used for longest")
    func spreads() {
        let rig = rig()
        #expect(summary(rig.say(0, .submit, job: 1, target: shard(0).key)) == ["dispatch>1#1"])
        #expect(summary(rig.say(0, .submit, job: 2, target: shard(0).key)) == ["dispatch>2#1"])
        rig.say(1, .result, job: 1, attempt: 1)
        #expect(summary(rig.say(0, .submit, job: 3, target: shard(0).key)) == ["dispatch>1#1"])
        rig.say(1, .result, job: 3, attempt: 1)
        rig.say(2, .result, job: 2, attempt: 1)
        #expect(summary(rig.say(0, .submit, job: 4, target: shard(0).key)) == ["dispatch>2#1"])
    }

    @Test("a job may be addressed to a session")
    func addressesSession() {
        let rig = rig()
        for job in 1...3 as ClosedRange<UInt64> {
            let actions = rig.say(
                0, .submit, job: Identifier(high: job, low: 1), target: 12, flags: .targetsSession)
            #expect(summary(actions) == ["dispatch>2#1"])
        }
        let strangers = rig.say(0, .submit, job: 9, target: 99, flags: .targetsSession)
        #expect(summary(strangers) == ["failed(no-worker)>0"])
        let trainers = rig.say(0, .submit, job: 9, target: 10, flags: .targetsSession)
        #expect(summary(trainers) == ["failed(no-worker)>0"])
    }

    @Test("nobody serves it, everybody is full, no job named: told at once")
    func refuses() {
        let rig = rig(capacity: 1)
        #expect(summary(rig.say(0, .submit, job: 1, target: shard(3).key)) == ["failed(no-worker)>0"])
        #expect(summary(rig.say(0, .submit, job: 2, target: shard(0).key)) == ["dispatch>1#1"])
        #expect(summary(rig.say(0, .submit, job: 3, target: shard(0).key)) == ["dispatch>2#1"])
        let full = rig.say(0, .submit, job: 4, target: shard(0).key)
        #expect(summary(full) == ["failed(overloaded)>0"])
        #expect(failureText(full)?.contains("digits 0/4") == true)
        #expect(summary(rig.say(0, .submit, job: .none, target: shard(0).key)) == ["failed(malformed)>0"])
        #expect(rig.machine.openJobCount == 2)
    }

    @Test("an answer of another worker, another attempt or no job at all is dropped and counted")
    func fences() {
        let rig = rig()
        rig.say(0, .submit, job: 5, target: shard(0).key)
        for command in [Command.started, .progress, .result] {
            #expect(summary(rig.say(2, command, job: 5, attempt: 1)).isEmpty)
            #expect(summary(rig.say(1, command, job: 5, attempt: 2)).isEmpty)
            #expect(summary(rig.say(1, command, job: 6, attempt: 1)).isEmpty)
        }
        #expect(summary(rig.fail(2, job: 5, attempt: 1, .executionFailed)).isEmpty)
        #expect(rig.machine.counters.late == 10)
        #expect(rig.machine.openJobCount == 1)
    }

    @Test("a failure of the job goes to the trainer as it came")
    func relaysFailure() {
        let rig = rig()
        rig.say(0, .submit, job: 5, target: shard(0).key)
        #expect(summary(rig.fail(1, job: 5, attempt: 1, .executionFailed)) == ["relay>0"])
        #expect(rig.machine.openJobCount == 0)
        #expect(rig.machine.counters.failed == 1)
    }

    @Test("submitted again, a job goes to the worker that has it, as a new attempt")
    func resubmits() {
        let rig = rig()
        rig.say(0, .submit, job: 5, target: shard(0).key)
        #expect(summary(rig.say(0, .submit, job: 5, attempt: 1, target: shard(0).key)) == ["dispatch>1#2"])
        #expect(summary(rig.say(1, .result, job: 5, attempt: 1)).isEmpty)
        #expect(summary(rig.say(1, .result, job: 5, attempt: 2)) == ["relay>0"])
    }

    @Test("attempts do not overflow")
    func attemptsEnd() {
        let rig = rig()
        #expect(
            summary(rig.say(0, .submit, job: 5, attempt: .max, target: shard(0).key)) == [
                "dispatch>1#\(UInt32.max)"
            ])
        #expect(
            summary(rig.say(0, .submit, job: 5, attempt: .max, target: shard(0).key)) == [
                "dispatch>1#\(UInt32.max)"
            ])
        rig.handle(.disconnected(1))
        let lost = rig.pass(milliseconds: BrokerLimits.reconnectGraceMilliseconds)
        #expect(summary(lost).contains("failed(worker-lost)>0"))
    }

    @Test("another trainer's job id is refused, and cannot be cancelled")
    func protectsJobs() {
        let rig = rig()
        rig.join(3, trainer("mallory", session: 13))
        rig.say(0, .submit, job: 5, target: shard(0).key)
        #expect(summary(rig.say(3, .submit, job: 5, target: shard(0).key)) == ["failed(malformed)>3"])
        #expect(summary(rig.say(3, .cancel, job: 5)).isEmpty)
        #expect(rig.machine.counters.unexpected == 2)
        #expect(summary(rig.say(1, .result, job: 5, attempt: 1)) == ["relay>0"])
    }

    @Test("a cancel reaches the worker, is confirmed, and is harmless when said again")
    func cancels() {
        let rig = rig()
        rig.say(0, .submit, job: 5, target: shard(0).key)
        #expect(summary(rig.say(0, .cancel, job: 5)) == ["cancel>1#1", "failed(cancelled)>0"])
        #expect(summary(rig.say(0, .cancel, job: 5)).isEmpty)
        #expect(summary(rig.say(1, .result, job: 5, attempt: 1)).isEmpty)
        #expect(rig.machine.counters.unexpected == 0)
    }

    @Test(
        "a deadline that passes cancels at the worker and fails the job",
        arguments: [1, 150, 8_500, 250_000] as [UInt32])
    func deadlines(milliseconds: UInt32) {
        let rig = rig()
        rig.say(0, .submit, job: 5, target: shard(0).key, deadline: milliseconds)
        var seen: [String] = []
        var waited: Int64 = 0
        while seen.isEmpty, waited < 300_000 {
            rig.say(0, .heartbeat)
            rig.say(1, .heartbeat)
            rig.say(2, .heartbeat)
            seen = summary(rig.pass(milliseconds: 100))
            waited += 100
        }
        #expect(seen == ["cancel>1#1", "failed(deadline-exceeded)>0"])
        #expect(waited >= Int64(milliseconds) && waited < Int64(milliseconds) + 200)
        #expect(failureText(rig.actions)?.contains("\(milliseconds) ms") == true)
        #expect(failureText(rig.actions)?.contains("alice") == true)
    }

    @Test("too many open jobs are refused as overload")
    func boundsJobs() {
        let rig = Rig(jobsMaximum: 2)
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11))
        for job in [1, 2] as [JobID] {
            #expect(summary(rig.say(0, .submit, job: job, target: shard(0).key)) == ["dispatch>1#1"])
        }
        let refused = rig.say(0, .submit, job: 3, target: shard(0).key)
        #expect(summary(refused) == ["failed(overloaded)>0"])
        #expect(failureText(refused)?.contains("2 open jobs") == true)
        rig.say(1, .result, job: 1, attempt: 1)
        #expect(summary(rig.say(0, .submit, job: 3, target: shard(0).key)) == ["dispatch>1#1"])
    }
}
