import Protocol

/// The open jobs: found by id, listed by worker and by trainer, woken at their deadline.
///
/// DESIGN. Records live in a slab and are known by their slot; one dictionary leads from id to slot. Who
/// has which job is kept in chains through the slots, so that dispatching and answering a job cost one
/// look-up and a few stores, and losing a worker costs as much as it had jobs. Deadlines are a hashed timing
/// wheel (Varghese and Lauck, 1987, scheme 6): one chain for each tick of a turn of the wheel, each walked
/// when its tick comes. It is bounded by the open jobs, which a heap with lazy removal is not.
struct JobTable: ~Copyable, Sendable {
    /// Who has an open job's body, as far as the broker knows.
    enum Stage: Sendable, Hashable {
        /// No worker has it: the trainer must send it again.
        case waiting
        /// Its worker got it from the trainer.
        case dispatched
        /// Its worker got it from another worker, its source, and not from the trainer.
        case transferred
        /// Its worker has answered, and the trainer asks for what is attached to the answer.
        case answered
    }

    /// What the broker knows of an open job; never its body.
    struct Record: Sendable {
        /// The job.
        var id: JobID
        /// The slot of the trainer that awaits it.
        var trainer: Int32
        /// The attempt whose answer counts.
        var attempt: UInt32
        /// What the trainer addressed it to.
        var target: Identifier
        /// Whether the target is a session.
        var targetsSession: Bool
        /// How long it may take, in milliseconds; 0 for no limit.
        var deadlineMilliseconds: UInt32
        /// When its time is up; `.max` for never.
        var deadline: Int64
        /// What the trainer, or its source, will be asked for.
        var attachments: [Attachment] = []
        /// Whether the first of them is its body.
        var bodyIsAttached = false
        /// When it was first submitted.
        var submittedAt: Int64 = 0
        /// When its worker was last sent it.
        var dispatchedAt: Int64 = 0
        /// What belongs to its answer and its worker will be asked for.
        var answered: [Attachment] = []
        /// Who has its body.
        var stage = Stage.waiting
        /// Whether its worker has said that it runs it.
        var isStarted = false
        /// How often it was asked for again.
        var resends = 0
        /// How many workers were lost while they ran it.
        var losses = 0
        /// Who did not do it, and why, the first first: hardly ever anybody.
        var history: [String] = []
        /// A worker that would not have it, to be asked last.
        var avoided: Int32?
        /// The worker that transferred it, and has the transfer among its answers.
        var source: SessionID?
        /// When the wheel wakes it.
        fileprivate(set) var expiry: Int64 = .max

        fileprivate static let vacant = Record(
            id: .none, trainer: 0, attempt: 0, target: .none, targetsSession: false, deadlineMilliseconds: 0,
            deadline: .max)
    }

    private static let wheelCount: Int64 = 1_024

    private var records = Slab(vacant: Record.vacant)
    private var slots: [JobID: Int32] = [:]
    private var byWorker = Chains()
    private var byTrainer = Chains()
    private var byTick = Chains()
    private var tick: Int64?

    /// How many jobs are open.
    var count: Int { records.count }

    /// The record in a slot.
    subscript(slot: Int32) -> Record {
        _read { yield records[slot] }
        _modify { yield &records[slot] }
    }

    /// How many jobs wait for what.
    ///
    /// - Complexity: O(open jobs).
    var counts: BrokerStatistics.Jobs {
        var counts = BrokerStatistics.Jobs()
        for slot in slots.values {
            switch records[slot].stage {
            case .waiting: counts.waiting += 1
            case .answered: counts.answered += 1
            case .dispatched, .transferred:
                if records[slot].isStarted { counts.running += 1 } else { counts.queued += 1 }
            }
        }
        return counts
    }

    /// Where a job's record is.
    func slot(of job: JobID) -> Int32? { slots[job] }

    /// Opens a job nobody has yet.
    mutating func insert(_ record: Record) -> Int32 {
        let slot = records.insert(record)
        slots[record.id] = slot
        byTrainer.insert(slot, into: record.trainer)
        return slot
    }

    /// Ends a job.
    mutating func remove(_ slot: Int32) {
        slots.removeValue(forKey: records[slot].id)
        byWorker.remove(slot)
        byTrainer.remove(slot)
        byTick.remove(slot)
        records.remove(slot)
    }
}

// Who has what.
extension JobTable {
    /// The worker that has a job, or is waited for.
    func worker(of slot: Int32) -> Int32? { byWorker.chain(of: slot) }

    /// How many jobs a worker has.
    func count(ofWorker worker: Int32) -> Int { byWorker.count(of: worker) }

    /// How many jobs a trainer awaits.
    func count(ofTrainer trainer: Int32) -> Int { byTrainer.count(of: trainer) }

    /// A worker's newest job.
    func first(ofWorker worker: Int32) -> Int32? { byWorker.first(of: worker) }

    /// The job its worker had before this one.
    func nextOfWorker(after slot: Int32) -> Int32? { byWorker.next(after: slot) }

    /// A trainer's newest job.
    func first(ofTrainer trainer: Int32) -> Int32? { byTrainer.first(of: trainer) }

    /// The job its trainer submitted before this one.
    func nextOfTrainer(after slot: Int32) -> Int32? { byTrainer.next(after: slot) }

    /// Gives a job to a worker.
    mutating func assign(_ slot: Int32, to worker: Int32) { byWorker.insert(slot, into: worker) }

    /// Takes a job from its worker.
    mutating func unassign(_ slot: Int32) { byWorker.remove(slot) }
}

// When it is over.
extension JobTable {
    /// Sets when a job is woken; `.max` for never.
    mutating func setExpiry(_ expiry: Int64, of slot: Int32) {
        guard records[slot].expiry != expiry else { return }
        records[slot].expiry = expiry
        if expiry == .max {
            byTick.remove(slot)
        } else {
            byTick.insert(slot, into: JobTable.chain(ofTick: expiry / BrokerLimits.tickMilliseconds))
        }
    }

    /// Appends the slots of all jobs whose time has come and stops their clocks.
    ///
    /// - Complexity: O(jobs of the ticks gone by, whatever turn of the wheel they wait for).
    mutating func takeExpired(at now: Int64, into slots: inout [Int32]) {
        let last = now / BrokerLimits.tickMilliseconds
        // The tick last walked may have been walked before its end, so it is walked again.
        let first = max(tick ?? 0, last - JobTable.wheelCount + 1)
        tick = last
        let start = slots.count
        for tick in first...max(first, last) {
            var member = byTick.first(of: JobTable.chain(ofTick: tick))
            while let slot = member {
                if records[slot].expiry <= now { slots.append(slot) }
                member = byTick.next(after: slot)
            }
        }
        for slot in slots[start...] {
            byTick.remove(slot)
            records[slot].expiry = .max
        }
    }

    private static func chain(ofTick tick: Int64) -> Int32 {
        Int32(truncatingIfNeeded: tick & (wheelCount - 1))
    }
}
