import Protocol
import Testing

@testable import BrokerKit

@Suite("Broker machine: damaged messages")
struct BrokerMachineDamageTests {
    private let error = ProtocolError.limitExceeded(
        what: "the number of frames read", got: 1_025, limit: 1_024)

    private func rig() -> Rig {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 9))
        rig.join(1, worker("alice", session: 1))
        rig.join(2, trainer("eve", session: 8))
        rig.say(0, .submit, job: 5, target: shard(0).key)
        return rig
    }

    private func damaged(_ rig: Rig, _ peer: PeerID, _ command: Command, attempt: UInt32 = 1, job: JobID = 5)
        -> [BrokerMachine.Action]
    {
        rig.handle(.damaged(peer, Header(command, job: job, attempt: attempt, epoch: Rig.epoch), error))
    }

    @Test(
        "a worker's damaged answer fails the job with its name",
        arguments: [Command.result, .failed, .transfer])
    func answers(command: Command) {
        let rig = rig()
        let actions = damaged(rig, 1, command)
        #expect(summary(actions) == ["failed(limit-exceeded)>0"])
        #expect(
            failureText(actions)?.contains("alice") == true && failureText(actions)?.contains("1025") == true)
        #expect(rig.machine.openJobCount == 0 && rig.machine.counters.garbage == 1)
    }

    @Test("a damaged submit is answered; of an open job it ends it")
    func submits() {
        let rig = rig()
        #expect(summary(damaged(rig, 0, .submit, job: 6)) == ["failed(limit-exceeded)>0"])
        #expect(rig.machine.openJobCount == 1)
        #expect(summary(damaged(rig, 0, .submit, attempt: 2)) == ["cancel>1#1", "failed(limit-exceeded)>0"])
        #expect(rig.machine.openJobCount == 0)
    }

    @Test("what nobody waits for, late answers, and other people's jobs are left alone")
    func others() {
        let rig = rig()
        #expect(summary(damaged(rig, 1, .progress)).isEmpty)
        #expect(summary(damaged(rig, 1, .result, attempt: 7)).isEmpty)
        #expect(summary(damaged(rig, 7, .result)).isEmpty)
        #expect(summary(damaged(rig, 2, .submit)) == ["failed(limit-exceeded)>2"])
        #expect(rig.machine.openJobCount == 1)
    }

    @Test("a worker that always comes back without its job is asked for it a bounded number of times")
    func comesBackWithout() {
        let rig = rig()
        var told: [String] = []
        for round in 0..<20 as Range<Int32> {
            let actions = rig.join(PeerID(rawValue: 10 + round % 2), worker("alice", session: 1))
            told = summary(actions).filter { $0.hasPrefix("resend") || $0.hasPrefix("failed") }
            guard told.first?.hasPrefix("resend") == true else { break }
            rig.say(0, .submit, job: 5, attempt: UInt32(round) + 2, target: shard(0).key)
        }
        #expect(told == ["failed(worker-lost)>0"])
    }
}
