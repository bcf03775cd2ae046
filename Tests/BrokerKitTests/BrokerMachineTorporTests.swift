import Protocol
import Testing

@testable import BrokerKit

@Suite("Broker machine: torpid workers")
struct BrokerMachineTorporTests {
    /// Trainer 0, workers 1 and 2 with shard 0, worker 1 with shard 1 too; jobs 5 and 6 on shard 0 and job 7 on shard 1
    /// at worker 1, of which 6 runs. All but worker 1 are heard until it is torpid.
    private func rig() -> Rig {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.handle(.message(0, Self.query))
        rig.join(1, worker("alice", session: 11, shards: [0, 1]))
        rig.say(0, .submit, job: 5, target: shard(0).key)
        rig.say(0, .submit, job: 6, target: shard(0).key)
        rig.say(0, .submit, job: 7, target: shard(1).key)
        rig.say(1, .started, job: 6, attempt: 1)
        rig.join(2, worker("anna", session: 12, shards: [0]))
        rig.handle(.turnEnded)
        return rig
    }

    private static let query = Header(.catalogueQuery, job: .none, attempt: 0, epoch: Rig.epoch)

    private func states(_ rig: Rig) -> [String: WorkerState] {
        Dictionary(uniqueKeysWithValues: rig.machine.catalogue.workers.map { ($0.name, $0.state) })
    }

    /// Lets time pass in which all but worker 1 are heard.
    private func keepSilent(_ rig: Rig, milliseconds: Int64) -> [String] {
        var all: [String] = []
        for _ in 0..<milliseconds / 100 {
            rig.say(0, .heartbeat)
            rig.say(2, .heartbeat)
            all += summary(rig.pass(milliseconds: 100))
        }
        return all.filter { !$0.hasPrefix("heartbeat") }
    }

    @Test(
        "a worker of which nothing is heard is torpid within five seconds: what it has not begun goes to others"
    )
    func dozes() {
        let rig = rig()
        #expect(keepSilent(rig, milliseconds: BrokerLimits.torpidMilliseconds).isEmpty)
        #expect(states(rig) == ["alice": .ready, "anna": .ready])
        #expect(keepSilent(rig, milliseconds: 100) == ["cancel>1#1", "resend>0#2"])
        #expect(states(rig) == ["alice": .torpid, "anna": .ready])
        #expect(BrokerLimits.torpidMilliseconds + BrokerLimits.tickMilliseconds < 5_000)
        #expect(summary(rig.say(0, .submit, job: 5, attempt: 2, target: shard(0).key)) == ["dispatch>2#2"])
        #expect(summary(rig.say(0, .submit, job: 8, target: shard(0).key)) == ["dispatch>2#1"])
    }

    @Test("it keeps what it runs, and what nobody else could do; its answers count")
    func keeps() {
        let rig = rig()
        _ = keepSilent(rig, milliseconds: BrokerLimits.torpidMilliseconds + 100)
        #expect(summary(rig.say(1, .result, job: 6, attempt: 1)) == ["relay>0"])
        #expect(summary(rig.say(1, .result, job: 7, attempt: 1)) == ["relay>0"])
        #expect(summary(rig.say(1, .result, job: 5, attempt: 1)).isEmpty, "it went to another")
        #expect(states(rig) == ["alice": .ready, "anna": .ready])
    }

    @Test("a job for a shard of its alone waits until it is heard, and is asked for then")
    func waits() {
        let rig = rig()
        _ = keepSilent(rig, milliseconds: BrokerLimits.torpidMilliseconds + 100)
        #expect(summary(rig.say(0, .submit, job: 8, target: shard(1).key)).isEmpty)
        #expect(summary(rig.handle(.heard(1))) == ["resend>0#2"])
        #expect(summary(rig.say(0, .submit, job: 8, attempt: 2, target: shard(1).key)) == ["dispatch>1#2"])
    }

    @Test("…or fails with it when it is lost")
    func loses() {
        let rig = rig()
        _ = keepSilent(rig, milliseconds: BrokerLimits.torpidMilliseconds + 100)
        rig.say(0, .submit, job: 8, target: shard(1).key)
        let rest = keepSilent(rig, milliseconds: ProtocolLimits.silenceMilliseconds)
        // 7 and 8 have no other holder; 6 has one.
        #expect(rest.filter { $0 == "failed(worker-lost)>0" }.count == 2)
        #expect(rest.contains("resend>0#2"))
    }

    @Test("a broker that slept takes nobody for torpid")
    func sleeps() {
        let rig = rig()
        rig.now += 3_600_000
        rig.handle(.tick)
        #expect(states(rig) == ["alice": .ready, "anna": .ready])
    }
}
