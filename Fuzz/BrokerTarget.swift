import BrokerKit
import Logging
import Protocol
import ZMQ

/// A broker, as its program runs it, and peers that say everything that could be said to it.
struct BrokerTarget: Target {
    private static let messageCount = 64

    private let loop: Loop
    private let jobs: SampleJobs
    private let corpus: [Frames]
    private var number = 0

    init() throws {
        loop = try Loop(name: "fuzz-broker")
        jobs = try SampleJobs()
        corpus = BrokerTarget.corpus(jobs)
    }

    mutating func feed(_ random: inout Randomness) async throws -> Tally {
        number += 1
        let endpoint = "inproc://broker-\(number)"
        let broker = BrokerShell(
            endpoint: endpoint, loop: loop, logger: .silent, epoch: RawBroker.epoch)
        _ = try await broker.start()
        let peers = RawPeers(loop: loop, endpoint: endpoint)
        for _ in 0..<3 { try await peers.connect() }
        await peers.send([
            (0, hello(.worker, 1)), (1, hello(.worker, 2)), (2, hello(.trainer, 3)),
        ])
        let messages = (0..<BrokerTarget.messageCount).map { _ in
            let frames = random.pick(corpus).changed(beside: random.pick(corpus), &random)
            // Who says what only workers say is a worker, more often than not.
            return (peer: random.once(in: 8) ? random.below(3) : sender(of: frames, &random), frames: frames)
        }
        await peers.send(messages)
        await loop.settle()
        let dropped = await broker.statistics.counters.dropped
        guard try await peers.isWelcomed(hello(.trainer, 4)) else {
            throw Fault("a peer that did nothing wrong was not welcomed")
        }
        await broker.stop()
        await peers.close()
        await loop.settle()
        return Tally(tried: messages.count, accepted: messages.count - min(messages.count, Int(dropped)))
    }

    private func sender(of frames: Frames, _ random: inout Randomness) -> Int {
        switch frames.command {
        case .submit, .cancel, .catalogueQuery, .statusQuery: 2
        default: random.below(2)
        }
    }

    private func hello(_ role: PeerRole, _ session: UInt64) -> Frames {
        BrokerTarget.hello(jobs, role, session)
    }

    private static func hello(_ jobs: SampleJobs, _ role: PeerRole, _ session: UInt64) -> Frames {
        var hello = Hello(
            name: "peer \(session)", role: role, session: SessionID(high: 1, low: session))
        if role == .worker {
            hello.datasets = [jobs.dataset]
            hello.shards = [
                ShardDescription(
                    reference: jobs.reference, trainRows: 200, heldOutRows: 50,
                    schema: jobs.dataset.schemaHash,
                    releaseRowsMinimum: 32)
            ]
            hello.capacity = 8
            hello.openJobs = [JobID(high: 9, low: session)]
        }
        return Frames(Header(.hello), body: hello.encoded())
    }

    /// A message of every kind, about a handful of jobs.
    private static func corpus(_ jobs: SampleJobs) -> [Frames] {
        var corpus = [hello(jobs, .worker, 1), hello(jobs, .worker, 2), hello(jobs, .trainer, 3)]
        for (number, payload) in jobs.payloads.enumerated() {
            let job = JobID(high: 9, low: UInt64(number % 5)), attempt = UInt32(1 + number % 2)
            var submit = RawBroker.header(.submit, job: job, attempt: attempt)
            submit.target = jobs.reference.key
            submit.deadlineMilliseconds = number % 3 == 0 ? 50 : 0
            corpus.append(Frames(submit, payload))
            submit.target = SessionID(high: 1, low: UInt64(1 + number % 2))
            submit.flags = .targetsSession
            corpus.append(Frames(submit, payload))
            var transfer = RawBroker.header(.transfer, job: job, attempt: attempt)
            transfer.target = SessionID(high: 1, low: 2)
            corpus.append(Frames(transfer, payload))
            corpus += SampleMessages.reports(job, attempt: attempt)
            corpus.append(Frames(RawBroker.header(.cancel, job: job, attempt: attempt)))
        }
        corpus.append(Frames(RawBroker.header(.catalogueQuery)))
        corpus.append(Frames(RawBroker.header(.statusQuery)))
        corpus.append(Frames(RawBroker.header(.heartbeat)))
        corpus.append(Frames(RawBroker.header(.goodbye), body: Goodbye(reason: "done").encoded()))
        return corpus
    }
}

extension Logger {
    /// Says nothing.
    static var silent: Logger { Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() } }
}
