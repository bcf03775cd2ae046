public import Datasets
import Ground
import Keys
import Logging
public import Protocol
import WorkerKit
import ZMQ

/// A site that serves its own data from this process, as the program `worker` does for files.
///
/// ```swift
/// let schema = try DataSchema(contentsOf: "patients.yaml")
/// let site = Site("north", data: [.columns(schema: schema) { try rowsOfTheClinic() }])
/// try await site.serve { print($0) }
/// ```
/// Its rows stay in the process: jobs come to them, and what leaves obeys the same rules as at any worker.
public struct Site: Sendable {
    /// The name of the site, which is its shard's in every data set: it stays the same from start to start.
    public var name: String
    /// Where the broker is.
    public var broker: String
    /// The key that `worker join` made of an invitation; its broker is gone to, not `broker`, under its name. `nil` for
    /// a broker without keys.
    public var keyFile: String?
    /// What it serves; read when it begins to serve.
    public var data: [DataSource]
    /// How many jobs run at once, each on a core of its own.
    public var slots = 1
    /// The fewest rows a loss or gradient may be about that leaves the site; data sets of the library's own, which
    /// everybody has, are free of it.
    public var releaseRowsMinimum = WorkerLimits.releaseRowsMinimum
    /// What jobs and trainers' tensors may take together, in bytes.
    public var memoryByteCountMaximum = MachineMemory.byteCount() / 2
    /// How long to look for the broker before giving up; `nil` for ever.
    public var timeout: Duration?

    /// Describes a site; nothing is read yet.
    ///
    /// - Parameter broker: Such as `tcp://10.0.0.7:5555`.
    public init(_ name: String, broker: String = "tcp://127.0.0.1:5555", data: [DataSource]) {
        self.name = name
        self.broker = broker
        self.data = data
    }

    /// Reads the data, registers it with the broker and runs jobs beside it until the task is cancelled; then what
    /// runs is finished, what waits is handed back, and the site says goodbye.
    ///
    /// - Parameter notice: Told what a person should hear, one line at a time.
    /// - Throws: `SiteError` for data that cannot be served, an endpoint that is none, a broker that refuses the
    ///   site or is not found in time.
    public func serve(_ notice: @escaping @Sendable (String) -> Void = { _ in }) async throws(SiteError) {
        let configuration = try await configuration(notice)
        let loop: Loop
        do { loop = try Loop(name: "site") } catch { throw .broker(Failure(.brokerUnreachable, "\(error)")) }
        let shell = WorkerShell(
            configuration: configuration, loop: loop,
            logger: Logger(label: "site") { _ in SwiftLogNoOpLogHandler() }
        ) { news in
            notice(Site.text(news))
        }
        let result = await serve(shell)
        await loop.shutdown(lingerMilliseconds: 2_000)
        if case .failure(let failure) = result { throw .broker(failure) }
    }

    private func serve(_ shell: WorkerShell) async -> Result<Void, Failure> {
        await withTaskCancellationHandler {
            do {
                try await shell.start()
            } catch {
                return .failure(Failure(.brokerUnreachable, "\(error)"))
            }
            do throws(Failure) {
                return .success(try await shell.waitUntilDone())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            Task { await shell.drain() }
        }
    }

    private func configuration(_ notice: (String) -> Void) async throws(SiteError) -> WorkerConfiguration {
        var configuration = WorkerConfiguration(
            name: name, endpoint: broker, shards: [], slots: slots,
            timeoutMilliseconds: timeout.map { Int64($0 / .milliseconds(1)) },
            memoryByteCountMaximum: memoryByteCountMaximum, releaseRowsMinimum: releaseRowsMinimum)
        if let keyFile {
            do throws(KeyError) {
                let file = try KeyFile(contentsOf: keyFile)
                let membership = try file.membership(of: keyFile, roles: [.worker])
                configuration.name = membership.name
                configuration.endpoint = membership.broker
                configuration.credentials = membership.credentials(file.keys)
            } catch {
                throw .broker(Failure(.notPermitted, "\(error)"))
            }
        }
        for source in data {
            do throws(DatasetError) {
                let dataset = try await ComputeQueue.value { () throws(DatasetError) in try source.load() }
                try dataset.checkNames(rowsMinimum: releaseRowsMinimum)
                guard !configuration.shards.contains(where: { $0.dataset == dataset.name }) else {
                    throw .invalidTable(reason: "data set \(dataset.name) is served twice at site \(name)")
                }
                for text in dataset.notices { notice("data set \(dataset.name): \(text)") }
                let shard = try dataset.shard(ofSite: name)
                configuration.add([shard], of: dataset)
                notice("site \(name) serves \(dataset.name), \(shard.train.rowCount) rows to train")
            } catch {
                throw .data(error)
            }
        }
        return configuration
    }

    private static func text(_ notice: WorkerNotice) -> String {
        switch notice {
        case .registered(let endpoint): "registered with \(endpoint)"
        case .remarked(let text): text
        case .lost(let reason): "lost the broker: \(reason)"
        case .waiting(let endpoint, let milliseconds):
            "waiting for the broker at \(endpoint), \(milliseconds / 1_000) s"
        }
    }
}

/// Why a site does not serve.
public enum SiteError: Error, Sendable, Hashable {
    /// Data that cannot be read, or not be served.
    case data(DatasetError)
    /// A broker that refuses it, or is not found.
    case broker(Failure)
}

extension SiteError: CustomStringConvertible {
    /// What was expected and what came.
    public var description: String {
        switch self {
        case .data(let error): "\(error)"
        case .broker(let failure): "\(failure)"
        }
    }
}
