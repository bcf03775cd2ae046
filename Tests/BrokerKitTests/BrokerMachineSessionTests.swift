import Protocol
import Testing

@testable import BrokerKit

@Suite("Broker machine: sessions")
struct BrokerMachineSessionTests {
    @Test("a hello is welcomed with the epoch, once for each time it is said")
    func welcomes() {
        let rig = Rig()
        let actions = rig.join(0, worker("alice", session: 1))
        #expect(summary(actions) == ["welcome>0"])
        guard
            case .welcome(_, let header, let welcome)? = actions.first(where: {
                if case .welcome = $0 { true } else { false }
            })
        else { return #expect(Bool(false), "no welcome") }
        #expect(header.epoch == Rig.epoch)
        #expect(welcome.version == 2)
        #expect(summary(rig.join(0, worker("alice", session: 1))) == ["welcome>0"])
        #expect(rig.machine.workerCount == 1)
    }

    @Test("no common version is refused, and both ranges are named")
    func refusesVersions() {
        let rig = Rig()
        var hello = worker("alice", session: 1)
        hello.versions = 7...9
        let actions = rig.join(3, hello)
        #expect(summary(actions) == ["refused(version-unsupported)>3", "forget>3"])
        #expect(failureText(actions)?.contains("7 to 9") == true)
        #expect(failureText(actions)?.contains("2 to 2") == true)
        #expect(rig.machine.workerCount == 0)
    }

    @Test("a range that overlaps ours is welcomed with the highest common version")
    func negotiates() {
        let rig = Rig()
        var hello = trainer("bob", session: 1)
        hello.versions = 1...9
        #expect(summary(rig.join(3, hello)) == ["welcome>3"])
    }

    @Test("a session of zero, and a known session in the other role, are refused")
    func refusesBadSessions() {
        let rig = Rig()
        #expect(
            summary(rig.join(0, worker("alice", session: .none))) == ["refused(malformed)>0", "forget>0"])
        rig.join(0, worker("alice", session: 1))
        #expect(summary(rig.join(1, trainer("mallory", session: 1))) == ["refused(malformed)>1", "forget>1"])
        #expect(rig.machine.workerCount == 1)
    }

    @Test("introductions that contradict themselves are refused, naming the thing")
    func contradictions() {
        let rig = Rig()
        var hello = worker("alice", session: 1)
        hello.shards[0].schema = DatasetDescription(name: "digits", tags: [], columns: []).schemaHash
        #expect(summary(rig.join(0, hello)) == ["refused(malformed)>0", "forget>0"])
        #expect(failureText(rig.actions)?.contains("digits") == true)
        hello.shards[0].schema = hello.datasets[0].schemaHash
        #expect(summary(rig.join(0, hello)).first == "welcome>0")
        hello.datasets.append(hello.datasets[0])
        #expect(summary(rig.join(0, hello)).first == "refused(malformed)>0")
    }

