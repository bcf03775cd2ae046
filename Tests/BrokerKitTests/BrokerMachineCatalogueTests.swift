import Protocol
import TestSupport
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

    @Test("trainers that follow hear of every change, once for a turn, and of nothing else")
    func pushes() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 1))
        rig.join(1, trainer("eve", session: 2))
        rig.join(5, trainer("mute", session: 5))
        for peer in [0, 1] as [PeerID] { rig.follow(peer) }
        rig.join(2, worker("alice", session: 3))
        rig.join(3, worker("anna", session: 4))
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(alice,anna)>0,1"])
        #expect(rig.handle(.turnEnded).isEmpty)
        rig.handle(.disconnected(2))
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue() -1 more>0,1"])
        rig.join(4, worker("alice", session: 3))
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(alice) more>0,1"])
        let goodbye = Header(.goodbye, job: .none, attempt: 0, epoch: Rig.epoch)
        rig.handle(.goodbye(3, goodbye, reason: "draining"))
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue() -1 more>0,1"])
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

    @Test("who comes back with what it knew is told what has changed, and everything where that is forgotten")
    func resumes() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 1))
        rig.join(1, worker("alice", session: 3))
        rig.follow(0)
        guard case .catalogue(_, _, let first) = rig.handle(.turnEnded).first else {
            return #expect(Bool(false), "no catalogue")
        }
        rig.handle(.disconnected(0))
        rig.join(2, worker("anna", session: 4))
        rig.join(9, trainer("bob", session: 1))
        rig.follow(9, since: first[0].revision)
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(anna) more>9"])
        rig.follow(9, since: 1 << 40)
        #expect(
            summary(rig.handle(.turnEnded)) == ["catalogue(alice,anna)>9"], "of another broker, or invented")
        for number in 0...BrokerLimits.departuresMaximum {
            let peer = PeerID(rawValue: 20)
            rig.join(peer, worker("w", session: Identifier(high: UInt64(number), low: 9), shards: []))
            rig.handle(.goodbye(peer, Header(.goodbye, job: .none, attempt: 0, epoch: Rig.epoch), reason: ""))
            if number.isMultiple(of: 4_096) { rig.handle(.turnEnded) }
        }
        rig.follow(9, since: first[0].revision)
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(alice,anna)>9"])
    }

    @Test("many changes are told together, and the last of them is not forgotten")
    func gathers() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 1))
        rig.follow(0)
        rig.handle(.turnEnded)
        var tellings = 0
        var view = CatalogueView()
        for number in 0..<1_000 {
            if number.isMultiple(of: 10) { rig.now += 1 }
            rig.join(
                PeerID(rawValue: Int32(10 + number)),
                worker("w", session: Identifier(high: UInt64(number), low: 2)))
            for case .catalogue(_, _, let updates) in rig.handle(.turnEnded) {
                tellings += 1
                for update in updates { _ = view.take(update) }
            }
        }
        rig.now += BrokerLimits.catalogueIntervalMilliseconds
        for case .catalogue(_, _, let updates) in rig.handle(.turnEnded) {
            for case .complete(let catalogue) in updates.map({ view.take($0) }) {
                #expect(catalogue.workers.count == 1_000)
            }
        }
        #expect(tellings <= BrokerLimits.catalogueBurst + 100 / 50 + 1)
    }

    @Test("what is long comes in parts")
    func parts() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 1))
        for number in 0..<5 {
            rig.handle(
                .hello(
                    PeerID(rawValue: Int32(10 + number)),
                    worker("w", session: Identifier(high: UInt64(number), low: 2)),
                    byteCount: BrokerLimits.catalogueByteCount / 2))
        }
        rig.follow(0)
        guard case .catalogue(_, _, let updates) = rig.handle(.turnEnded).first else {
            return #expect(Bool(false), "no catalogue")
        }
        #expect(updates.map(\.catalogue.workers.count) == [2, 2, 1])
        #expect(updates.map(\.isPartial) == [true, true, false])
        var view = CatalogueView()
        let outcomes = updates.map { view.take($0) }
        #expect(
            outcomes[0] == .partial && outcomes[1] == .partial
                && outcomes[2] == .complete(rig.machine.catalogue))
    }

    @Test(
        "whoever comes and goes, and whatever a trainer is not told in time, it has what there is in the end",
        arguments: 0..<40)
    func converges(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let rig = Rig()
        rig.join(0, trainer("bob", session: 1))
        rig.follow(0)
        var view = CatalogueView()
        var latest = Catalogue()
        func take(_ actions: [BrokerMachine.Action], isTaken: Bool) {
            for case .catalogue(_, _, let updates) in actions {
                guard isTaken else {
                    rig.handle(.untold(0, since: updates[0].since))
                    continue
                }
                for update in updates {
                    switch view.take(update) {
                    case .complete(let catalogue): latest = catalogue
                    case .partial: break
                    case .gap: rig.follow(0)
                    }
                }
            }
        }
        for step in 0..<400 {
            let number = UInt64.random(in: 1...6, using: &random)
            let peer = PeerID(rawValue: Int32(number))
            switch Int.random(in: 0..<6, using: &random) {
            case 0...2:
                var hello = worker(
                    "w\(number)", session: Identifier(high: number, low: 7),
                    shards: (0..<4).filter { _ in Bool.random(using: &random) })
                // Copies that differ change what is said of others.
                for index in hello.shards.indices where Int.random(in: 0..<4, using: &random) == 0 {
                    hello.shards[index].trainRows += 1
                }
                rig.join(peer, hello)
            case 3: rig.handle(.disconnected(peer))
            case 4:
                rig.handle(
                    .goodbye(peer, Header(.goodbye, job: .none, attempt: 0, epoch: Rig.epoch), reason: ""))
            default: rig.follow(0, since: Bool.random(using: &random) ? view.revision : UInt64(step))
            }
            rig.now += Int64.random(in: 0..<30, using: &random)
            rig.say(0, .heartbeat)
            take(rig.handle(.turnEnded), isTaken: Int.random(in: 0..<5, using: &random) > 0)
        }
        for _ in 0..<3 {
            rig.now += 100
            take(rig.handle(.turnEnded), isTaken: true)
        }
        let now = rig.machine.catalogue
        #expect(latest.workers.map(\.session) == now.workers.map(\.session))
        #expect(latest.workers.map(\.shards) == now.workers.map(\.shards))
        #expect(latest.workers.map(\.state) == now.workers.map(\.state))
        #expect(latest.datasets == now.datasets)
    }

    @Test("a worker that drains is shown as such")
    func showsDraining() {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 1))
        rig.follow(0)
        rig.join(1, worker("alice", session: 2))
        rig.say(0, .submit, job: 5, target: shard(0).key)
        rig.handle(.turnEnded)
        rig.fail(1, job: 5, attempt: 1, .draining)
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(alice) more>0"])
        #expect(rig.machine.catalogue.workers.map(\.isDraining) == [true])
    }
}
