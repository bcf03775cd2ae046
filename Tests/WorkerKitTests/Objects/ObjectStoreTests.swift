import Ground
import Jobs
import Protocol
import Tensor
import TestSupport
import Testing

@testable import WorkerKit

@Suite("Objects kept for trainers")
struct ObjectStoreTests {
    private static let lease = ProtocolLimits.objectLeaseMilliseconds
    private static let ann = TestBench.ann, ben = TestBench.ben

    private func vector(_ count: Int) -> TensorValue {
        TensorValue.zeros(ValueType(.float32, (try? Shape([count])) ?? .scalar))
    }

    private func arrival(
        _ id: UInt64, _ value: TensorValue, label: RowLabel = .open
    ) -> ObjectStore.Arrival {
        ObjectStore.Arrival(id: ObjectID(id), value: value, label: label)
    }

    private func errorOf(_ body: () throws(JobError) -> Void) -> JobError? {
        do throws(JobError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func cost(_ count: Int) -> Int { 4 * count + WorkerLimits.objectOverheadByteCount }

    // MARK: Rules

    @Test("an object is found by its owner, under its id, with its label, and by nobody else")
    func owners() throws {
        let store = ObjectStore(worker: "bob", byteCountMaximum: 1 << 20)
        try store.keep(
            [arrival(7, TensorValue(scalar: 1)), arrival(8, vector(3), label: .secret(datasets: ["toy"]))],
            of: Self.ann)
        try store.keep([arrival(7, TensorValue(scalar: 2))], of: Self.ben)
        #expect(try store.find(ObjectID(7), of: Self.ann).value.scalar() == 1)
        #expect(try store.find(ObjectID(7), of: Self.ben).value.scalar() == 2)
        #expect(try store.find(ObjectID(8), of: Self.ann).label == .secret(datasets: ["toy"]))
        #expect(store.objects(of: Self.ann).map(\.id.rawValue) == [7, 8])
        let missing = errorOf { () throws(JobError) in _ = try store.find(ObjectID(8), of: Self.ben) }
        #expect(
            missing
                == .unknownObject(
                    "worker bob does not keep object 8 any more: it was released, or the trainer was silent "
                        + "for more than 60 s"))
        store.release([ObjectID(7), ObjectID(99)], of: Self.ann)
        #expect(store.objects(of: Self.ann).map(\.id.rawValue) == [8])
        #expect(store.objects(of: Self.ben).map(\.id.rawValue) == [7])
    }

    @Test("what is over a limit is refused as a whole, and says what it came to")
    func limits() throws {
        let store = ObjectStore(worker: "bob", byteCountMaximum: 2 * cost(10), countMaximum: 2)
        try store.keep([arrival(1, vector(10))], of: Self.ann)
        let tooMuch = errorOf { () throws(JobError) in
            try store.keep([arrival(2, vector(1)), arrival(3, vector(10))], of: Self.ben)
        }
        #expect(
            tooMuch
                == .limitExceeded(
                    what: "bytes of all objects at worker bob", got: 2 * cost(10) + cost(1),
                    limit: 2 * cost(10)))
        #expect(store.count(of: Self.ben) == 0 && store.byteCount == cost(10))
        // What is replaced makes room for what replaces it.
        try store.keep([arrival(1, vector(1)), arrival(2, vector(10))], of: Self.ann)
        #expect(store.byteCount == cost(1) + cost(10))
        let foreseen = errorOf { () throws(JobError) in
            try store.checkRoom(for: [(.object(ObjectID(3)), ValueType(.float32, .scalar))], of: Self.ann)
        }
        #expect(
            foreseen
                == .limitExceeded(
                    what: "bytes of all objects at worker bob", got: 2 * cost(1) + cost(10),
                    limit: 2 * cost(10)))
        let roomy = ObjectStore(worker: "bob", byteCountMaximum: 1 << 20, countMaximum: 2)
        try roomy.keep([arrival(1, vector(1)), arrival(2, vector(1))], of: Self.ann)
        #expect(
            errorOf { () throws(JobError) in try roomy.keep([arrival(3, vector(1))], of: Self.ann) }
                == .limitExceeded(what: "objects of one trainer at worker bob", got: 3, limit: 2))
        try roomy.keep([arrival(2, vector(9)), arrival(1, vector(9))], of: Self.ann)
        try roomy.keep([arrival(3, vector(1))], of: Self.ben)
    }

    @Test("a worker without memory for others takes no tensor, but a sign of life")
    func noMemory() throws {
        let store = ObjectStore(worker: "bob", byteCountMaximum: 0)
        #expect(
            errorOf { () throws(JobError) in try store.keep([arrival(1, vector(0))], of: Self.ann) }
                == .notPermitted("worker bob takes no tensors of others"))
        try store.keep([], of: Self.ann)
        #expect(store.ownerCount == 0)
    }

    // MARK: Leases

    @Test("a silent owner's objects are forgotten after a lease, a heard one's are not")
    func leases() throws {
        let store = ObjectStore(worker: "bob", byteCountMaximum: 1 << 20)
        store.touch(Self.ann, at: 1_000)
        try store.keep([arrival(1, vector(1))], of: Self.ann)
        try store.keep([arrival(1, vector(1))], of: Self.ben)
        store.touch(Self.ben, at: 2_000)
        #expect(store.expire(at: 999 + Self.lease) == 0)
        #expect(store.expire(at: 1_000 + Self.lease) == 1)
        #expect(store.count(of: Self.ann) == 0 && store.count(of: Self.ben) == 1)
        store.touch(Self.ben, at: 1_500 + Self.lease)
        #expect(store.expire(at: 2_000 + Self.lease) == 0)
        #expect(store.expire(at: 1_500 + 2 * Self.lease) == 1)
        #expect(store.ownerCount == 0 && store.byteCount == 0)
    }

    @Test("what a job keeps after its owner's lease ran out has a lease of its own")
    func lateObjects() throws {
        let store = ObjectStore(worker: "bob", byteCountMaximum: 1 << 20)
        store.touch(Self.ann, at: 0)
        _ = store.expire(at: 5 * Self.lease)
        try store.keep([arrival(1, vector(1))], of: Self.ann)
        #expect(store.expire(at: 6 * Self.lease - 1) == 0)
        #expect(store.expire(at: 6 * Self.lease) == 1)
    }

    // MARK: Memory

    @Test("a hundred thousand tensors made and dropped leave nothing behind")
    func flat() throws {
        let store = ObjectStore(worker: "bob", byteCountMaximum: 1 << 20)
        try store.keep([arrival(0, vector(4))], of: Self.ben)
        let value = vector(16)
        for id in 1...100_000 as ClosedRange<UInt64> {
            store.touch(Self.ann, at: Int64(id))
            try store.keep([arrival(id, value)], of: Self.ann)
            if id > 3 { store.release([ObjectID(id - 3)], of: Self.ann) }
        }
        #expect(store.objects(of: Self.ann).map(\.id.rawValue) == [99_998, 99_999, 100_000])
        store.release((99_998...100_000).map { ObjectID($0) }, of: Self.ann)
        #expect(store.ownerCount == 1 && store.byteCount == cost(4))
    }

    @Test("a tensor's memory is given back when its object is released, replaced or forgotten")
    func memoryReturns() throws {
        let store = ObjectStore(worker: "bob", byteCountMaximum: 1 << 20)
        for end in 0..<3 {
            weak var storage: Storage?
            do {
                let value = vector(8)
                storage = value.storage
                try store.keep([arrival(1, value)], of: Self.ann)
            }
            #expect(storage != nil)
            switch end {
            case 0: store.release([ObjectID(1)], of: Self.ann)
            case 1: try store.keep([arrival(1, vector(1))], of: Self.ann)
            default: #expect(store.expire(at: 2 * Self.lease) == 1)
            }
            #expect(storage == nil, "\(end)")
        }
    }

    // MARK: Against a twin

    /// The same store written to be read: a list, searched.
    private struct Twin {
        struct Entry {
            let owner: Identifier
            let id: ObjectID
            let type: ValueType
        }
        var entries: [Entry] = []
        var heardAt: [Identifier: Int64] = [:]
        var latest = Int64(0)
        let byteCountMaximum: Int
        let countMaximum: Int

        var byteCount: Int { entries.reduce(0) { $0 + $1.type.byteCount + 256 } }

        /// Whether all were kept.
        mutating func keep(_ arrivals: [ObjectStore.Arrival], of owner: Identifier) -> Bool {
            var next = self
            for arrival in arrivals {
                next.entries.removeAll { $0.owner == owner && $0.id == arrival.id }
                next.entries.append(Entry(owner: owner, id: arrival.id, type: arrival.value.type))
            }
            guard next.byteCount <= byteCountMaximum,
                next.entries.count(where: { $0.owner == owner }) <= countMaximum
            else { return false }
            if !entries.contains(where: { $0.owner == owner }) { next.heardAt[owner] = latest }
            self = next
            return true
        }

        mutating func release(_ ids: [ObjectID], of owner: Identifier) {
            entries.removeAll { $0.owner == owner && ids.contains($0.id) }
        }

        mutating func expire(lease: Int64) {
            entries.removeAll { latest - (heardAt[$0.owner] ?? 0) >= lease }
        }
    }

    @Test("any history leaves what a plain list would", arguments: 0..<20 as Range<UInt64>)
    func histories(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let (byteCountMaximum, countMaximum) = (20 * (256 + 40), 9)
        let store = ObjectStore(
            worker: "bob", byteCountMaximum: byteCountMaximum, countMaximum: countMaximum)
        var twin = Twin(byteCountMaximum: byteCountMaximum, countMaximum: countMaximum)
        let owners = (1...4 as ClosedRange<UInt64>).map { Identifier(high: $0, low: $0) }
        store.touch(owners[0], at: 0)
        for _ in 0..<500 {
            let owner = owners.randomElement(using: &random) ?? .none
            let ids = Set(
                (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    ObjectID(UInt64.random(in: 0..<14, using: &random))
                })
            switch Int.random(in: 0..<8, using: &random) {
            case 0..<4:
                let arrivals = ids.map { id in
                    ObjectStore.Arrival(
                        id: id, value: vector(Int.random(in: 0..<40, using: &random)), label: .open)
                }
                let error = errorOf { () throws(JobError) in try store.keep(arrivals, of: owner) }
                let isKept = twin.keep(arrivals, of: owner)
                #expect((error == nil) == isKept)
            case 4, 5:
                store.release(Array(ids), of: owner)
                twin.release(Array(ids), of: owner)
            case 6:
                store.touch(owner, at: twin.latest)
                twin.heardAt[owner] = twin.latest
            default:
                twin.latest += Int64.random(in: 0..<30_000, using: &random)
                _ = store.expire(at: twin.latest)
                twin.expire(lease: Self.lease)
            }
            #expect(store.byteCount == twin.byteCount)
            for owner in owners {
                let expected = twin.entries.filter { $0.owner == owner }
                    .map { HeldObject(id: $0.id, type: $0.type) }
                    .sorted { $0.id.rawValue < $1.id.rawValue }
                #expect(store.objects(of: owner) == expected)
            }
            #expect(store.ownerCount == Set(twin.entries.map(\.owner)).count)
        }
    }
}

extension ObjectStore.Arrival {
    /// The object it becomes; these tests keep no states.
    fileprivate var id: ObjectID {
        if case .object(let id) = key { id } else { ObjectID(0) }
    }
}
