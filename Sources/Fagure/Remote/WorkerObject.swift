import Ground
import Jobs
import Protocol
import Synchronization
import Tensor

/// A tensor a worker keeps for this session; when nothing refers to it any more the worker may let it go.
final class WorkerObject: RemoteValue {
    let id: ObjectID
    let type: ValueType
    let worker: Worker
    private let released = Atomic(false)

    /// A tensor the worker has said it keeps.
    init(_ id: ObjectID, _ type: ValueType, worker: Worker, tags: Set<String> = []) {
        self.id = id
        self.type = type
        self.worker = worker
        worker.session.ledger.add(self, tags: tags)
    }

    deinit { worker.session.ledger.drop(id, at: worker.identifier) }

    var location: any Location { worker }
    var name: String? { worker.session.ledger.tags(of: id).min().map { "tensor '\($0)'" } }

    /// Whether it was let go on purpose: what was recorded on it cannot be computed any more.
    var isReleased: Bool { released.load(ordering: .relaxed) }

    /// Notes that it is let go; `false` when it was already.
    func release() -> Bool { !released.exchange(true, ordering: .relaxed) }
}

/// What a session knows of the tensors workers keep for it: their names, their tags, and which of them nobody
/// needs any more.
final class ObjectLedger: Sendable {
    private struct Entry {
        weak var object: WorkerObject?
        var tags: Set<String>
    }

    /// What is recorded at a worker and tagged.
    private struct TaggedExpression {
        weak var expression: Expression?
        /// Counts up; expressions may follow each other at one address.
        let number: Int
        var tags: Set<String>
    }

    private struct State {
        var lastID: UInt64 = 0
        var entries: [ObjectID: Entry] = [:]
        /// Objects at each worker that it has not been told to let go.
        var counts: [SessionID: Int] = [:]
        /// Objects each worker may let go.
        var released: [SessionID: [ObjectID]] = [:]
        var expressions: [ObjectIdentifier: TaggedExpression] = [:]
        var lastNumber = 0
        /// How many tagged expressions there may be before those that are gone are swept out.
        var sweepCount = 64
    }

    private let state = Lock(State())

    /// A name for a tensor a worker will keep.
    func nextID() -> ObjectID {
        state.withLock { state in
            state.lastID += 1
            return ObjectID(state.lastID)
        }
    }

    /// Remembers a tensor a worker keeps.
    func add(_ object: WorkerObject, tags: Set<String>) {
        state.withLock { state in
            state.entries[object.id] = Entry(object: object, tags: tags)
            state.counts[object.worker.identifier, default: 0] += 1
        }
    }

    /// Lets the worker know with the next job that nobody needs an object any more.
    func drop(_ id: ObjectID, at worker: SessionID) {
        state.withLock { state in
            if state.entries.removeValue(forKey: id) != nil { state.counts[worker, default: 1] -= 1 }
            if state.counts[worker] == 0 { state.counts[worker] = nil }
            state.released[worker, default: []].append(id)
        }
    }

    /// Objects that may have been kept by a job nobody has the answer of.
    func abandon(_ ids: [ObjectID], at worker: SessionID) {
        guard !ids.isEmpty else { return }
        state.withLock { $0.released[worker, default: []].append(contentsOf: ids) }
    }

    /// What a job to a worker should let go, at most as many as a job may.
    func takeReleased(at worker: SessionID) -> [ObjectID] {
        state.withLock { state in
            guard var released = state.released.removeValue(forKey: worker) else { return [] }
            let maximum = SessionLimits.releasedPerJobMaximum
            if released.count > maximum {
                state.released[worker] = Array(released[maximum...])
                released.removeSubrange(maximum...)
            }
            return released
        }
    }

    /// Forgets a worker that is gone, and all it kept.
    func forget(_ worker: SessionID) {
        state.withLock { state in
            state.released[worker] = nil
            state.counts[worker] = nil
        }
    }

    /// The workers that keep something, or may let something go.
    var concerned: [SessionID] {
        state.withLock { Array(Set($0.counts.keys).union($0.released.keys)) }
    }

    /// The words an object was tagged with.
    func tags(of id: ObjectID) -> Set<String> { state.withLock { $0.entries[id]?.tags ?? [] } }

    /// Adds words to find an object by.
    func tag(_ id: ObjectID, _ tags: Set<String>) {
        state.withLock { $0.entries[id]?.tags.formUnion(tags) }
    }

    /// The objects that have all of these tags, oldest first.
    func objects(tagged tags: Set<String>) -> [WorkerObject] {
        let entries = state.withLock { $0.entries.filter { tags.isSubset(of: $0.value.tags) } }
        return entries.sorted { $0.key.rawValue < $1.key.rawValue }.compactMap(\.value.object)
            .filter { !$0.isReleased }
    }

    /// Adds words to find something recorded at a worker by, as long as somebody refers to it.
    func tag(_ expression: Expression, _ tags: Set<String>) {
        let mustSweep = state.withLock { state in
            let key = ObjectIdentifier(expression)
            if let known = state.expressions[key], known.expression === expression {
                state.expressions[key]?.tags.formUnion(tags)
            } else {
                state.lastNumber += 1
                state.expressions[key] = TaggedExpression(
                    expression: expression, number: state.lastNumber, tags: tags)
            }
            return state.expressions.count > state.sweepCount
        }
        if mustSweep { sweep() }
    }

    /// Forgets expressions that are gone. They are looked at outside the lock: the last reference to one may be
    /// the one that looking takes, and what goes with it comes back here.
    private func sweep() {
        let gone = state.withLock { $0.expressions }.filter { $0.value.expression == nil }
        state.withLock { state in
            for (key, entry) in gone where state.expressions[key]?.number == entry.number {
                state.expressions[key] = nil
            }
            state.sweepCount = max(64, 2 * state.expressions.count)
        }
    }

    /// What is recorded, was not used up, and has all of these tags, oldest first; of several names for one
    /// thing the first.
    func expressions(tagged tags: Set<String>) -> [(expression: Expression, tags: Set<String>)] {
        let entries = state.withLock { $0.expressions }.values.sorted { $0.number < $1.number }
        var found: [(expression: Expression, tags: Set<String>)] = []
        for entry in entries where tags.isSubset(of: entry.tags) {
            guard let expression = entry.expression, expression.spent == nil,
                !found.contains(where: { $0.expression.original === expression.original })
            else { continue }
            found.append((expression, entry.tags))
        }
        return found
    }
}
