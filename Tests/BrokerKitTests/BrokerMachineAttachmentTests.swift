import Protocol
import Testing

@testable import BrokerKit

@Suite("Broker machine: attachments")
struct BrokerMachineAttachmentTests {
    private static let parts = [
        Attachment(byteCount: 100), Attachment(byteCount: 50, name: ContentName(1, 2, 3, 4)),
    ]

    private func header(_ command: Command, attempt: UInt32 = 1, to target: Identifier = .none) -> Header {
        var header = Header(command, job: 5, attempt: attempt, epoch: Rig.epoch)
        header.target = target
        return header
    }

    /// Trainer 0 and workers 1 and 2; worker 1 has job 5, which came with attachments.
    private func rig() -> Rig {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11))
        rig.join(2, worker("anna", session: 12, shards: [1]))
        var submit = header(.submit, to: 11)
        submit.flags = [.targetsSession, .bodyIsAttached]
        rig.handle(.attached(0, submit, Self.parts))
        return rig
    }

    private func want(_ rig: Rig, _ peer: PeerID, _ attachment: Int, _ range: Range<Int>, attempt: UInt32 = 1)
        -> [String]
    {
        let extent = Extent(attachment: attachment, from: range.lowerBound, to: range.upperBound)
        return summary(rig.handle(.want(peer, header(.want, attempt: attempt), extent)))
    }

    @Test("a worker is sent what its job came with, by the trainer; named bytes are told apart")
    func opens() {
        let rig = rig()
        #expect(want(rig, 1, 0, 0..<100) == ["open(0)>1<0"])
        #expect(want(rig, 1, 1, 20..<50) == ["open(1, named)>1<0"])
    }

    @Test("what nobody may have is not sent, and counted as late")
    func refuses() {
        let rig = rig()
        for (peer, attachment, range, attempt) in [
            (1, 2, 0..<1, 1), (2, 0, 0..<1, 1), (0, 0, 0..<1, 1), (1, 0, 0..<1, 2),
        ] as [(PeerID, Int, Range<Int>, UInt32)] {
            let before = rig.machine.counters.late
            #expect(want(rig, peer, attachment, range, attempt: attempt) == [])
            #expect(rig.machine.counters.late == before + 1)
        }
        // Beyond its end there is nothing, and who asks is no stranger.
        #expect(want(rig, 1, 0, 50..<101) == [])
    }

    @Test("the dispatch says that the body is attached, as the submit did")
    func keepsFlag() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("alice", session: 11))
        var submit = header(.submit, to: 11)
        submit.flags = [.targetsSession, .bodyIsAttached]
        for case .forward(_, let dispatch) in rig.handle(.attached(0, submit, Self.parts)) {
            #expect(dispatch.flags == .bodyIsAttached)
        }
        // Submitted again without, it is dispatched without.
        submit.flags = .targetsSession
        submit.attempt = 2
        let again = rig.handle(.message(0, submit))
        #expect(summary(again) == ["dispatch>1#2"])
        for case .forward(_, let dispatch) in again { #expect(dispatch.flags == []) }
    }

    @Test("an answer with attachments leaves the job open until the trainer has them")
    func settles() {
        let rig = rig()
        #expect(summary(rig.handle(.attached(1, header(.result), Self.parts))) == ["relay>0"])
        #expect(rig.machine.openJobCount == 1 && rig.machine.counters.finished == 0)
        #expect(want(rig, 0, 1, 0..<50) == ["open(1)>0<1"])
        #expect(summary(rig.handle(.message(0, header(.received, attempt: 2)))) == [])
        #expect(summary(rig.handle(.message(0, header(.received)))) == ["received>1#1"])
        #expect(rig.machine.openJobCount == 0 && rig.machine.counters.finished == 1)
    }

    @Test("a late answer's bytes are not asked for, and its worker is told so")
    func late() {
        let rig = rig()
        rig.say(0, .cancel, job: 5)
        #expect(summary(rig.handle(.attached(1, header(.result), Self.parts))) == ["received>1#1"])
        #expect(summary(rig.handle(.message(1, header(.result)))) == [], "it offers nothing")
    }

    @Test(
        "a trainer that is back and asks for nothing has the answer; one that submits again is answered again"
    )
    func trainerIsBack() {
        for submitsAgain in [false, true] {
            let rig = rig()
            rig.handle(.attached(1, header(.result), Self.parts))
            rig.handle(.disconnected(0))
            rig.join(3, trainer("bob", session: 10))
            if submitsAgain {
                var again = header(.submit, attempt: 2, to: 11)
                again.flags = .targetsSession
                #expect(summary(rig.handle(.attached(3, again, Self.parts))) == ["dispatch>1#2"])
            }
            for _ in 0..<10 {
                rig.pass(milliseconds: 1_000)
                for peer in [1, 2, 3] as [PeerID] { rig.say(peer, .heartbeat) }
            }
            #expect(rig.machine.openJobCount == (submitsAgain ? 1 : 0))
        }
    }

    @Test("…and one that is back and asks for bytes is given them for as long as it takes")
    func trainerAsks() {
        let rig = rig()
        rig.handle(.attached(1, header(.result), Self.parts))
        rig.handle(.disconnected(0))
        rig.join(3, trainer("bob", session: 10))
        #expect(want(rig, 3, 0, 0..<50) == ["open(0)>3<1"])
        for _ in 0..<20 {
            rig.pass(milliseconds: 1_000)
            for peer in [1, 2, 3] as [PeerID] { rig.say(peer, .heartbeat) }
        }
        #expect(want(rig, 3, 0, 50..<100) == ["open(0)>3<1"])
    }

    @Test("the source of a transfer may let go of it once the job is over")
    func source() {
        let rig = rig()
        #expect(
            summary(rig.handle(.attached(1, header(.transfer, to: 12), Self.parts))) == ["dispatch>2#1"])
        #expect(summary(rig.say(2, .result, job: 5, attempt: 1)) == ["received>1#1", "relay>0"])
    }

    @Test("a worker lost with its answer half fetched: the trainer is asked again, or told")
    func losesAnswer() {
        let rig = rig()
        rig.handle(.attached(1, header(.result), Self.parts))
        rig.handle(.disconnected(1))
        let actions = rig.pass(milliseconds: 3_000)
        #expect(summary(actions).contains("failed(worker-lost)>0"))
        #expect(rig.machine.openJobCount == 0)
    }

    @Test("…and one that comes back is asked again, for what it had said is gone")
    func returns() {
        let rig = rig()
        rig.handle(.attached(1, header(.result), Self.parts))
        rig.handle(.disconnected(1))
        let actions = summary(rig.join(3, worker("alice", session: 11)))
        #expect(actions.contains("resend>0#2"))
        var submit = header(.submit, attempt: 2, to: 11)
        submit.flags = .targetsSession
        #expect(summary(rig.handle(.message(0, submit))) == ["dispatch>3#2"])
    }

    @Test("a worker that has its answer no more is asked for the job again; others may not say so")
    func lacks() {
        let rig = rig()
        #expect(summary(rig.handle(.message(1, header(.gone)))) == [])
        rig.handle(.attached(1, header(.result), Self.parts))
        #expect(summary(rig.handle(.message(2, header(.gone)))) == [])
        #expect(summary(rig.handle(.message(1, header(.gone)))) == ["resend>0#2"])
    }

    @Test("a transfer's bytes come from its source; without it the trainer is asked again")
    func transfers() {
        let rig = rig()
        #expect(summary(rig.handle(.attached(1, header(.transfer, to: 12), Self.parts))) == ["dispatch>2#1"])
        #expect(want(rig, 2, 1, 0..<50) == ["open(1)>2<1"])
        #expect(summary(rig.handle(.orphaned(5))) == ["cancel>2#1", "resend>0#2"])
        #expect(rig.machine.openJobCount == 1)
    }

    @Test("whatever ends a job drops what is on its way for it", arguments: 0..<5)
    func drops(way: Int) {
        let rig = rig()
        let actions =
            switch way {
            case 0: rig.handle(.message(0, header(.cancel)))
            case 1: rig.handle(.message(1, header(.result)))
            case 2: rig.fail(1, job: 5, attempt: 1, .executionFailed)
            case 3: rig.handle(.goodbye(0, header(.goodbye), reason: "done"))
            default: rig.handle(.goodbye(1, header(.goodbye), reason: "done"))
            }
        #expect(actions.contains { if case .drop(5) = $0 { true } else { false } })
        #expect(rig.machine.openJobCount == 0)
    }
}
