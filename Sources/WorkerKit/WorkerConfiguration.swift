package import Datasets
package import Keys
package import Protocol
package import ZMQ

/// What a worker is told when it is made.
package struct WorkerConfiguration: Sendable {
    /// The name its owner gives it, shown in catalogues and errors.
    package var name: String
    /// Where the broker is.
    package var endpoint: String
    /// Its keys and the broker's; `nil` for a broker without.
    package var credentials: CurveCredentials?
    /// Who may ask it anything; `nil` for every trainer the broker lets in.
    package var trainers: TrainerList?
    /// What it serves.
    package var shards: [Shard]
    /// What it asks the broker about and does not serve.
    package var considered: [Shard] = []
    /// Words for the catalogue, by data set name.
    package var tags: [String: [String]]
    /// How many jobs run at once, each on a thread of its own.
    package var slots: Int
    /// How long to look for a broker before giving up; `nil` for ever.
    package var timeoutMilliseconds: Int64?
    /// How long running jobs may go on after `drain`.
    package var drainMilliseconds: Int64
    /// How long it serves before it drains; `nil` for ever.
    package var lifetimeMilliseconds: Int64?
    /// What all tensors kept for trainers may take, in bytes; 0 for a worker that takes none.
    package var objectByteCountMaximum: Int
    /// What jobs and objects may take together, in bytes.
    package var memoryByteCountMaximum: Int
    /// Rows a loss or gradient must be of to leave; at least 1.
    package var releaseRowsMinimum: Int
    /// Data sets that everybody has: of these one row is enough.
    package var publicDatasets: Set<String>
    /// The name of this process for the broker.
    package var session: SessionID

    /// Describes a worker.
    package init(
        name: String, endpoint: String, shards: [Shard], tags: [String: [String]] = [:], slots: Int = 1,
        timeoutMilliseconds: Int64? = nil, drainMilliseconds: Int64 = WorkerLimits.drainMilliseconds,
        objectByteCountMaximum: Int = WorkerLimits.objectByteCountMaximum,
        memoryByteCountMaximum: Int = MachineMemory.byteCount() / 2,
        releaseRowsMinimum: Int = WorkerLimits.releaseRowsMinimum, publicDatasets: Set<String> = [],
        session: SessionID = .random()
    ) {
        self.name = name
        self.endpoint = endpoint
        self.shards = shards
        self.tags = tags
        self.slots = slots
        self.timeoutMilliseconds = timeoutMilliseconds
        self.drainMilliseconds = drainMilliseconds
        self.objectByteCountMaximum = objectByteCountMaximum
        self.memoryByteCountMaximum = max(0, memoryByteCountMaximum)
        self.releaseRowsMinimum = max(1, releaseRowsMinimum)
        self.publicDatasets = publicDatasets
        self.session = session
    }

    /// Serves shards of a data set.
    ///
    /// - Parameter holdsPublic: whether rows of the library's own data, which whoever asks has already, are held to
    ///   the minimum of rows all the same.
    package mutating func add(_ shards: [Shard], of dataset: Dataset, holdsPublic: Bool = false) {
        self.shards += shards
        tags[dataset.name] = dataset.tags
        if dataset.isPublic, !holdsPublic { publicDatasets.insert(dataset.name) }
    }
}

/// What a worker tells whoever runs it.
package enum WorkerNotice: Sendable, Hashable {
    /// The broker knows the worker; again after each reconnect.
    case registered(endpoint: String)
    /// What the owner should know of other workers with the same data; before `registered`.
    case remarked(String)
    /// The broker is gone for now; why.
    case lost(reason: String)
    /// Still no broker.
    case waiting(endpoint: String, milliseconds: Int64)
}
