import Ground
import Jobs
import Protocol
import Tensor

/// The tensors a worker keeps for trainers, by owner and name; shared by the loop and the compute threads.
///
/// DESIGN. An owner has an entry exactly while it has objects, so nothing is left of a trainer that dropped
/// its last pointer. Time comes in with `touch` and `expire` alone; an owner whose first object is kept by a
/// job that ran long counts as heard of at the last time either told. What is kept is counted with a fixed
/// price for each object on top of its bytes, so that the one limit also bounds a flood of empty tensors.
final class ObjectStore: Sendable {
    /// A tensor and what it tells of the worker's rows.
    struct Object: Sendable {
        let value: TensorValue
        let label: RowLabel
    }

    /// What a tensor is kept by.
    enum Key: Hashable, Sendable {
        case object(ObjectID)
        /// Of a run, and of one shard.
        case state(Job.State, ShardReference)
    }

    /// A tensor on its way to being kept.
    struct Arrival: Sendable {
        let key: Key
        let value: TensorValue
        let label: RowLabel

        init(key: Key, value: TensorValue, label: RowLabel) {
            self.key = key
            self.value = value
            self.label = label
        }

        init(id: ObjectID, value: TensorValue, label: RowLabel) {
            self.init(key: .object(id), value: value, label: label)
        }
    }

    private struct Holdings {
        var objects: [Key: Object] = [:]
        var heardAt: Int64
    }

    private struct State {
        var owners: [Identifier: Holdings] = [:]
        var byteCount = 0
        var latest: Int64 = 0
    }

    private let worker: String
    private let byteCountMaximum: Int
    private let countMaximum: Int
    private let memory: MemoryBudget
    private let state = Lock(State())

    /// A store with nothing in it.
    ///
    /// - Parameters:
    ///   - worker: the worker's name, for errors.
    ///   - byteCountMaximum: what all objects together may take, the price of keeping included; 0 for a worker
    ///     that keeps none.
    ///   - countMaximum: how many objects one owner may have.
    ///   - memory: what objects take together with jobs.
    init(
        worker: String, byteCountMaximum: Int, countMaximum: Int = ProtocolLimits.objectsMaximum,
        memory: MemoryBudget = MemoryBudget(limit: .max)
    ) {
        self.memory = memory
        self.worker = worker
        self.byteCountMaximum = byteCountMaximum
        self.countMaximum = countMaximum
    }

    // MARK: Leases

    /// Renews an owner's lease: something was heard of it.
    ///
    /// - Parameter now: milliseconds of a clock that never goes back.
    func touch(_ owner: Identifier, at now: Int64) {
        state.withLock { state in
            state.latest = max(state.latest, now)
            guard let index = state.owners.index(forKey: owner) else { return }
            state.owners.values[index].heardAt = state.latest
        }
    }

    /// Forgets all objects of owners not heard of for a lease.
    ///
    /// - Returns: how many owners that were.
    func expire(at now: Int64) -> Int {
        state.withLock { state in
            state.latest = max(state.latest, now)
            let latest = state.latest, before = state.byteCount
            let silent = state.owners.filter {
                latest - $0.value.heardAt >= ProtocolLimits.objectLeaseMilliseconds
            }
            for (owner, holdings) in silent {
                for object in holdings.objects.values { state.byteCount -= Self.cost(of: object.value.type) }
                state.owners.removeValue(forKey: owner)
            }
            giveBack(before - state.byteCount)
            return silent.count
        }
    }

    // MARK: Objects

    /// An object of an owner.
    ///
    /// - Throws: `JobError.unknownObject`, naming worker and object.
    func find(_ id: ObjectID, of owner: Identifier) throws(JobError) -> Object {
        if let object = state.withLock({ $0.owners[owner]?.objects[.object(id)] }) { return object }
        throw .unknownObject(
            "worker \(worker) does not keep object \(id) any more: it was released, or the trainer was silent "
                + "for more than \(ProtocolLimits.objectLeaseMilliseconds / 1_000) s")
    }

    /// What an owner's run keeps for a shard.
    ///
    /// - Throws: `JobError.unknownObject`, naming worker and state.
    func find(
        _ state: Job.State, for shard: ShardReference, of owner: Identifier
    ) throws(JobError) -> Object {
        if let object = self.state.withLock({ $0.owners[owner]?.objects[.state(state, shard)] }) {
            return object
        }
        throw .unknownObject("worker \(worker) keeps no state \(state.name) of this run for \(shard)")
    }

