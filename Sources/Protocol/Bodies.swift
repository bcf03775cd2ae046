import Ground

/// A peer's part in the house.
package enum PeerRole: Sendable, Hashable {
    case worker
    case trainer
}

/// A peer introduces itself.
package struct Hello: Sendable, Hashable {
    package var name: String
    package var role: PeerRole
    package var session: SessionID
    /// The major versions the peer speaks.
    package var versions: ClosedRange<UInt32>
    package var software: String
    package var datasets: [DatasetDescription] = []
    package var shards: [ShardDescription] = []
    /// What a worker's bits depend on; empty where it does not say.
    package var processor = ""
    /// Jobs a worker takes at once.
    package var capacity: Int = 0
    /// Jobs a worker still holds from before a reconnect.
    package var openJobs: [JobID] = []
    /// The attempts in which it holds them, in their order; 0 where it does not say.
    package var openAttempts: [UInt32] = []
    /// Shards a worker asks about and does not serve.
    package var considered: [ShardDescription] = []

    /// An introduction without data.
    package init(
        name: String, role: PeerRole, session: SessionID,
        versions: ClosedRange<UInt32> = ProtocolVersion.supported,
        software: String = ProtocolSoftware.name
    ) {
        self.name = name
        self.role = role
        self.session = session
        self.versions = versions
        self.software = software
    }
}

/// What this build calls itself to its peers.
package enum ProtocolSoftware {
    /// Name and version.
    package static let name = Software.name
}

/// The broker's answer to a hello it accepts.
package struct Welcome: Sendable, Hashable {
    package var version: UInt32
    package var heartbeatMilliseconds: Int64
    package var silenceMilliseconds: Int64
    package var frameByteCountMaximum: Int
    /// What a worker's owner should know of others with the same data.
    package var remarks: [String]

    /// The terms of a session.
    package init(
        version: UInt32 = UInt32(ProtocolVersion.current.major),
        heartbeatMilliseconds: Int64 = ProtocolLimits.heartbeatMilliseconds,
        silenceMilliseconds: Int64 = ProtocolLimits.silenceMilliseconds,
        frameByteCountMaximum: Int = ProtocolLimits.frameByteCountMaximum, remarks: [String] = []
    ) {
        self.version = version
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.silenceMilliseconds = silenceMilliseconds
        self.frameByteCountMaximum = frameByteCountMaximum
        self.remarks = remarks
    }
}

/// A side ends the session on purpose.
package struct Goodbye: Sendable, Hashable {
    package var reason: String
    package init(reason: String) { self.reason = reason }
}

/// Who is behind an owner: what the broker says of a trainer whose key it knows.
package struct OwnerDescription: Sendable, Hashable {
    /// What dispatches name the trainer's session by.
    package var owner: Identifier
    /// The trainer's public key.
    package var key: [UInt8]
    /// What the broker's owner calls the trainer.
    package var name: String

    /// Puts them together.
    package init(owner: Identifier, key: [UInt8], name: String) {
        self.owner = owner
        self.key = key
        self.name = name
    }
}

/// How far a job has come.
public struct JobProgress: Sendable, Hashable {
    /// Batches done, over all epochs.
    public var batchesDone: UInt64
    /// Batches there are to do.
    public var batchesTotal: UInt64
    /// Examples seen.
    public var examplesDone: UInt64

    /// Makes a report.
    public init(batchesDone: UInt64, batchesTotal: UInt64, examplesDone: UInt64) {
        self.batchesDone = batchesDone
        self.batchesTotal = batchesTotal
        self.examplesDone = examplesDone
    }
}

/// A worker as the broker sees it.
public struct WorkerDescription: Sendable, Hashable {
    /// The name its owner gave it.
    public var name: String
    /// Its process.
    package var session: SessionID
    /// What it runs.
    public var software: String
    /// Whether it takes jobs.
    public var state: WorkerState
    /// The shards it serves.
    public var shards: [ShardDescription]
    /// Jobs it holds.
    public var openJobs: Int
    /// How long ago it was last heard, in milliseconds.
    public var silentMilliseconds: Int64
    /// What it computes with, such as `avx2, oneDNN 2.6.3`, on which bits depend; empty where it does not say.
    public var processor: String

    /// Describes a worker.
    package init(
        name: String, session: SessionID, software: String, state: WorkerState, shards: [ShardDescription],
        openJobs: Int, silentMilliseconds: Int64, processor: String = ""
    ) {
        self.name = name
        self.session = session
        self.software = software
        self.state = state
        self.shards = shards
        self.openJobs = openJobs
        self.silentMilliseconds = silentMilliseconds
        self.processor = processor
    }

    /// Whether it is going away.
    public var isDraining: Bool { state == .draining }
}

/// Whether a worker takes jobs.
public enum WorkerState: String, Sendable, Hashable {
    /// It does.
    case ready
    /// Nothing was heard of it for a while: it keeps what it runs, and is sent nothing new until it is heard.
    case torpid
    /// It is going away: it finishes what it has and takes nothing new.
    case draining
}

/// What the broker has counted since it started.
public struct QueueDescription: Sendable, Hashable {
    /// Jobs submitted and not yet answered.
    public var openJobs = 0
    /// Jobs answered with a result.
    public var finishedJobs: UInt64 = 0
    /// Jobs answered with a failure.
    public var failedJobs: UInt64 = 0
    /// Jobs asked for again because their worker was lost.
    public var resentJobs: UInt64 = 0
    /// Messages that were not understood or not expected.
    public var droppedMessages: UInt64 = 0
    /// Time since the broker started.
    public var uptimeMilliseconds: Int64 = 0

    /// Nothing counted yet.
    public init() {}
}

/// What there is: workers, data and work.
public struct Catalogue: Sendable, Hashable {
    /// The workers, by name.
    public var workers: [WorkerDescription] = []
    /// The schemas of all data sets served, by name; differing schemas of one name are all listed.
    public var datasets: [DatasetDescription] = []
    /// How many trainers are connected.
    public var trainers = 0
    /// The broker's counts.
    public var queue = QueueDescription()

    /// An empty catalogue.
    public init() {}
}
