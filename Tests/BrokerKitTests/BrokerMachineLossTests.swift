import Protocol
import Testing

@testable import BrokerKit

@Suite("Broker machine: losses")
struct BrokerMachineLossTests {
    @Test("a job that waits for a missing worker is not given up because the broker slept")
    func slept() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("anna", session: 11))
        rig.handle(.disconnected(1))
        rig.say(0, .submit, job: 5, target: shard(0).key)
        rig.now += ProtocolLimits.silenceMilliseconds
        rig.handle(.tick)
        #expect(rig.machine.openJobCount == 1)
        rig.join(2, worker("anna", session: 12))
        #expect(summary(rig.pass(milliseconds: 2_000)).contains("resend>0#2"))
    }

    private static let goodbye = Header(.goodbye, job: .none, attempt: 0, epoch: Rig.epoch)

    /// Trainer 0, workers 1 and 2 with shard 0, worker 1 with shard 1 too; job 5 on shard 0 and job 6 on
    /// shard 1 at 1.
    private func rig() -> Rig {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11, shards: [0, 1]))
        rig.join(2, worker("anna", session: 12, shards: [0]))
        rig.say(0, .submit, job: 5, target: shard(0).key)
        rig.say(0, .submit, job: 6, target: shard(1).key)
        return rig
    }

    @Test(
        "a worker's goodbye: a job with another holder is asked for again, one without fails with the reason"
    )
    func goodbye() {
        let rig = rig()
        let actions = rig.handle(.goodbye(1, Self.goodbye, reason: "going home"))
        #expect(Set(summary(actions)) == ["forget>1", "resend>0#2", "failed(worker-lost)>0"])
        let text = failureText(actions) ?? ""
        #expect(text.contains("alice") && text.contains("going home") && text.contains("digits 1/4"))
        #expect(summary(rig.say(0, .submit, job: 5, attempt: 2, target: shard(0).key)) == ["dispatch>2#2"])
        #expect(rig.machine.queue.resentJobs == 1)
    }

    @Test(
        "a broken connection loses the worker after the grace, not before",
        arguments: [BrokerMachine.Event.disconnected(1), .unreachable(1)])
    func grace(event: BrokerMachine.Event) {
        let rig = rig()
        #expect(summary(rig.handle(event)) == ["forget>1"])
        #expect(
            summary(rig.pass(milliseconds: BrokerLimits.reconnectGraceMilliseconds - 1)).allSatisfy {
                $0.hasPrefix("heartbeat")
            })
        let lost = summary(rig.pass(milliseconds: 1))
        #expect(lost.contains("resend>0#2") && lost.contains("failed(worker-lost)>0"))
        #expect(rig.machine.workerCount == 1)
    }

    @Test("a peer that does not take its messages is lost at once")
    func overwhelmed() {
        let rig = rig()
        #expect(
            Set(summary(rig.handle(.overwhelmed(1)))) == ["forget>1", "resend>0#2", "failed(worker-lost)>0"])
        #expect(summary(rig.say(1, .heartbeat)) == ["reset>1", "forget>1"])
    }

    @Test("silence is a loss")
    func silence() {
        let rig = rig()
        var all: [String] = []
        for _ in 0..<90 {
            rig.say(0, .heartbeat)
            rig.say(2, .heartbeat)
            all += summary(rig.pass(milliseconds: 100))
        }
        #expect(all.contains("resend>0#2") && all.contains("failed(worker-lost)>0"))
    }

    @Test("a missing worker gets no new jobs, and goes on with what it has when it is back in time")
    func returns() {
        let rig = rig()
        rig.handle(.disconnected(1))
        #expect(summary(rig.say(0, .submit, job: 7, target: shard(0).key)) == ["dispatch>2#1"])
        let back = rig.join(3, worker("alice", session: 11, shards: [0, 1], openJobs: [5, 6]))
        #expect(summary(back) == ["welcome>3"])
        #expect(summary(rig.say(3, .result, job: 5, attempt: 1)) == ["relay>0"])
        #expect(summary(rig.say(3, .result, job: 6, attempt: 1)) == ["relay>0"])
    }

    @Test(
        "what was lost with a connection is asked for again, and goes to the worker that may have its answer")
    func reconciles() {
        let rig = rig()
        rig.handle(.disconnected(1))
        let back = rig.join(3, worker("alice", session: 11, shards: [0, 1], openJobs: [6]))
        #expect(summary(back) == ["welcome>3", "resend>0#2"])
        #expect(summary(rig.say(0, .submit, job: 5, attempt: 2, target: shard(0).key)) == ["dispatch>3#2"])
    }

    @Test(
        "a job that is held by an earlier attempt, for the last dispatch was lost, is asked for again",
        arguments: [[1], []])
    func earlierAttempt(attempts: [UInt32]) {
        let rig = rig()
        #expect(summary(rig.say(0, .submit, job: 6, attempt: 2, target: shard(1).key)) == ["dispatch>1#2"])
        rig.handle(.disconnected(1))
        let hello = worker("alice", session: 11, shards: [0, 1], openJobs: [6], openAttempts: attempts)
        let back = rig.join(3, hello)
        #expect(Set(summary(back)) == ["welcome>3", "resend>0#2", "resend>0#3"])
        #expect(summary(rig.say(3, .result, job: 6, attempt: 1)).isEmpty, "of an attempt that does not count")
        #expect(summary(rig.say(0, .submit, job: 6, attempt: 3, target: shard(1).key)) == ["dispatch>3#3"])
        #expect(summary(rig.say(3, .result, job: 6, attempt: 3)) == ["relay>0"])
    }

    @Test("a job the worker still has but nobody awaits is cancelled there")
    func cancelsForgotten() {
        let rig = rig()
        rig.handle(.disconnected(1))
        rig.say(0, .cancel, job: 5)
        let back = rig.join(3, worker("alice", session: 11, shards: [0, 1], openJobs: [5, 6]))
        #expect(summary(back) == ["welcome>3", "cancel>3"])
    }

    @Test("a job for a shard whose only worker is missing waits for it")
    func waitsForMissing() {
        let rig = rig()
        rig.handle(.disconnected(1))
        #expect(summary(rig.say(0, .submit, job: 8, target: shard(1).key)).isEmpty)
        let back = rig.join(3, worker("alice", session: 11, shards: [0, 1], openJobs: [5, 6]))
        #expect(summary(back) == ["welcome>3", "resend>0#2"])
        #expect(summary(rig.say(0, .submit, job: 8, attempt: 2, target: shard(1).key)) == ["dispatch>3#2"])
    }

    @Test("…and fails with it when it does not come back")
    func failsWithMissing() {
        let rig = rig()
        rig.handle(.disconnected(1))
        rig.say(0, .submit, job: 8, target: shard(1).key)
        let lost = summary(rig.pass(milliseconds: BrokerLimits.reconnectGraceMilliseconds))
        #expect(lost.filter { $0 == "failed(worker-lost)>0" }.count == 2)
        #expect(rig.machine.openJobCount == 1, "job 5 waits to be sent again")
    }

    @Test("after a broker restart a job goes back to the worker that says it has it")
    func claims() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11, shards: [0]))
        rig.join(2, worker("anna", session: 12, shards: [0], capacity: 1, openJobs: [5]))
        #expect(summary(rig.say(0, .submit, job: 5, attempt: 4, target: shard(0).key)) == ["dispatch>2#4"])
        #expect(summary(rig.say(2, .result, job: 5, attempt: 3)).isEmpty, "the attempt before the restart")
        #expect(summary(rig.say(2, .result, job: 5, attempt: 4)) == ["relay>0"])
    }

    @Test("a claim outlives a second break of the connection, until it is honoured")
    func keepsClaims() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11))
        rig.join(2, worker("anna", session: 12, openJobs: [5]))
        rig.handle(.disconnected(2))
        #expect(summary(rig.join(3, worker("anna", session: 12, openJobs: [5]))) == ["welcome>3"])
        #expect(summary(rig.say(0, .submit, job: 5, target: shard(0).key)) == ["dispatch>3#1"])
        rig.handle(.disconnected(3))
        rig.say(0, .cancel, job: 5)
        #expect(
            summary(rig.join(4, worker("anna", session: 12, openJobs: [5]))) == ["welcome>4", "cancel>4"])
    }

    @Test("a claim for a shard the worker does not serve is not believed")
    func checksClaims() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11, shards: [0]))
        rig.join(2, worker("mallory", session: 12, shards: [3], openJobs: [5]))
        #expect(summary(rig.say(0, .submit, job: 5, target: shard(0).key)) == ["dispatch>1#1"])
    }

    @Test(
        "a worker that drains or is full passes the job on", arguments: [FailureCode.draining, .overloaded])
    func passesOn(code: FailureCode) {
        let rig = rig()
        #expect(summary(rig.fail(1, job: 5, attempt: 1, code)) == ["resend>0#2"])
        #expect(summary(rig.say(0, .submit, job: 5, attempt: 2, target: shard(0).key)) == ["dispatch>2#2"])
        #expect(summary(rig.fail(1, job: 6, attempt: 1, code)) == ["relay>0"], "nobody else serves it")
        let next = rig.say(0, .submit, job: 7, target: shard(1).key)
        #expect(summary(next) == (code == .draining ? ["failed(no-worker)>0"] : ["dispatch>1#1"]))
    }

    @Test("a job that kills its workers fails in the end")
    func boundsAttempts() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("w1", session: 1))
        rig.join(2, worker("w2", session: 2))
        var attempt: UInt32 = 1
        var peer: Int32 = 2
        var last = summary(rig.say(0, .submit, job: 5, target: shard(0).key))
        while let at = last.first?.split(separator: ">").last?.first.flatMap({ Int32(String($0)) }),
            attempt < 100
        {
            peer += 1
            let lost = summary(rig.handle(.goodbye(PeerID(rawValue: at), Self.goodbye, reason: "crash")))
            if lost.contains("failed(worker-lost)>0") { break }
            rig.handle(
                .hello(
                    PeerID(rawValue: at), worker("w\(peer)", session: Identifier(high: UInt64(peer), low: 1)),
                    byteCount: 1))
            attempt += 1
            last = summary(rig.say(0, .submit, job: 5, attempt: attempt, target: shard(0).key))
            #expect(last.count == 1)
        }
        #expect(Int(attempt) == BrokerLimits.resendsMaximum + 1)
    }

    @Test("a job that is running whenever its worker is lost is given to four, and its end names them all")
    func poison() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        for number in 1...6 {
            rig.join(
                PeerID(rawValue: Int32(number)),
                worker("w\(number)", session: Identifier(high: UInt64(number), low: 1)))
        }
        var at = summary(rig.say(0, .submit, job: 5, target: shard(0).key)).first
        var losses = 0
        var text: String?
        while let peer = at?.split(separator: ">").last?.first.flatMap({ Int32(String($0)) }) {
            rig.say(PeerID(rawValue: peer), .started, job: 5, attempt: UInt32(losses + 1))
            rig.handle(.disconnected(PeerID(rawValue: peer)))
            let lost = rig.pass(milliseconds: BrokerLimits.reconnectGraceMilliseconds)
            losses += 1
            text = failureText(lost)
            if text != nil {
                #expect(summary(lost).contains("failed(poisonous)>0"))
                break
            }
            at = summary(rig.say(0, .submit, job: 5, attempt: UInt32(losses + 1), target: shard(0).key)).first
        }
        #expect(losses == BrokerLimits.lossesMaximum)
        for name in ["w1", "w2", "w3", "w4"] {
            #expect(text?.contains("\(name): its connection broke") == true)
        }
        #expect(rig.machine.workerCount == 2 && rig.machine.openJobCount == 0)
    }

    @Test("a job that was never begun is no poison, and a worker that says goodbye was not killed")
    func noPoison() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.say(0, .submit, job: 5, target: shard(0).key)
        for round in 1...6 {
            let peer = PeerID(rawValue: Int32(round))
            rig.join(peer, worker("w\(round)", session: Identifier(high: UInt64(round), low: 1)))
            rig.join(9, worker("last", session: 99))
            let job = JobID(high: UInt64(round), low: 5)
            let at = summary(rig.say(0, .submit, job: job, target: shard(0).key))
            #expect(at.count == 1 && at[0].hasPrefix("dispatch"))
            rig.say(peer, .started, job: job, attempt: 1)
            #expect(failureText(rig.handle(.goodbye(peer, Self.goodbye, reason: "home"))) == nil)
        }
    }

    @Test("a worker that was away when a job was to go to it, and does not come back, did not run it")
    func neverSent() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        for number in 1...Int32(BrokerLimits.lossesMaximum) {
            rig.join(
                PeerID(rawValue: number),
                worker("w\(number)", session: Identifier(high: UInt64(number), low: 1)))
        }
        var present = Set(1...Int32(BrokerLimits.lossesMaximum))
        for loss in 1..<UInt32(BrokerLimits.lossesMaximum) {
            let at = summary(rig.say(0, .submit, job: 5, attempt: loss, target: shard(0).key)).first
            let peer = at?.split(separator: ">").last?.first.flatMap { Int32(String($0)) } ?? 0
            #expect(present.remove(peer) != nil)
            rig.say(PeerID(rawValue: peer), .started, job: 5, attempt: loss)
            rig.handle(.disconnected(PeerID(rawValue: peer)))
            rig.pass(milliseconds: BrokerLimits.reconnectGraceMilliseconds)
        }
        // The last is away when it is to go there.
        for peer in present { rig.handle(.disconnected(PeerID(rawValue: peer))) }
        let attempt = UInt32(BrokerLimits.lossesMaximum)
        #expect(rig.say(0, .submit, job: 5, attempt: attempt, target: shard(0).key).isEmpty)
        let end = failureText(rig.pass(milliseconds: BrokerLimits.reconnectGraceMilliseconds))
        #expect(end?.contains("was lost with the job") == true && end?.contains("nobody else serves") == true)
    }

    @Test("nobody sends it again: the record goes")
    func dropsWaiting() {
        let rig = rig()
        rig.handle(.goodbye(1, Self.goodbye, reason: "x"))
        #expect(rig.machine.openJobCount == 1)
        for _ in 0..<82 {
            rig.say(0, .heartbeat)
            rig.say(2, .heartbeat)
            #expect(!summary(rig.pass(milliseconds: 100)).contains { $0.hasPrefix("failed") })
        }
        #expect(rig.machine.openJobCount == 0)
    }

    @Test("a trainer that leaves or is lost: its jobs are cancelled at the workers")
    func losesTrainer() {
        let rig = rig()
        let actions = summary(rig.handle(.goodbye(0, Self.goodbye, reason: "done")))
        #expect(Set(actions) == ["forget>0", "cancel>1#1"] && actions.count == 3)
        #expect(rig.machine.openJobCount == 0)
    }

    @Test("a trainer that is away keeps its jobs and loses only the answers of that time")
    func trainerAway() {
        let rig = rig()
        rig.handle(.disconnected(0))
        rig.pass(milliseconds: 2_000)
        #expect(summary(rig.say(1, .result, job: 5, attempt: 1)).isEmpty)
        #expect(summary(rig.join(3, trainer("bob", session: 10))) == ["welcome>3"])
        #expect(summary(rig.say(1, .result, job: 6, attempt: 1)) == ["relay>3"])
        #expect(summary(rig.say(3, .submit, job: 5, attempt: 1, target: shard(0).key)) == ["dispatch>2#1"])
        rig.handle(.disconnected(3))
        rig.say(2, .heartbeat)
        rig.pass(milliseconds: ProtocolLimits.silenceMilliseconds)
        #expect(rig.machine.trainerCount == 0)
        #expect(rig.machine.openJobCount == 0)
    }
}
