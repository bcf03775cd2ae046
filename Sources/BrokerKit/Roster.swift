import Keys
import Protocol

/// How a session stands with the broker: what workers and trainers have in common.
struct Presence: Sendable {
    /// The peer's process.
    var session: SessionID
    /// Its connection; `nil` while there is none.
    var peer: PeerID?
    /// Its name, fit for a log line.
    var label: String
    /// What it runs.
    var software: String
    /// When something was last heard from it.
    var heardAt: Int64
    /// When something was last sent to it.
    var sentAt: Int64
    /// Whom the key stands for that introduced it; `nil` where there are no keys.
    var credential: Credential?
    /// When its connection broke.
    var missingSince: Int64?

    static let vacant = Presence(session: .none, peer: nil, label: "", software: "", heardAt: 0, sentAt: 0)
}

/// A worker's session.
struct WorkerSession: Sendable {
    var presence: Presence
    var name = ""
    var datasets: [DatasetDescription] = []
    /// Their hashes, in the same order: to make one takes reading all its names.
    var schemas: [SchemaHash] = []
    var shards: [ShardDescription] = []
    /// Whether it is in the catalogue: it is there, not missing.
    var isListed = false
    /// The revision of the catalogue with which it last changed.
    var changedAt: UInt64 = 0
    /// What its bits depend on.
    var processor = ""
    /// Jobs it takes at once.
    var capacity = 0
    /// Whether it said that it takes no more jobs.
    var isDraining = false
    /// Whether nothing was heard of it for so long that it gets no new jobs.
    var isTorpid = false
    /// Whether more waits for it than it takes.
    var isCrowded = false
    /// The number of the last dispatch it got.
    var lastUsed: UInt64 = 0
    /// Jobs it said it has that nobody has asked this broker for yet.
    var claims: [JobID] = []
    /// Owners it was told who they are, on this connection.
    var knownOwners: Set<Identifier> = []
    /// Bytes of its introduction.
    var announcedByteCount = 0

    static let vacant = WorkerSession(presence: .vacant)
}

/// A trainer's session.
struct TrainerSession: Sendable {
    var presence: Presence
    /// What workers know it by.
    var owner: Identifier
    /// Whether it asked for the catalogue in this turn.
    var wantsCatalogue = false
    /// Whether it is told of changes.
    var follows = false
    /// The catalogue it has; 0 for none.
    var revision: UInt64 = 0

    static let vacant = TrainerSession(presence: .vacant, owner: .none)
}

/// Who is there: sessions by connection, by id and by the shards they serve.
struct Roster: ~Copyable, Sendable {
    /// Whose a connection or a session is.
    enum Party: Sendable, Hashable {
        case unknown
        case worker(Int32)
        case trainer(Int32)
    }

    var workers = Slab(vacant: WorkerSession.vacant)
    var trainers = Slab(vacant: TrainerSession.vacant)
    private var peers: [Party] = []
    private var sessions: [SessionID: Party] = [:]
    private var holdings: [Identifier: Holding] = [:]
    /// Shards of which some copies are left out: hardly ever any.
    private var split: Set<Identifier> = []
    private var claims: [JobID: Int32] = [:]
    /// Bytes of all introductions of workers.
    private(set) var announcedByteCount = 0

    /// How many sessions there are.
    var count: Int { sessions.count }

    /// Whether nothing is remembered of anybody.
    var isEmpty: Bool {
        sessions.isEmpty && holdings.isEmpty && split.isEmpty && claims.isEmpty && announcedByteCount == 0
            && peers.allSatisfy { $0 == .unknown }
    }

    /// Whose connection a peer is.
    func party(of peer: PeerID) -> Party {
        Int(peer.rawValue) < peers.count ? peers[Int(peer.rawValue)] : .unknown
    }

    /// Whose session an id is.
    func party(of session: SessionID) -> Party { sessions[session] ?? .unknown }

    /// The workers whose copy of a shard is like the first announced, there or missing; in the order they
    /// announced it.
    func holders(of key: Identifier) -> [Int32] { holdings[key]?.workers ?? [] }

    /// The workers that announce a shard, whatever their copies are like.
    func copyHolders(of key: Identifier) -> [Int32] { holdings[key]?.copyHolders ?? [] }

    /// Whether copies of some shard are left out.
    var isSplit: Bool { !split.isEmpty }

    /// Whose copy of a shard decides, and what it is, if a worker's differs from it.
    func rival(of shard: ShardDescription) -> (worker: Int32, content: Holding.Content)? {
        guard !split.isEmpty else { return nil }
        let key = shard.reference.key
        guard split.contains(key), let first = holdings[key]?.first,
            first.content != Holding.Content(of: shard)
        else { return nil }
        return first
    }

    /// Whose copy of a shard decides, and what it is.
    func first(of key: Identifier) -> (worker: Int32, content: Holding.Content)? { holdings[key]?.first }

    /// What a key stands for, while somebody announces it.
    func shard(of key: Identifier) -> ShardReference? { holdings[key]?.reference }

    /// The worker that said it has a job from before.
    func claimant(of job: JobID) -> Int32? { claims.isEmpty ? nil : claims[job] }
}

