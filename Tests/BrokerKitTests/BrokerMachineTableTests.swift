import Protocol
import Testing

@testable import BrokerKit

/// Every state a peer can be in × every command it can say.
@Suite("Broker machine: table")
struct BrokerMachineTableTests {
    enum Speaker: CaseIterable {
        case ready, draining, replaced, trainer, otherTrainer
    }

    struct Row: CustomStringConvertible {
        let speaker: Speaker
        let command: Command
        /// What is done, or `nil` where the message is dropped as unexpected.
        let actions: [String]?
        var description: String { "\(speaker) says \(command)" }
    }

    /// Trainer 0 awaits job 5 of worker 1; worker 2 drains and has job 6; 3 was worker 1's connection;
    /// trainer 4 idles.
    private static func rig() -> Rig {
        let rig = Rig()
        rig.join(0, Hello(name: "bob", role: .trainer, session: 10))
        rig.join(4, Hello(name: "eve", role: .trainer, session: 14))
        rig.join(3, worker("alice", session: 11, shards: [0]))
        rig.join(1, worker("alice", session: 11, shards: [0]))
        rig.join(2, worker("anna", session: 12, shards: [1]))
        rig.say(0, .submit, job: 5, target: 11, flags: .targetsSession)
        rig.say(0, .submit, job: 6, target: shard(1).key)
        rig.say(0, .submit, job: 7, target: shard(1).key)
        rig.fail(2, job: 7, attempt: 1, .draining)
        rig.handle(.turnEnded)
        return rig
    }

    private static func expected(_ speaker: Speaker, _ command: Command) -> [String]? {
        switch (speaker, command) {
        case (.replaced, .hello): ["welcome>3", "forget>1", "resend>0#2"]
        case (.replaced, .goodbye): ["forget>3"]
        case (.replaced, _): ["reset>3", "forget>3"]

        case (.ready, .hello): ["welcome>1"]
        case (.draining, .hello): ["welcome>2"]
        case (.trainer, .hello): ["welcome>0"]
        case (.otherTrainer, .hello): ["welcome>4"]

        case (.ready, .heartbeat): ["heartbeat>1"]
        case (.draining, .heartbeat): ["heartbeat>2"]
        case (.trainer, .heartbeat): ["heartbeat>0"]
        case (.otherTrainer, .heartbeat): ["heartbeat>4"]

        case (.ready, .goodbye): ["forget>1", "failed(worker-lost)>0"]
        case (.draining, .goodbye): ["forget>2", "failed(worker-lost)>0"]
        case (.trainer, .goodbye): ["forget>0", "cancel>2#1", "cancel>1#1"]
        case (.otherTrainer, .goodbye): ["forget>4"]

        case (.ready, .started), (.ready, .progress), (.ready, .result), (.ready, .failed),
            (.draining, .started), (.draining, .progress), (.draining, .result), (.draining, .failed):
            ["relay>0"]
        // To the worker that drains, which says so itself; and, as to itself, dropped.
        case (.ready, .transfer): ["dispatch>2#1"]
        case (.draining, .transfer): nil

        case (.trainer, .submit): ["dispatch>1#2"]
        case (.trainer, .cancel): ["cancel>1#1", "failed(cancelled)>0"]
        case (.trainer, .catalogueQuery), (.otherTrainer, .catalogueQuery): []
        case (.trainer, .statusQuery): ["status>0"]
        case (.otherTrainer, .statusQuery): ["status>4"]
        // Nobody waits for what they speak of.
        case (.ready, .gone), (.draining, .gone), (.trainer, .gone), (.otherTrainer, .gone),
            (.trainer, .received), (.otherTrainer, .received):
            []
        // Somebody else's job: refused where an answer is due, and counted.
        case (.otherTrainer, .submit): nil
        default: nil
        }
    }

    static let rows = Speaker.allCases.flatMap { speaker in
        Command.allCases.map { Row(speaker: speaker, command: $0, actions: expected(speaker, $0)) }
    }

    @Test("every state × every command", arguments: rows)
    func table(row: Row) {
        let rig = Self.rig()
        let before = rig.machine.counters.unexpected
        let actions = summary(rig.handle(Self.event(row)))
        if let expected = row.actions {
            #expect(actions == expected)
            #expect(rig.machine.counters.unexpected == before)
        } else {
            #expect(actions.filter { !$0.hasPrefix("failed(malformed)") }.isEmpty)
            #expect(rig.machine.counters.unexpected == before + 1)
        }
    }

    private static func event(_ row: Row) -> BrokerMachine.Event {
        let (peer, job, session): (PeerID, JobID, SessionID) =
            switch row.speaker {
            case .ready: (1, 5, 11)
            case .draining: (2, 6, 12)
            case .replaced: (3, 5, 11)
            case .trainer: (0, 5, 10)
            case .otherTrainer: (4, 5, 14)
            }
        var header = Header(row.command, job: job, attempt: 1, epoch: Rig.epoch)
        header.target = row.command == .transfer ? 12 : shard(0).key
        let isTrainer = row.speaker == .trainer || row.speaker == .otherTrainer
        switch row.command {
        case .hello:
            let hello = isTrainer ? trainer("x", session: session) : worker("x", session: session)
            return .hello(peer, hello, byteCount: 1)
        case .goodbye: return .goodbye(peer, header, reason: "bye")
        case .failed: return .failed(peer, header, .executionFailed)
        default: return .message(peer, header)
        }
    }
}
