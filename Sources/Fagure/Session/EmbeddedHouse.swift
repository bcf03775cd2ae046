import BrokerKit
import Ground
import Logging
package import WorkerKit
package import ZMQ

/// A broker and its workers in this process: the deployed programs' shells on one loop.
package final class EmbeddedHouse: Sendable {
    /// Where the broker listens; nobody outside the process can reach it.
    package let endpoint: String
    /// The thread all live on.
    package let loop: Loop
    private let broker: BrokerShell
    private let workers = Lock<[WorkerShell]>([])
    private let logger: Logger

    /// Starts a broker nobody has come to yet.
    ///
    /// - Throws: `ZMQError`.
    package init() async throws {
        var logger = Logger(label: "embedded")
        logger.handler = SwiftLogNoOpLogHandler()
        self.logger = logger
        // Names are the process's: two houses must not share one.
        endpoint = "inproc://broker-\(UInt64.random(in: .min ... .max))"
        loop = try Loop(name: "embedded")
        broker = BrokerShell(endpoint: endpoint, loop: loop, logger: logger)
        _ = try await broker.start()
    }

    /// Starts a worker; the broker knows it a moment later.
    ///
    /// - Throws: `ZMQError`.
    package func add(_ configuration: WorkerConfiguration) async throws {
        var configuration = configuration
        configuration.endpoint = endpoint
        let worker = WorkerShell(configuration: configuration, loop: loop, logger: logger)
        workers.withLock { $0.append(worker) }
        try await worker.start()
    }

    /// Ends the workers, the broker and their thread.
    package func close() async {
        let workers = workers.withLock { workers in
            defer { workers.removeAll() }
            return workers
        }
        for worker in workers { await worker.stop(reason: "the house is closed") }
        await broker.stop()
        await loop.shutdown()
    }
}
