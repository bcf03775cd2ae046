import Protocol
import Testing

@testable import BrokerKit

@Suite("Broker machine: catalogue")
struct BrokerMachineCatalogueTests {
    @Test("workers are listed by name, schemas once, counts are told")
    func lists() {
        let rig = Rig()
        rig.join(0, worker("zoe", session: 1, shards: [1, 2]))
        rig.join(1, worker("adam", session: 2))
        rig.join(2, trainer("bob", session: 3))
        rig.say(2, .submit, job: 5, target: shard(1).key)
        rig.now += 250
        rig.say(1, .heartbeat)
        let catalogue = rig.machine.catalogue
        #expect(catalogue.workers.map(\.name) == ["adam", "zoe"])
        #expect(catalogue.workers.map(\.openJobs) == [0, 1])
        #expect(catalogue.workers.map(\.silentMilliseconds) == [0, 250])
        #expect(catalogue.workers[1].shards.map(\.reference) == [shard(1), shard(2)])
        #expect(catalogue.datasets.map(\.name) == ["digits"])
        #expect(catalogue.trainers == 1)
        #expect(catalogue.queue.openJobs == 1)
        #expect(catalogue.queue.uptimeMilliseconds == 250)
    }

    @Test("differing schemas of one name are all listed")
    func keepsDifferences() {
        let rig = Rig()
        var other = worker("other", session: 2)
        other.datasets[0].tags = ["mine"]
        rig.join(0, worker("one", session: 1))
        rig.join(1, other)
        #expect(rig.machine.catalogue.datasets.map(\.name) == ["digits", "digits"])
    }

    @Test("trainers hear of every change, once for a turn")
    func pushes() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 1))
        rig.join(1, trainer("eve", session: 2))
        rig.join(2, worker("alice", session: 3))
        rig.join(3, worker("anna", session: 4))
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(alice,anna)>0,1"])
        #expect(rig.handle(.turnEnded).isEmpty)
        rig.handle(.disconnected(2))
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(anna)>0,1"])
        rig.join(4, worker("alice", session: 3))
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(alice,anna)>0,1"])
        let goodbye = Header(.goodbye, job: .none, attempt: 0, epoch: Rig.epoch)
        rig.handle(.goodbye(3, goodbye, reason: "draining"))
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(alice)>0,1"])
    }

    @Test("a query is answered to the one who asked, once for a turn")
    func answers() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 1))
        rig.join(1, trainer("eve", session: 2))
        rig.handle(.turnEnded)
        for _ in 0..<10 { #expect(summary(rig.say(1, .catalogueQuery)).isEmpty) }
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue()>1"])
        #expect(rig.handle(.turnEnded).isEmpty)
    }

    @Test("a worker that drains is shown as such")
    func showsDraining() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 1))
        rig.join(1, worker("alice", session: 2))
        rig.say(0, .submit, job: 5, target: shard(0).key)
        rig.handle(.turnEnded)
        rig.fail(1, job: 5, attempt: 1, .draining)
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(alice)>0"])
        #expect(rig.machine.catalogue.workers.map(\.isDraining) == [true])
    }
}