    /// Keeps tensors, in place of objects of the same keys; all of them or none.
    ///
    /// - Precondition: the keys are distinct.
    /// - Throws: `JobError.notPermitted` where the worker keeps none, `limitExceeded`.
    func keep(_ arrivals: [Arrival], of owner: Identifier) throws(JobError) {
        guard !arrivals.isEmpty else { return }
        try state.withLock { (state) throws(JobError) in
            try check(arrivals.map { ($0.key, $0.value.type) }, of: owner, state)
            let latest = state.latest
            try memory.changeObjects(by: growth(arrivals.map { ($0.key, $0.value.type) }, of: owner, state))
            for arrival in arrivals {
                // A part would keep the whole message it came in.
                let object = Object(value: arrival.value.compact, label: arrival.label)
                let replaced = state.owners[owner, default: Holdings(heardAt: latest)]
                    .objects.updateValue(object, forKey: arrival.key)
                state.byteCount += Self.cost(of: object.value.type)
                if let replaced { state.byteCount -= Self.cost(of: replaced.value.type) }
            }
        }
    }

    /// Checks that tensors could be kept now: before the work of making them is done.
    ///
    /// - Throws: as `keep`.
    func checkRoom(for arrivals: [(key: Key, type: ValueType)], of owner: Identifier) throws(JobError) {
        guard !arrivals.isEmpty else { return }
        try state.withLock { (state) throws(JobError) in try check(arrivals, of: owner, state) }
    }

    /// Lets objects go; ids that name none are no error.
    func release(_ ids: [ObjectID], of owner: Identifier) {
        guard !ids.isEmpty else { return }
        remove(of: owner) { _ in ids.map { .object($0) } }
    }

    /// Lets go of all states of an owner's runs; runs that have none are no error.
    ///
    /// - Complexity: O(objects of the owner).
    func end(_ runs: [Identifier], of owner: Identifier) {
        guard !runs.isEmpty else { return }
        let runs = Set(runs)
        remove(of: owner) { objects in
            objects.keys.filter { key in
                if case .state(let state, _) = key { runs.contains(state.run) } else { false }
            }
        }
    }

    private func remove(of owner: Identifier, _ choose: ([Key: Object]) -> [Key]) {
        state.withLock { state in
            guard let index = state.owners.index(forKey: owner) else { return }
            let before = state.byteCount
            defer { giveBack(before - state.byteCount) }
            for key in choose(state.owners.values[index].objects) {
                guard let object = state.owners.values[index].objects.removeValue(forKey: key) else {
                    continue
                }
                state.byteCount -= Self.cost(of: object.value.type)
            }
            if state.owners.values[index].objects.isEmpty { state.owners.remove(at: index) }
        }
    }

    /// What is kept for an owner, by id.
    ///
    /// - Complexity: O(n log n).
    func objects(of owner: Identifier) -> [HeldObject] {
        let objects = state.withLock { $0.owners[owner]?.objects } ?? [:]
        return objects.compactMap { key, object in
            guard case .object(let id) = key else { return nil }
            return HeldObject(id: id, type: object.value.type)
        }.sorted { $0.id.rawValue < $1.id.rawValue }
    }

    // MARK: Accounts

    /// The number of objects of an owner.
    func count(of owner: Identifier) -> Int {
        state.withLock { $0.owners[owner]?.objects.count ?? 0 }
    }

    /// The number of owners that have objects.
    var ownerCount: Int { state.withLock { $0.owners.count } }

    /// What all objects take, the price of keeping them included.
    var byteCount: Int { state.withLock { $0.byteCount } }

    /// What one object counts for.
    static func cost(of type: ValueType) -> Int { type.byteCount + WorkerLimits.objectOverheadByteCount }

    private func giveBack(_ byteCount: Int) {
        // Less is never refused.
        try? memory.changeObjects(by: -byteCount)
    }

    /// How many bytes more there are once tensors are kept.
    private func growth(
        _ arrivals: [(key: Key, type: ValueType)], of owner: Identifier, _ state: borrowing State
    ) -> Int {
        let objects = state.owners[owner]?.objects ?? [:]
        return arrivals.reduce(0) { sum, arrival in
            sum + Self.cost(of: arrival.type)
                - (objects[arrival.key].map { Self.cost(of: $0.value.type) } ?? 0)
        }
    }

    private func check(
        _ arrivals: [(key: Key, type: ValueType)], of owner: Identifier, _ state: borrowing State
    ) throws(JobError) {
        guard byteCountMaximum > 0 else {
            throw .notPermitted("worker \(worker) takes no tensors of others")
        }
        let objects = state.owners[owner]?.objects ?? [:]
        var (byteCount, count) = (state.byteCount, objects.count)
        for arrival in arrivals {
            byteCount += Self.cost(of: arrival.type)
            if let replaced = objects[arrival.key] {
                byteCount -= Self.cost(of: replaced.value.type)
            } else {
                count += 1
            }
        }
        guard byteCount <= byteCountMaximum else {
            throw .limitExceeded(
                what: "bytes of all objects at worker \(worker)", got: byteCount, limit: byteCountMaximum)
        }
        guard count <= countMaximum else {
            throw .limitExceeded(
                what: "objects of one trainer at worker \(worker)", got: count, limit: countMaximum)
        }
    }
}
