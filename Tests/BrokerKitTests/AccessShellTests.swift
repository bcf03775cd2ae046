import Foundation
import Ground
import Keys
import Protocol
import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

@Suite("A broker with keys", .timeLimit(.minutes(1)))
struct AccessShellTests {
    @Test("a listed worker and trainer work as without keys; the worker hears who asks, once")
    func listed() async throws {
        let temporary = try TemporaryFolder()
        let folder = try KeyFolder(temporary)
        let (north, anna) = (try folder.enrol("north", .worker), try folder.enrol("anna", .trainer))
        try await withKeyedBroker(folder) { loop, shell, endpoint in
            let alice = try await TestPeer(loop, endpoint, north)
            let bob = try await TestPeer(loop, endpoint, anna)
            let epoch = try await alice.join(worker("north", session: 1)).epoch
            _ = try await bob.join(trainer("bob", session: 2))
            for job in [5, 6] as [JobID] {
                var header = Header(.submit, job: job, attempt: 1, epoch: epoch)
                header.target = shard(0).key
                try await bob.say(header, [1])
                if job == 5 {
                    let owner = try OwnerDescription(decoding: try await alice.next(.owner).frames[0])
                    let key = try CurvePublicKey(anna.keys.publicKey)
                    #expect(owner.name == "anna" && owner.key == key.bytes)
                    #expect(owner.owner == Identifier(ownerFor: 2))
                }
                let dispatch = try await alice.next([.owner, .dispatch])
                #expect(dispatch.command == .dispatch && dispatch.header.target == Identifier(ownerFor: 2))
                try await alice.say(Header(.result, job: job, attempt: 1, epoch: epoch), [2])
                #expect(try await bob.next(.result).header.job == job)
            }
            #expect(await shell.statistics.refused == 0)
        }
    }

    @Test(
        "over ipc, where whoever has no key is hung up on before it can read why, strangers are found to be kept out"
    )
    func overIPC() async throws {
        let temporary = try TemporaryFolder()
        let folder = try KeyFolder(temporary)
        let north = try folder.enrol("north", .worker)
        let address = "ipc://\(temporary["broker"])"
        try await withKeyedBroker(folder, at: address) { loop, shell, endpoint in
            let alice = try await TestPeer(loop, endpoint, north)
            _ = try await alice.join(worker("north", session: 1))
            #expect(await shell.statistics.isReady)
        }
    }

    /// How a try to be heard looks.
    private enum Kind: CaseIterable {
        case unlisted, keyless, wrongServer, published
    }

    @Test("of 1,000 tries by unlisted, missing, wrong and published keys no message gets in")
    func strangers() async throws {
        let temporary = try TemporaryFolder()
        let folder = try KeyFolder(temporary)
        let north = try folder.enrol("north", .worker)
        let published = CurveCredentials(
            keys: try CurveKeyPair(secretKey: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"),
            serverKey: folder.brokerKey)
        try await withKeyedBroker(folder) { loop, shell, endpoint in
            let before = loop.statistics.messagesReceived
            let perKind = 250, batch = 50
            for kind in Kind.allCases {
                for _ in 0..<(perKind / batch) {
                    var tries: [Try] = []
                    for _ in 0..<batch {
                        let option: [SocketOption] =
                            switch kind {
                            case .unlisted: [try folder.stranger().option]
                            case .keyless: []
                            case .wrongServer:
                                [
                                    CurveCredentials(
                                        keys: north.keys,
                                        serverKey: try CurvePublicKey(CurveKeyPair.generate().publicKey)
                                    ).option
                                ]
                            case .published: [published.option]
                            }
                        tries.append(try await Try(loop, endpoint, option))
                    }
                    for one in tries { await one.end() }
                }
            }
            let statistics = await shell.statistics
            #expect(
                statistics.connections == 0 && statistics.workers.total == 0 && statistics.trainers.total == 0
            )
            #expect(statistics.counters == BrokerCounters())
            #expect(statistics.refused >= UInt64(perKind * Kind.allCases.count))
            // What came in are the questions about keys, and nothing else.
            #expect(loop.statistics.messagesReceived - before == UInt64(2 * perKind))
            let alice = try await TestPeer(loop, endpoint, north)
            _ = try await alice.join(worker("north", session: 1))
        }
    }