// Comings and goings.
extension Roster {
    /// Lets a new worker in; `describe` says what it has.
    mutating func addWorker(_ presence: Presence) -> Int32 {
        let worker = workers.insert(WorkerSession(presence: presence))
        sessions[presence.session] = .worker(worker)
        return worker
    }

    /// Lets a new trainer in.
    mutating func addTrainer(_ presence: Presence) -> Int32 {
        let owner = Identifier(ownerFor: presence.session)
        let trainer = trainers.insert(TrainerSession(presence: presence, owner: owner))
        sessions[presence.session] = .trainer(trainer)
        return trainer
    }

    /// Says whose a connection is; `.unknown` for nobody's any more.
    mutating func bind(_ peer: PeerID, to party: Party) {
        while peers.count <= Int(peer.rawValue) { peers.append(.unknown) }
        peers[Int(peer.rawValue)] = party
    }

    /// Replaces what a worker announced.
    ///
    /// A copy that is announced as before keeps its position among the others. Of one shard named twice the first
    /// counts.
    mutating func describe(_ worker: Int32, as hello: Hello, byteCount: Int) -> CopiesChange {
        announcedByteCount += byteCount - workers[worker].announcedByteCount
        workers[worker].announcedByteCount = byteCount
        workers[worker].name = hello.name
        workers[worker].presence.software = hello.software
        workers[worker].processor = hello.processor
        // Of data sets without a shard, such as are only asked about, the catalogue says nothing.
        let served = ServedSchemas(of: hello.shards)
        let schemas = hello.datasets.map { ($0, $0.schemaHash) }.filter { served.contain($0.0, $0.1) }
        workers[worker].datasets = schemas.map(\.0)
        workers[worker].schemas = schemas.map(\.1)
        // Without a capacity a worker takes what the protocol allows.
        let limit = ProtocolLimits.workerJobsMaximum
        workers[worker].capacity = hello.capacity == 0 ? limit : min(hello.capacity, limit)
        return announce(hello.shards, by: worker)
    }

    private mutating func announce(_ shards: [ShardDescription], by worker: Int32) -> CopiesChange {
        var change = CopiesChange()
        var contents: [Identifier: Holding.Content] = [:]
        var announced: [(key: Identifier, shard: ShardDescription)] = []
        for var shard in shards {
            let key = shard.reference.key
            guard contents[key] == nil else { continue }
            contents[key] = Holding.Content(of: shard)
            shard.leftOut = ""
            announced.append((key, shard))
        }
        var kept: Set<Identifier> = []
        for shard in workers[worker].shards {
            let key = shard.reference.key
            if contents[key] == Holding.Content(of: shard) {
                kept.insert(key)
            } else {
                release(key, by: worker, &change)
            }
        }
        for (key, shard) in announced where !kept.contains(key) {
            hold(key, shard, by: worker, &change)
        }
        workers[worker].shards = announced.map(\.shard)
        return change
    }

    /// Remembers that a worker has a job, or may have its answer.
    mutating func claim(_ job: JobID, for worker: Int32) {
        guard workers[worker].claims.count < ProtocolLimits.workerJobsMaximum else { return }
        guard claims.updateValue(worker, forKey: job) != worker else { return }
        workers[worker].claims.append(job)
    }

    /// Forgets a claim that was honoured.
    mutating func dropClaim(on job: JobID) {
        if !claims.isEmpty { claims.removeValue(forKey: job) }
    }

    /// Forgets what a worker claimed.
    mutating func dropClaims(of worker: Int32) {
        for job in workers[worker].claims where claims[job] == worker { claims.removeValue(forKey: job) }
        workers[worker].claims.removeAll()
    }

    /// Forgets a worker.
    mutating func removeWorker(_ worker: Int32) -> CopiesChange {
        announcedByteCount -= workers[worker].announcedByteCount
        let change = announce([], by: worker)
        dropClaims(of: worker)
        let presence = workers[worker].presence
        if let peer = presence.peer { bind(peer, to: .unknown) }
        sessions.removeValue(forKey: presence.session)
        workers.remove(worker)
        return change
    }

    /// Forgets a trainer.
    mutating func removeTrainer(_ trainer: Int32) {
        let presence = trainers[trainer].presence
        if let peer = presence.peer { bind(peer, to: .unknown) }
        sessions.removeValue(forKey: presence.session)
        trainers.remove(trainer)
    }

    private mutating func hold(
        _ key: Identifier, _ shard: ShardDescription, by worker: Int32, _ change: inout CopiesChange
    ) {
        let content = Holding.Content(of: shard)
        holdings[key, default: Holding(reference: shard.reference)].append(worker, content)
        if holdings[key]?.first?.content != content {
            split.insert(key)
            change.leftOut.append(shard)
        }
    }

    private mutating func release(_ key: Identifier, by worker: Int32, _ change: inout CopiesChange) {
        guard let reference = holdings[key]?.reference else { return }
        if holdings[key]?.first?.worker == worker { change.renamed.append(key) }
        if holdings[key]?.remove(worker) == true { change.succeeded.append(reference) }
        if holdings[key]?.isSplit != true { split.remove(key) }
        if holdings[key]?.isEmpty == true { holdings.removeValue(forKey: key) }
    }
}