    @Test("a long introduction takes a quarter of what is left, so that short ones find room for long")
    func refusesTooMuch() {
        let rig = Rig()
        let quarter = BrokerLimits.announcedByteCountMaximum / 4
        #expect(summary(rig.handle(.hello(0, worker("a", session: 1), byteCount: quarter))) == ["welcome>0"])
        #expect(
            summary(rig.handle(.hello(1, worker("b", session: 2), byteCount: quarter)))
                == ["refused(limit-exceeded)>1", "forget>1"])
        // Its own earlier introduction does not count against a worker that says hello again.
        #expect(summary(rig.handle(.hello(0, worker("a", session: 1), byteCount: quarter))) == ["welcome>0"])
        var number: UInt64 = 10
        while let left = Optional(
            (BrokerLimits.announcedByteCountMaximum - rig.machine.roster.announcedByteCount) / 4),
            left > BrokerLimits.longIntroductionByteCount
        {
            number += 1
            let peer = PeerID(rawValue: Int32(number))
            let hello = worker("greedy", session: Identifier(high: number, low: 1))
            #expect(summary(rig.handle(.hello(peer, hello, byteCount: left))) == ["welcome>\(number)"])
        }
        for _ in 0..<100 {
            number += 1
            let hello = worker("honest", session: Identifier(high: number, low: 1))
            #expect(
                summary(rig.handle(.hello(PeerID(rawValue: Int32(number)), hello, byteCount: 500))) == [
                    "welcome>\(number)"
                ])
        }
    }

    @Test("more sessions than the limit are refused as overload")
    func refusesTooMany() {
        let rig = Rig()
        for number in 0..<Int32(BrokerLimits.sessionsMaximum) {
            rig.handle(
                .hello(
                    PeerID(rawValue: number), trainer("t", session: Identifier(high: UInt64(number), low: 1)),
                    byteCount: 1))
        }
        let peer = PeerID(rawValue: Int32(BrokerLimits.sessionsMaximum))
        #expect(
            summary(rig.join(peer, trainer("one more", session: 99_999))).first
                == "refused(overloaded)>\(peer.rawValue)")
        #expect(
            summary(rig.join(7, trainer("t", session: 7))) == ["welcome>7"], "a known session is let in again"
        )
    }

    @Test("the same session by a new connection replaces the old one")
    func replacesPeer() {
        let rig = Rig()
        rig.join(0, worker("alice", session: 1))
        #expect(summary(rig.join(1, worker("alice", session: 1))) == ["welcome>1", "forget>0"])
        #expect(summary(rig.say(0, .heartbeat)) == ["reset>0", "forget>0"])
        #expect(summary(rig.say(1, .heartbeat)) == ["heartbeat>1"])
        #expect(rig.machine.workerCount == 1)
    }

    @Test("another session by the same connection ends the first")
    func replacesSession() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 9))
        rig.join(1, worker("alice", session: 1))
        rig.say(0, .submit, job: 5, target: shard(0).key)
        let actions = summary(rig.join(1, worker("anna", session: 2, shards: [1])))
        #expect(actions == ["failed(worker-lost)>0", "welcome>1"])
        #expect(rig.machine.workerCount == 1)
        #expect(summary(rig.say(0, .submit, job: 6, target: shard(1).key)) == ["dispatch>1#1"])
    }

    @Test("a stranger is reset, whatever it says, but not when it leaves", arguments: Command.allCases)
    func resetsStrangers(command: Command) {
        let rig = Rig()
        #expect(summary(rig.say(4, command, job: 1, target: shard(0).key)) == ["reset>4", "forget>4"])
        let header = Header(.goodbye, job: .none, attempt: 0, epoch: Rig.epoch)
        #expect(summary(rig.handle(.goodbye(4, header, reason: "bye"))) == ["forget>4"])
    }

    @Test("a known peer that speaks to another run is reset and stays", arguments: [0, Rig.epoch + 1])
    func resetsOtherEpochs(epoch: UInt64) {
        let rig = Rig()
        rig.join(0, worker("alice", session: 1))
        let header = Header(.heartbeat, job: .none, attempt: 0, epoch: epoch)
        #expect(summary(rig.handle(.message(0, header))) == ["reset>0"])
        #expect(rig.machine.workerCount == 1)
    }

    @Test("a name cannot write lines of its own into the log")
    func cleansNames() {
        let rig = Rig()
        let actions = rig.join(0, worker("al\nice\u{1B}[31m", session: 1))
        for case .log(_, let text) in actions {
            #expect(!text.contains("\n") && !text.contains("\u{1B}"))
            #expect(text.contains("ice"))
        }
        #expect(rig.machine.catalogue.workers.first?.name == "al\nice\u{1B}[31m")
    }

    @Test("a heartbeat is answered, and one is sent to whoever was sent nothing for a second")
    func heartbeats() {
        let rig = Rig()
        rig.join(0, worker("alice", session: 1))
        rig.join(1, trainer("bob", session: 2))
        #expect(summary(rig.say(0, .heartbeat)) == ["heartbeat>0"])
        let before = summary(rig.pass(milliseconds: ProtocolLimits.heartbeatMilliseconds - 1))
        #expect(before.isEmpty)
        #expect(summary(rig.pass(milliseconds: 1)) == ["heartbeat>0", "heartbeat>1"])
    }

    @Test("silence loses a peer, any message keeps it")
    func silence() {
        let rig = Rig()
        rig.join(0, worker("alice", session: 1))
        rig.join(1, worker("anna", session: 2))
        rig.pass(milliseconds: ProtocolLimits.silenceMilliseconds)
        rig.say(1, .progress, job: 77, attempt: 1)
        rig.pass(milliseconds: 100)
        #expect(rig.machine.workerCount == 1)
        #expect(rig.machine.catalogue.workers.map(\.name) == ["anna"])
    }

    @Test("a broker that slept blames nobody for it")
    func sleeps() {
        let rig = Rig()
        rig.join(0, worker("alice", session: 1))
        rig.now += 60_000
        rig.handle(.tick)
        #expect(rig.machine.workerCount == 1)
        rig.pass(milliseconds: ProtocolLimits.silenceMilliseconds + 100)
        #expect(rig.machine.workerCount == 0, "silence after waking counts")
    }

    @Test("stop says goodbye to everybody and nothing is handled after it")
    func stops() {
        let rig = Rig()
        rig.join(0, worker("alice", session: 1))
        rig.join(1, trainer("bob", session: 2))
        #expect(summary(rig.handle(.stop(reason: "done"))) == ["goodbye>0", "goodbye>1"])
        #expect(rig.say(0, .heartbeat).isEmpty)
        #expect(rig.join(2, worker("late", session: 3)).isEmpty)
    }

    @Test("garbage is counted, and logged once a second with the number left out")
    func boundsNoise() {
        let rig = Rig()
        var logged: [String] = []
        for _ in 0..<1_000 {
            for case .log(_, let text) in rig.handle(.garbage(.notFagure)) { logged.append(text) }
        }
        #expect(logged.count == 1)
        rig.now += BrokerLimits.noiseIntervalMilliseconds
        for case .log(_, let text) in rig.handle(.garbage(.notFagure)) { logged.append(text) }
        #expect(logged.count == 2)
        #expect(logged.last?.contains("999 more") == true)
        #expect(rig.machine.counters.garbage == 1_001)
        #expect(rig.machine.queue.droppedMessages == 1_001)
    }
}