    /// A peer that says hello whatever happens, until its handshake has failed.
    private final class Try: Sendable {
        private let loop: Loop
        private let socket: SocketID
        private let events: AsyncStream<MonitorEvent>

        init(_ loop: Loop, _ endpoint: String, _ options: [SocketOption]) async throws {
            let (events, source) = AsyncStream.makeStream(of: MonitorEvent.self)
            self.loop = loop
            self.events = events
            socket = try await loop.perform {
                let all = [.linger(milliseconds: 0), .immediate(false)] + options
                let socket = try loop.open(.dealer, options: all) { _ in
                    Issue.record("something was answered")
                }
                try loop.monitor(socket) { source.yield($0) }
                try loop.connect(socket, to: endpoint)
                var message = Message()
                message.append(Header(.hello).frame(worker("north", session: 7).encoded()))
                // There may be nobody to send to any more: a handshake fails as soon as it begins.
                _ = loop.send(&message, on: socket)
                return socket
            }
        }

        func end() async {
            for await event in events {
                switch event {
                case .handshakeSucceeded: Issue.record("a handshake succeeded")
                case .handshakeFailed, .disconnected: break
                default: continue
                }
                break
            }
            _ = try? await loop.perform { [loop, socket] in loop.close(socket, lingerMilliseconds: 0) }
        }
    }

    @Test(
        "a revoked worker is told so, lost and heard no more within a second; enrolling takes effect at once")
    func revocation() async throws {
        let temporary = try TemporaryFolder()
        let folder = try KeyFolder(temporary)
        let (north, anna) = (try folder.enrol("north", .worker), try folder.enrol("anna", .trainer))
        try await withKeyedBroker(folder) { loop, shell, endpoint in
            let (alice, bob) = (
                try await TestPeer(loop, endpoint, north), try await TestPeer(loop, endpoint, anna)
            )
            let silent = try await TestPeer(loop, endpoint, north)
            let epoch = try await alice.join(worker("north", session: 1)).epoch
            _ = try await bob.join(trainer("bob", session: 2))
            try await silent.say(.heartbeat, epoch: epoch)
            _ = try await silent.next(.reset)
            var header = Header(.submit, job: 5, attempt: 1, epoch: epoch)
            header.target = shard(0).key
            try await bob.say(header, [1])
            _ = try await alice.next(.dispatch)
            let start = ContinuousClock.now
            try folder.revoke("north")
            let refused = try await alice.next(.refused)
            #expect(ContinuousClock.now - start < .seconds(1))
            #expect(refused.failure == Failure(.notPermitted, "the key was revoked"))
            #expect(try await bob.next(.failed).failure?.code == .workerLost)
            // It is connected still, and nothing it says is heard.
            let before = await shell.statistics
            #expect(before.workers.total == 0 && before.connections == 1)
            for _ in 0..<10 {
                try await alice.say(Header(.hello), worker("north", session: 1).encoded())
                try await silent.say(.heartbeat, epoch: epoch)
            }
            let south = try folder.enrol("south", .worker)
            let carol = try await TestPeer(loop, endpoint, south)
            _ = try await carol.join(worker("south", session: 3))
            try await bob.follow(epoch: epoch)
            while try CatalogueUpdate(decoding: try await bob.next(.catalogue).frames[0]).catalogue.workers
                .map(\.name) != [
                    "south"
                ]
            {}
            let after = await shell.statistics
            #expect(after.workers.total == 1 && after.connections == 2)
            #expect(after.counters.unexpected == before.counters.unexpected)
        }
    }

