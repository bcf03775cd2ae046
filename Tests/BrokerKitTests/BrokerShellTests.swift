import Dispatch
import Protocol
import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

@Suite("Broker shell", .timeLimit(.minutes(1)))
struct BrokerShellTests {
    private func submit(_ job: JobID, epoch: UInt64, to index: Int = 0) -> Header {
        var header = Header(.submit, job: job, attempt: 1, epoch: epoch)
        header.target = shard(index).key
        return header
    }

    @Test(
        "a job and its answer pass through byte for byte",
        arguments: ["tcp://127.0.0.1:0", "inproc://broker", "ipc://@fagure-\(UInt64.random(in: 0 ... .max))"])
    func passes(endpoint: String) async throws {
        try await withBroker(endpoint) { loop, shell, endpoint in
            let alice = try await TestPeer(loop, endpoint)
            let bob = try await TestPeer(loop, endpoint)
            let epoch = try await alice.join(worker("alice", session: 1)).epoch
            #expect(try await bob.join(trainer("bob", session: 2)).epoch == epoch)
            var random = SplitMix64(seed: 7)
            for size in [1, 33, 34, 64, 9_000, 20_000, 3 << 20] {
                let job = Identifier(high: UInt64(size), low: 3)
                // A peer that takes long to think of bytes would be found torpid.
                let frames = (0..<4).map { _ in
                    let chunk = (0..<4_093).map { _ in UInt8.random(in: 0...255, using: &random) }
                    return (0...size / chunk.count).reduce(into: []) { bytes, _ in bytes += chunk }.prefix(
                        size)
                }.map { Array($0) }
                try await bob.say(submit(job, epoch: epoch), parts: frames)
                let dispatch = try await alice.next(.dispatch)
                #expect(
                    dispatch.header.job == job && dispatch.header.attempt == 1
                        && dispatch.header.epoch == epoch)
                #expect(dispatch.frames == frames)
                try await alice.say(Header(.started, job: job, attempt: 1, epoch: epoch))
                let result = Header(.result, job: job, attempt: 1, epoch: epoch)
                try await alice.say(result, parts: frames.reversed())
                #expect(try await bob.next(.started).header.job == job)
                let answer = try await bob.next(.result)
                #expect(answer.header.job == job && answer.header.attempt == 1)
                #expect(answer.frames == frames.reversed())
                // The answer's end is told when all of it is there.
                #expect(try await alice.next(.received).header.job == job)
            }
            let statistics = await shell.statistics
            #expect(statistics.counters.finished == 7 && statistics.jobs.total == 0)
            #expect(statistics.counters.dropped == 0)
        }
    }

    @Test("a broker whose loop is busy is found to be so, and not waited for")
    func stuck() async throws {
        try await withBroker("inproc://stuck") { loop, shell, _ in
            #expect(await shell.statisticsInTime()?.isReady == true)
            let isSeen = DispatchSemaphore(value: 0)
            loop.execute { isSeen.wait() }
            #expect(await shell.statisticsInTime() == nil)
            isSeen.signal()
            #expect(await shell.statistics.isReady)
        }
    }

    @Test("a trainer is told how the broker is")
    func tellsStatus() async throws {
        try await withBroker("inproc://status") { loop, _, endpoint in
            let bob = try await TestPeer(loop, endpoint)
            let epoch = try await bob.join(trainer("bob", session: 2)).epoch
            try await bob.say(Header(.statusQuery, job: .none, attempt: 0, epoch: epoch))
            let status = try BrokerStatus(decoding: try await bob.next(.status).body)
            #expect(status["fagure_trainers", "ready"] == 1 && status["fagure_received_bytes_total"] > 80)
        }
    }

    @Test("trainers hear of workers as they come, and may ask")
    func tellsCatalogue() async throws {
        try await withBroker("inproc://catalogue") { loop, _, endpoint in
            let bob = try await TestPeer(loop, endpoint)
            let epoch = try await bob.join(trainer("bob", session: 2)).epoch
            try await bob.follow(epoch: epoch)
            _ = try await bob.next(.catalogue)
            let alice = try await TestPeer(loop, endpoint)
            _ = try await alice.join(worker("alice", session: 1, shards: [2]))
            let pushed = try CatalogueUpdate(decoding: try await bob.next(.catalogue).frames[0]).catalogue
            #expect(pushed.workers.map(\.name) == ["alice"])
            #expect(pushed.workers.first?.shards.map(\.reference) == [shard(2)])
            try await bob.say(.catalogueQuery, epoch: epoch)
            let asked = try CatalogueUpdate(decoding: try await bob.next(.catalogue).frames[0]).catalogue
            #expect(asked.datasets == pushed.datasets)
            #expect(asked.trainers == 1)
        }
    }

    @Test("a worker that vanishes is missed, then lost, and its job fails with its name")
    func losesVanished() async throws {
        try await withBroker { loop, shell, endpoint in
            let (alice, bob) = (try await TestPeer(loop, endpoint), try await TestPeer(loop, endpoint))
            let epoch = try await bob.join(trainer("bob", session: 2)).epoch
            _ = try await alice.join(worker("alice", session: 1))
            try await bob.say(submit(5, epoch: epoch), [1])
            _ = try await alice.next(.dispatch)
            try await alice.vanish()
            let failed = try await bob.next(.failed)
            #expect(failed.failure?.code == .workerLost)
            #expect(failed.failure?.message.contains("alice") == true)
            #expect(await shell.statistics.workers.total == 0)
        }
    }

    @Test("…and one that is back by another connection goes on")
    func keepsReturning() async throws {
        try await withBroker { loop, shell, endpoint in
            let (alice, bob) = (try await TestPeer(loop, endpoint), try await TestPeer(loop, endpoint))
            let epoch = try await bob.join(trainer("bob", session: 2)).epoch
            _ = try await alice.join(worker("alice", session: 1))
            try await bob.say(submit(5, epoch: epoch), [1])
            _ = try await alice.next(.dispatch)
            try await alice.vanish()
            let again = try await TestPeer(loop, endpoint)
            _ = try await again.join(worker("alice", session: 1, openJobs: [5]))
            try await again.say(Header(.result, job: 5, attempt: 1, epoch: epoch), [7])
            #expect(try await bob.next(.result).frames == [[7]])
            #expect(await shell.statistics.workers.total == 1)
            #expect(await shell.statistics.connections == 2)
        }
    }

    @Test("messages that are none are dropped and counted, and nobody else notices")
    func dropsGarbage() async throws {
        try await withBroker { loop, shell, endpoint in
            let (alice, mallory) = (try await TestPeer(loop, endpoint), try await TestPeer(loop, endpoint))
            let epoch = try await alice.join(worker("alice", session: 1)).epoch
            let good = Header(.heartbeat, job: .none, attempt: 0, epoch: epoch).frame()
            var wrongMagic = good
            wrongMagic[0] = 0
            var unknownCommand = good
            unknownCommand[6] = 200
            let bad: [[[UInt8]]] = [
                [[]], [[1, 2, 3]], [Array(good.dropLast())], [good + [0]], [wrongMagic], [unknownCommand],
                [good, [1]],  // two frames
                [Header(.heartbeat).frame([1])],  // a heartbeat has no body
                [Header(.want).frame([1])],  // what is wanted has 24 bytes
                [Header(.hello).frame([0xFF, 0xFF])],
                [Header(.hello).frame(Hello(name: "", role: .trainer, session: 9).encoded())],
            ]
            for frames in bad { try await mallory.say(raw: frames) }
            for _ in 0..<2 { #expect(try await mallory.next(.refused).failure?.code == .malformed) }
            try await alice.say(.heartbeat, epoch: epoch)
            _ = try await alice.next(.heartbeat)
            #expect(await shell.statistics.counters.garbage == UInt64(bad.count))
            #expect(await shell.statistics.connections == 1)
        }
    }

    @Test("records of one frame are taken in their order; after one that is none the rest is dropped")
    func takesBundles() async throws {
        try await withBroker { loop, shell, endpoint in
            let (alice, bob) = (try await TestPeer(loop, endpoint), try await TestPeer(loop, endpoint))
            let epoch = try await alice.join(worker("alice", session: 1)).epoch
            _ = try await bob.join(trainer("bob", session: 2))
            var bundle: [UInt8] = []
            for number in 1...3 as ClosedRange<UInt64> {
                bundle.append(
                    submit(Identifier(high: number, low: 1), epoch: epoch), body: [UInt8(number)], inline: [9]
                )
            }
            try await bob.say(raw: [bundle])
            for number in 1...3 as ClosedRange<UInt64> {
                let dispatch = try await alice.next(.dispatch)
                #expect(dispatch.header.job.high == number && dispatch.frames == [[UInt8(number)], [9]])
            }
            var broken = submit(4, epoch: epoch).frame([4])
            broken += [UInt8](repeating: 1, count: 7 + Header.byteCount)
            broken.append(submit(5, epoch: epoch), body: [5])
            try await bob.say(raw: [broken])
            try await bob.say(submit(6, epoch: epoch), [6])
            #expect(try await alice.next(.dispatch).header.job == 4)
            #expect(try await alice.next(.dispatch).header.job == 6)
            #expect(await shell.statistics.counters.garbage == 1)
        }
    }

    @Test("a job nobody can read fails, at once and for its own trainer", arguments: [0, 1, 2])
    func answersDamagedSubmit(kind: Int) async throws {
        try await withBroker { loop, shell, endpoint in
            let bob = try await TestPeer(loop, endpoint)
            let epoch = try await bob.join(trainer("bob", session: 2)).epoch
            var header = submit(5, epoch: epoch)
            if kind == 1 { header.attempt = 0 }
            if kind == 2 { header.flags = [.targetsSession, .transferred] }
            // A body that is attached, and no attachment.
            if kind == 0 { header.flags = .bodyIsAttached }
            try await bob.say(raw: [header.frame(kind == 0 ? [] : [1])])
            let failed = try await bob.next(.failed)
            #expect(failed.header.job == 5 && failed.header.attempt == header.attempt)
            #expect(failed.failure?.code == .malformed)
            #expect(await shell.statistics.jobs.total == 0)
        }
    }

    @Test("a result whose parts do not fit fails the job with the worker's name", arguments: [0, 1_100])
    func answersDamagedResult(attachmentCount: UInt32) async throws {
        try await withBroker { loop, shell, endpoint in
            let (alice, bob) = (try await TestPeer(loop, endpoint), try await TestPeer(loop, endpoint))
            let epoch = try await alice.join(worker("alice", session: 1)).epoch
            _ = try await bob.join(trainer("bob", session: 2))
            try await bob.say(submit(5, epoch: epoch), [1])
            _ = try await alice.next(.dispatch)
            var result = Header(.result, job: 5, attempt: 1, epoch: epoch).frame([1])
            // The number of attachments, or of the body's bytes.
            let offset = attachmentCount == 0 ? 8 : 12, word = attachmentCount == 0 ? 1_000 : attachmentCount
            for index in 0..<2 {
                result[offset + index] = UInt8(truncatingIfNeeded: word >> UInt32(8 * index))
            }
            try await alice.say(raw: [result])
            let failed = try await bob.next(.failed)
            #expect(failed.failure?.code == (attachmentCount == 0 ? .malformed : .limitExceeded))
            #expect(failed.failure?.message.contains("alice") == true)
            let statistics = await shell.statistics
            #expect(statistics.jobs.total == 0 && statistics.workers.total == 1)
        }
    }

    @Test("a peer of another major version is told so once, in a header it can read")
    func refusesVersion() async throws {
        try await withBroker { loop, shell, endpoint in
            let peer = try await TestPeer(loop, endpoint)
            var header = Header(.hello)
            header.major = 9
            try await peer.say(header, [1, 2, 3])
            try await peer.say(header, [1, 2, 3])
            let refused = try await peer.next(.refused)
            #expect(refused.failure?.code == .versionUnsupported)
            #expect(refused.failure?.message.contains("9.\(ProtocolVersion.current.minor)") == true)
            // The next thing it hears answers a stranger's heartbeat, not its second hello.
            try await peer.say(.heartbeat, epoch: 1)
            _ = try await peer.next(.reset)
            #expect(await shell.statistics.counters.garbage == 2)
        }
    }

    @Test("bytes of no protocol, and a frame of a terabyte, cost their own connection only")
    func survivesRawPeers() async throws {
        try await withBroker { loop, shell, endpoint in
            let alice = try await TestPeer(loop, endpoint)
            let epoch = try await alice.join(worker("alice", session: 1)).epoch
            var random = SplitMix64(seed: 3)
            for _ in 0..<20 {
                try #require(RawPeer(endpoint)).write(
                    (0..<4_096).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
            // A greeting as it should be, for a security mechanism nobody knows.
            let odd = try #require(RawPeer(endpoint))
            odd.write(
                [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + [UInt8](repeating: 0x41, count: 52))
            await odd.readToEnd()
            let giant = try #require(RawPeer(endpoint))
            try await giant.greet()
            giant.write([2, 0, 0, 1, 0, 0, 0, 0, 0] + [UInt8](repeating: 1, count: 100))
            await giant.readToEnd()
            try await alice.say(.heartbeat, epoch: epoch)
            _ = try await alice.next(.heartbeat)
            #expect(await shell.statistics.workers.total == 1)
            #expect(await shell.statistics.connections == 1)
        }
    }

    @Test("what a worker does not take waits for it, and goes when it is gone")
    func parks() async throws {
        try await withBroker { loop, shell, endpoint in
            let bob = try await TestPeer(loop, endpoint)
            let epoch = try await bob.join(trainer("bob", session: 2)).epoch
            var sleeper = RawPeer(endpoint)
            try await sleeper?.greet()
            sleeper?.say([Header(.hello).frame(worker("sleeper", session: 1).encoded())])
            try await bob.follow(epoch: epoch)
            while try CatalogueUpdate(decoding: try await bob.next(.catalogue).frames[0]).catalogue.workers
                .isEmpty
            {}
            let body = [UInt8](repeating: 7, count: 8_192)
            var next: UInt64 = 0
            while await shell.statistics.waitingBytes < 10 * body.count {
                next += 1
                try await bob.say(submit(Identifier(high: next, low: 1), epoch: epoch), body)
                if next % 256 == 0 {
                    // A query's answer comes behind all that was sent before it.
                    try await bob.say(.catalogueQuery, epoch: epoch)
                    _ = try await bob.next(.catalogue)
                    try #require(await shell.statistics.workers.total == 1)
                }
            }
            // Its line had room for the first of them alone; it says that it has heard them, and gets more.
            var missing = Int(next) * body.count, count: UInt32 = 0
            while missing > 0 {
                let bytes = try await #require(sleeper).read()
                try #require(!bytes.isEmpty)
                missing -= bytes.count { $0 == 7 }
                count += UInt32(bytes.count)
                var word: [UInt8] = []
                word.append(Header(.heard, job: .none, attempt: 0, epoch: epoch), heard: count)
                sleeper?.say([word])
            }
            #expect(await shell.statistics.waitingBytes == 0)
            sleeper = nil
            #expect(try await bob.next(.failed).failure?.code == .workerLost)
        }
    }

    @Test("a port that is taken is an error that names it")
    func namesTakenPort() async throws {
        try await withBroker { loop, _, endpoint in
            let second = BrokerShell(endpoint: endpoint, loop: loop, logger: .silent)
            let error = await #expect(throws: ZMQError.self) { try await second.start() }
            #expect(error?.code == .addressInUse)
            #expect(error.map { "\($0)".contains(endpoint) } == true)
            await second.stop()
        }
    }

    // Over tcp libzmq drops what a DEALER has not read when its connection ends (IMMEDIATE), a goodbye among
    // it.
    @Test("a broker that stops says goodbye")
    func saysGoodbye() async throws {
        try await withBroker("inproc://goodbye") { loop, shell, endpoint in
            let alice = try await TestPeer(loop, endpoint)
            _ = try await alice.join(worker("alice", session: 1))
            await shell.stop(reason: "enough")
            #expect(try Goodbye(decoding: try await alice.next(.goodbye).frames[0]).reason == "enough")
        }
    }

    @Test("after a restart on the same endpoint old peers are reset and welcomed under a new epoch")
    func restarts() async throws {
        let peers = try Loop(name: "peers")
        let first = try Loop(name: "first")
        let shell = BrokerShell(endpoint: "tcp://127.0.0.1:0", loop: first, logger: .silent)
        let endpoint = try await shell.start()
        let alice = try await TestPeer(peers, endpoint)
        let before = try await alice.join(worker("alice", session: 1)).epoch
        await shell.stop()
        #expect(await first.shutdown() == .finished)
        let second = try Loop(name: "second")
        let again = BrokerShell(endpoint: endpoint, loop: second, logger: .silent)
        #expect(try await again.start() == endpoint)
        await alice.connected()
        try await alice.say(.heartbeat, epoch: before)
        let epoch = try await alice.next(.reset).header.epoch
        #expect(epoch != before)
        #expect(try await alice.join(worker("alice", session: 1)).epoch == epoch)
        await again.stop()
        #expect(await second.shutdown() == .finished)
        #expect(await peers.shutdown() == .finished)
    }
}
