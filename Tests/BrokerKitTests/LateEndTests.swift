import Dispatch
import Logging
import Protocol
import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

@Suite("Broker shell: descriptors used again", .timeLimit(.minutes(1)))
struct LateEndTests {
    /// Holds the broker's loop in the middle of a turn: at the line that says that somebody left.
    private final class Brake: Sendable {
        private let released = DispatchSemaphore(value: 0)
        let reached: AsyncStream<Void>
        private let source: AsyncStream<Void>.Continuation

        init() { (reached, source) = AsyncStream.makeStream(of: Void.self) }

        func release() { _ = released.signal() }

        func hold(at line: String) {
            guard line.contains("alice left") else { return }
            source.yield()
            released.wait()
        }
    }

    private struct Handler: LogHandler {
        let brake: Brake
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }
        func log(event: LogEvent) { brake.hold(at: "\(event.message)") }
    }

    /// While the broker handles a goodbye, the connection that said it ends and another takes its descriptor and
    /// greets; the broker reads the greeting before the end.
    @Test("a goodbye's late end does not hit the newcomer that has its descriptor")
    func newcomer() async throws {
        let brake = Brake()
        let loop = try Loop(name: "late-end")
        let shell = BrokerShell(
            endpoint: "tcp://127.0.0.1:0", loop: loop,
            logger: Logger(label: "late-end") { _ in Handler(brake: brake) }, epoch: 77)
        let endpoint = try await shell.start()
        let alice = try #require(RawPeer(endpoint))
        // They have descriptors of their own, so that the one alice's connection had is the next to be given.
        let newcomers = (0..<3).map { _ in RawPeer() }
        try await alice.greet()
        alice.say([Header(.hello).frame(worker("alice", session: 1).encoded())])
        try await alice.settle()
        alice.say([
            Header(.goodbye, job: .none, attempt: 0, epoch: 77).frame(Goodbye(reason: "done").encoded())
        ])
        for await _ in brake.reached { break }
        alice.finish()
        await alice.readToEnd()
        for (number, newcomer) in newcomers.enumerated() {
            #expect(newcomer.connect(to: endpoint))
            try await newcomer.greet()
            let session = Identifier(high: UInt64(number) + 5, low: 1)
            newcomer.say([Header(.hello).frame(worker("bob", session: session).encoded())])
            try await newcomer.settle()
        }
        brake.release()
        // Every answer is a turn or more; the end was read in the first of them.
        for newcomer in newcomers {
            for _ in 0..<5 {
                newcomer.say([Header(.heartbeat, job: .none, attempt: 0, epoch: 77).frame()])
                try await newcomer.settle()
                _ = await shell.statistics
            }
        }
        let statistics = await shell.statistics
        #expect(statistics.workers.total == 3 && statistics.connections == 3)
        // A message of one that was forgotten is answered with a reset, and counts for nobody.
        #expect(await loop.missing(shell) == 0)
        await shell.stop()
        #expect(await loop.shutdown() == .finished)
    }
}

extension Loop {
    /// How many workers of a broker are without a connection.
    fileprivate func missing(_ shell: BrokerShell) async -> Int {
        (try? await perform {
            shell.machine.roster.workers.numbers.count { number in
                shell.machine.roster.workers.isTaken(number)
                    && shell.machine.roster.workers[number].presence.peer == nil
            }
        }) ?? -1
    }
}
