import Protocol
import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

@Suite("Broker shell: transfers", .timeLimit(.minutes(1)))
struct BrokerShellTransferTests {
    private func header(_ command: Command, epoch: UInt64, to target: Identifier = .none) -> Header {
        var header = Header(command, job: 5, attempt: 1, epoch: epoch)
        header.target = target
        return header
    }

    private func submit(epoch: UInt64) -> Header {
        var header = header(.submit, epoch: epoch, to: 11)
        header.flags = .targetsSession
        return header
    }

    @Test(
        "from trainer to worker to worker and back, byte for byte",
        arguments: [
            "tcp://127.0.0.1:0", "inproc://transfers", "ipc://@fagure-\(UInt64.random(in: 0 ... .max))",
        ])
    func passes(endpoint: String) async throws {
        try await withBroker(endpoint) { loop, shell, endpoint in
            let (bob, alice) = (try await TestPeer(loop, endpoint), try await TestPeer(loop, endpoint))
            let anna = try await TestPeer(loop, endpoint)
            let epoch = try await bob.join(trainer("bob", session: 10)).epoch
            _ = try await alice.join(worker("alice", session: 11))
            _ = try await anna.join(worker("anna", session: 12))
            var random = SplitMix64(seed: 9)
            let body = [UInt8]("keep these".utf8)
            let tensors = [0, 1, 64, 9_000, 1 << 20].map { size in
                (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            try await bob.say(submit(epoch: epoch), [1, 2, 3])
            let first = try await alice.next(.dispatch)
            #expect(first.header.target == Identifier(ownerFor: 10) && first.header.flags == [])
            #expect(first.frames == [[1, 2, 3]])
            try await alice.say(header(.transfer, epoch: epoch, to: 12), parts: [body] + tensors)
            var expected = header(.dispatch, epoch: epoch, to: Identifier(ownerFor: 10))
            expected.flags = .transferred
            let second = try await anna.next(.dispatch)
            #expect(second.header == expected)
            #expect(second.frames == [body] + tensors)
            try await anna.say(header(.result, epoch: epoch), [7])
            let answer = try await bob.next(.result)
            #expect(answer.header == header(.result, epoch: epoch))
            #expect(answer.frames == [[7]])
            let statistics = await shell.statistics
            #expect(statistics.counters.transferred == 1 && statistics.counters.dropped == 0)
            #expect(statistics.jobs.total == 0)
        }
    }

    @Test("a destination that vanishes with the job is named to the trainer")
    func losesDestination() async throws {
        try await withBroker { loop, shell, endpoint in
            let (bob, alice) = (try await TestPeer(loop, endpoint), try await TestPeer(loop, endpoint))
            let anna = try await TestPeer(loop, endpoint)
            let epoch = try await bob.join(trainer("bob", session: 10)).epoch
            _ = try await alice.join(worker("alice", session: 11))
            _ = try await anna.join(worker("anna", session: 12))
            try await bob.say(submit(epoch: epoch), [1])
            _ = try await alice.next(.dispatch)
            try await alice.say(header(.transfer, epoch: epoch, to: 12), [1], [2])
            _ = try await anna.next(.dispatch)
            try await anna.vanish()
            let failed = try await bob.next(.failed)
            #expect(failed.failure?.code == .workerLost)
            #expect(failed.failure?.message.contains("anna") == true)
            #expect(await shell.statistics.jobs.total == 0)
        }
    }

    @Test("a transfer whose body is nowhere fails the job, and names who sent it")
    func refusesBare() async throws {
        try await withBroker("inproc://bare-transfers") { loop, shell, endpoint in
            let (bob, alice) = (try await TestPeer(loop, endpoint), try await TestPeer(loop, endpoint))
            let epoch = try await bob.join(trainer("bob", session: 10)).epoch
            _ = try await alice.join(worker("alice", session: 11))
            try await bob.say(submit(epoch: epoch), [1])
            _ = try await alice.next(.dispatch)
            var bare = header(.transfer, epoch: epoch, to: 12)
            bare.flags = .bodyIsAttached
            try await alice.say(bare)
            let failed = try await bob.next(.failed)
            #expect(failed.failure?.code == .malformed)
            #expect(failed.failure?.message.contains("alice") == true)
            #expect(await shell.statistics.counters.garbage == 1)
        }
    }
}