    @Test("a peer that takes another's routing id is not taken for it")
    func routingIDs() async throws {
        let temporary = try TemporaryFolder()
        let folder = try KeyFolder(temporary)
        let (anna, eve) = (try folder.enrol("anna", .trainer), try folder.enrol("eve", .trainer))
        try await withKeyedBroker(folder) { loop, shell, endpoint in
            let bob = try await TestPeer(loop, endpoint, anna)
            _ = try await bob.join(trainer("bob", session: 2))
            let mallory = try await TestPeer(loop, endpoint, eve)
            try await mallory.say(Header(.hello), trainer("eve", session: 2).encoded())
            let refusal = try await mallory.next(.refused).failure
            #expect(refusal?.code == .notPermitted)
            #expect(refusal?.message.contains("under another key") == true)
            // The table of connections is told that her messages come by his.
            let peers = await shell.numbers()
            #expect(peers.count == 1)
            await shell.reassign(peers[0], to: try CurvePublicKey(eve.keys.publicKey))
            try await bob.say(.heartbeat, epoch: try await shell.epoch())
            let epoch = try await mallory.join(trainer("eve", session: 3)).epoch
            while await shell.statistics.refused == 0 {
                try await mallory.say(.catalogueQuery, epoch: epoch)
                _ = try await mallory.next(.catalogue)
            }
            #expect(await shell.statistics.refused == 1)
        }
    }

    @Test("a broker that would let a stranger in says so, and is deaf until it is proven")
    func selfTest() async throws {
        let temporary = try TemporaryFolder()
        let folder = try KeyFolder(temporary)
        let known = try folder.enrol("north", .worker)
        var access = try AccessConfiguration(folder.keys)
        access.stranger = known
        let loop = try Loop(name: "open-test")
        let shell = BrokerShell(endpoint: "tcp://*:0", loop: loop, logger: .silent, access: access)
        let endpoint = try await shell.start()
        let fault = await #expect(throws: AccessFault.self) { try await shell.proveAccess() }
        #expect(fault == .letIn("a key that is on no list"))
        #expect(fault?.description.contains("which it must not") == true)
        let alice = try await TestPeer(loop, try Endpoint(endpoint, for: .bind).here, known)
        try await alice.say(Header(.hello), worker("north", session: 1).encoded())
        try await alice.vanish()
        #expect(await shell.statistics.connections == 0)
        await loop.shutdown()
    }

    @Test("a list that is spoilt stays as it was; keys cannot guard what has no connections")
    func spoiltList() async throws {
        let temporary = try TemporaryFolder()
        let folder = try KeyFolder(temporary)
        let north = try folder.enrol("north", .worker)
        try await withKeyedBroker(folder) { loop, shell, endpoint in
            try "fagure peers 1\nboss\n".write(
                toFile: folder.keys.listPath, atomically: false, encoding: .utf8)
            let stranger = Try.self
            await (try stranger.init(loop, endpoint, [try folder.stranger().option])).end()
            let alice = try await TestPeer(loop, endpoint, north)
            _ = try await alice.join(worker("north", session: 1))
        }
        #expect(throws: KeyError.self) { _ = try AccessConfiguration(folder.keys) }
        let second = try TemporaryFolder()
        let other = try KeyFolder(second)
        let access = try AccessConfiguration(other.keys)
        let loop = try Loop(name: "inproc-test")
        let shell = BrokerShell(endpoint: "inproc://keys", loop: loop, logger: .silent, access: access)
        await #expect(throws: ZMQError.self) { _ = try await shell.start() }
        await loop.shutdown()
    }
}

extension BrokerShell {
    fileprivate func numbers() async -> [PeerID] {
        await onLoop(otherwise: []) { shell in
            (0..<Int32(8)).map { PeerID(rawValue: $0) }.filter {
                shell.gate?.credential(of: $0)?.name == "anna"
            }
        }
    }

    fileprivate func reassign(_ peer: PeerID, to key: CurvePublicKey) async {
        await onLoop(otherwise: ()) { shell in
            let credential = shell.gate?.list.credential(of: key)
            shell.gate?.assign(credential, to: peer)
        }
    }

    fileprivate func epoch() async throws -> UInt64 { await onLoop(otherwise: 0) { $0.machine.epoch } }
}
