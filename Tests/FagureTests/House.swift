import BrokerKit
import Datasets
import Fagure
import Ground
import Protocol
import Tensor
import TestSupport
import WorkerKit
import ZMQ

/// A broker and workers in this process, as real as the deployed ones.
struct House {
    let loop: Loop
    let endpoint: String
    let broker: BrokerShell
    let workers: [WorkerShell]

    /// Starts a broker and a worker for each list of shards.
    init(_ shards: [[Shard]], endpoint: String? = nil) async throws {
        let loop = try Loop(name: "house")
        let asked = endpoint ?? "inproc://house-\(UInt64.random(in: 0...UInt64.max))"
        let broker = BrokerShell(endpoint: asked, loop: loop, logger: .silent)
        let resolved = try await broker.start()
        var workers: [WorkerShell] = []
        for (number, shards) in shards.enumerated() {
            let configuration = WorkerConfiguration(
                name: "worker-\(number)", endpoint: resolved, shards: shards,
                publicDatasets: Set(shards.map(\.dataset)))
            let worker = WorkerShell(configuration: configuration, loop: loop, logger: .silent)
            try await worker.start()
            workers.append(worker)
        }
        (self.loop, self.endpoint, self.broker, self.workers) = (loop, resolved, broker, workers)
    }

    /// A data set cut in so many shards, dealt to so many workers.
    static func shards(_ dataset: Dataset, count: Int, workers: Int) throws -> [[Shard]] {
        var dealt = [[Shard]](repeating: [], count: workers)
        for index in 0..<count {
            dealt[index % workers].append(try dataset.shard(index, of: count, partition: .iid(seed: 0)))
        }
        return dealt
    }

    /// A session whose catalogue shows all workers.
    func session(workers: Int? = nil) async throws -> Session {
        let session = try await Session.connect(endpoint, on: loop)
        let expected = workers ?? self.workers.count
        for await event in await session.events {
            if case .catalogue(let catalogue) = event, catalogue.workers.count >= expected { break }
        }
        return session
    }

    func close() async {
        for worker in workers { await worker.stop(reason: "the test is over") }
        await broker.stop()
        await loop.shutdown()
    }
}

/// The events of a run, gathered as they come.
final class EventLog: Sendable {
    private let events = Lock<[RunEvent]>([])

    func add(_ event: RunEvent) { events.withLock { $0.append(event) } }

    var all: [RunEvent] { events.withLock { $0 } }

    var notices: [String] { all.compactMap { if case .notice(let text) = $0 { text } else { nil } } }

    /// Shards that were left out of a round, and why.
    var leftOut: [String] {
        all.compactMap {
            if case .shardLeftOut(_, let shard, let reason) = $0 { "\(shard): \(reason)" } else { nil }
        }
    }

    var epochs: [EpochReport] { all.compactMap { if case .epoch(let report) = $0 { report } else { nil } } }
}
