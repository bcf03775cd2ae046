import Keys
import Protocol
import Testing
import ZMQ

@testable import BrokerKit

@Suite("What a key may say to the broker")
struct BrokerMachineAccessTests {
    private func credential(_ name: String, _ role: KeyRole, _ byte: UInt8) throws -> Credential {
        Credential(
            key: try CurvePublicKey(bytes: [UInt8](repeating: byte, count: 32)), name: name, role: role)
    }

    private func join(_ rig: Rig, _ peer: PeerID, _ hello: Hello, _ by: Credential) -> [String] {
        summary(rig.handle(.introduction(peer, hello, byteCount: 100, by)))
    }

    @Test("a hello's role is its key's, and a worker's name")
    func roles() throws {
        let rig = Rig()
        let (north, anna, root) = (
            try credential("north", .worker, 1), try credential("anna", .trainer, 2),
            try credential("root", .admin, 3)
        )
        for (hello, by, says) in [
            (worker("south", session: 1), north, "the key is that of worker north, and says hello as south"),
            (
                trainer("north", session: 1), north,
                "the key is that of north, worker, and says hello as a trainer"
            ),
            (
                worker("anna", session: 1), anna,
                "the key is that of anna, trainer, and says hello as a worker"
            ),
            (worker("root", session: 1), root, "the key is that of root, admin, and says hello as a worker"),
        ] {
            #expect(join(rig, 1, hello, by) == ["refused(not-permitted)>1", "forget>1"])
            #expect(failureText(rig.actions) == says)
        }
        #expect(join(rig, 1, worker("north", session: 1), north) == ["welcome>1"])
        #expect(join(rig, 2, trainer("whatever", session: 2), anna) == ["welcome>2"])
        #expect(join(rig, 3, trainer("root", session: 3), root) == ["welcome>3"])
    }

    @Test("a session belongs to the key that introduced it, also where its connection is lost")
    func sessions() throws {
        let rig = Rig()
        let (north, twin) = (try credential("north", .worker, 1), try credential("north", .worker, 2))
        #expect(join(rig, 1, worker("north", session: 1), north) == ["welcome>1"])
        #expect(join(rig, 2, worker("north", session: 1), twin) == ["refused(not-permitted)>2", "forget>2"])
        rig.handle(.disconnected(1))
        #expect(join(rig, 2, worker("north", session: 1), twin) == ["refused(not-permitted)>2", "forget>2"])
        #expect(rig.join(3, worker("north", session: 1)).count > 0)
        #expect(summary(rig.actions) == ["refused(not-permitted)>3", "forget>3"])
        #expect(join(rig, 4, worker("north", session: 1), north) == ["welcome>4"])
    }

    @Test("a worker hears who an owner is before the first dispatch, and again on another connection")
    func owners() throws {
        let rig = Rig()
        let (north, anna) = (try credential("north", .worker, 1), try credential("anna", .trainer, 2))
        _ = join(rig, 1, worker("north", session: 1), north)
        _ = join(rig, 2, trainer("anna", session: 2), anna)
        #expect(
            summary(rig.say(2, .submit, job: 5, attempt: 1, target: shard(0).key))
                == ["owner(anna)>1", "dispatch>1#1"])
        #expect(summary(rig.say(2, .submit, job: 6, attempt: 1, target: shard(0).key)) == ["dispatch>1#1"])
        rig.handle(.disconnected(1))
        _ = join(rig, 4, worker("north", session: 1), north)
        #expect(
            summary(rig.say(2, .submit, job: 7, attempt: 1, target: shard(0).key))
                == ["owner(anna)>4", "dispatch>4#1"])
    }

    @Test("an admin sees the catalogue and submits nothing")
    func admins() throws {
        let rig = Rig()
        _ = join(rig, 1, worker("north", session: 1), try credential("north", .worker, 1))
        _ = join(rig, 2, trainer("status", session: 2), try credential("root", .admin, 2))
        rig.handle(.turnEnded)
        rig.say(2, .catalogueQuery)
        #expect(summary(rig.handle(.turnEnded)) == ["catalogue(north)>2"])
        #expect(
            summary(rig.say(2, .submit, job: 5, attempt: 1, target: shard(0).key)) == [
                "failed(not-permitted)>2"
            ])
        #expect(failureText(rig.actions) == "the key of root is an admin's, which submits no jobs")
        #expect(rig.machine.openJobCount == 0)
    }

    @Test("sessions of a revoked key end, and their jobs with them")
    func revocation() throws {
        let rig = Rig()
        let (north, anna) = (try credential("north", .worker, 1), try credential("anna", .trainer, 2))
        _ = join(rig, 1, worker("north", session: 1), north)
        _ = join(rig, 2, trainer("anna", session: 2), anna)
        _ = join(rig, 3, worker("south", session: 3, shards: [1]), try credential("south", .worker, 3))
        rig.say(2, .submit, job: 5, attempt: 1, target: shard(0).key)
        #expect(
            summary(rig.handle(.revoked([north.key])))
                == ["refused(not-permitted)>1", "forget>1", "failed(worker-lost)>2"])
        #expect(failureText(Array(rig.actions.dropFirst(2)))?.contains("its key was revoked") == true)
        rig.say(2, .submit, job: 6, attempt: 1, target: shard(1).key)
        #expect(
            summary(rig.handle(.revoked([anna.key]))) == [
                "refused(not-permitted)>2", "forget>2", "cancel>3#1",
            ])
        #expect(
            rig.machine.workerCount == 1 && rig.machine.trainerCount == 0 && rig.machine.openJobCount == 0)
        #expect(summary(rig.handle(.revoked([anna.key]))) == [])
    }
}
