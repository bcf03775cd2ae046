import BrokerKit
import Datasets
import Fagure
import Logging
import WorkerKit
import ZMQ

/// A broker and its workers in this process: the deployed programs' shells on one loop, their data loaded
/// once.
struct EmbeddedHouse {
    /// Where the broker listens; nobody outside the process can reach it.
    static let endpoint = "inproc://broker"

    /// The thread all live on.
    let loop: Loop
    /// The rows to judge by.
    let testData: TestData
    private let broker: BrokerShell
    private let workers: [WorkerShell]

    /// Loads nothing: cuts a data set into a shard for each worker and starts them.
    ///
    /// - Throws: `DatasetError` for more workers than rows; `ZMQError`.
    init(_ dataset: Dataset, workers count: Int, _ partition: Partition) async throws {
        var logger = Logger(label: "embedded")
        logger.handler = SwiftLogNoOpLogHandler()
        loop = try Loop(name: "embedded")
        testData = dataset.test.map { .table($0) } ?? .heldOut
        broker = BrokerShell(endpoint: EmbeddedHouse.endpoint, loop: loop, logger: logger)
        var workers: [WorkerShell] = []
        for index in 0..<count {
            let configuration = WorkerConfiguration(
                name: "worker-\(index)", endpoint: EmbeddedHouse.endpoint,
                shards: [try dataset.shard(index, of: count, partition: partition)],
                tags: [dataset.name: dataset.tags])
            workers.append(WorkerShell(configuration: configuration, loop: loop, logger: logger))
        }
        self.workers = workers
        _ = try await broker.start()
        for worker in workers { try await worker.start() }
    }

    /// Ends the workers, the broker and their thread.
    func close() async {
        for worker in workers { await worker.stop(reason: "the run is over") }
        await broker.stop()
        await loop.shutdown()
    }
}
