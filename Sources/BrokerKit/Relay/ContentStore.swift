import Ground
import Protocol

/// Bytes with a name that the broker keeps, so that a trainer sends them once, however many workers need them.
///
/// Bounded: of what nobody is being sent there is as much as `ContentAllowance` says, the one not used for longest goes
/// first. What has no room is not kept, and passes through for each worker.
struct ContentStore: ~Copyable {
    /// Bytes as far as they have come.
    struct Content {
        let storage: Storage
        /// How many are here.
        var filled = 0
        /// How many were asked for.
        var asked = 0
        /// The flow whose provider was asked.
        var asker: Flow.Key?
        /// Who needs them.
        var flows: [Flow.Key] = []
        var lastUse: UInt64 = 0
    }

    private var contents: [Flow.Content: Content] = [:]
    private let byteCountMaximum: Int
    private var useCount: UInt64 = 0
    private var allowance = ContentAllowance()
    /// Bytes nobody is being sent.
    private var idleByteCount = 0
    /// Bytes kept.
    private(set) var byteCount = 0

    /// Nothing is kept.
    init(byteCountMaximum: Int) { self.byteCountMaximum = byteCountMaximum }

    /// What is known of some bytes.
    subscript(key: Flow.Content) -> Content? {
        _read { yield contents[key] }
        _modify { yield &contents[key] }
    }

    /// Counts somebody in who needs some bytes.
    ///
    /// - Parameter needed: bytes with a name that its job needs, as far as is known.
    /// - Returns: whether they are, or will be, kept.
    mutating func join(_ flow: Flow.Key, _ key: Flow.Content, _ needed: Int) -> Bool {
        useCount += 1
        allowance.note(needed)
        if contents[key] == nil {
            guard makeRoom(for: key.byteCount) else { return false }
            contents[key] = Content(storage: Storage(unfilled: key.byteCount))
            byteCount += key.byteCount
        } else if contents[key]?.flows.isEmpty == true {
            idleByteCount -= key.byteCount
        }
        contents[key]?.flows.append(flow)
        contents[key]?.lastUse = useCount
        return true
    }

    /// Counts somebody out; another will have to be asked for what was asked of its provider.
    mutating func leave(_ flow: Flow.Key, _ key: Flow.Content) {
        guard let content = contents[key], content.flows.contains(flow) else { return }
        contents[key]?.flows.removeAll { $0 == flow }
        if contents[key]?.flows.isEmpty == true { idleByteCount += key.byteCount }
        guard content.asker == flow else { return }
        contents[key]?.asker = nil
        contents[key]?.asked = content.filled
    }

    /// Forgets what an owner has named, but for what is being sent.
    mutating func forget(_ owner: Identifier) {
        for (key, content) in contents where key.owner == owner && content.flows.isEmpty { remove(key) }
    }

    /// - Complexity: O(contents) for each that has to go.
    private mutating func makeRoom(for count: Int) -> Bool {
        guard count <= byteCountMaximum else { return false }
        while byteCount > byteCountMaximum - count || idleByteCount > max(0, allowance.byteCount - count) {
            let idle = contents.filter { $0.value.flows.isEmpty }
            guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return false }
            remove(oldest.key)
        }
        return true
    }

    /// Forgets what nobody is being sent.
    private mutating func remove(_ key: Flow.Content) {
        guard contents.removeValue(forKey: key) != nil else { return }
        byteCount -= key.byteCount
        idleByteCount -= key.byteCount
    }
}

extension Relay {
    /// Bytes with a name that a flow's job is being sent, the flow's own among them.
    func namedByteCount(of flow: Flow) -> Int {
        (flowsOfJobs[flow.key.job] ?? []).reduce(flow.content?.byteCount ?? 0) {
            $0 + (flows[$1]?.content?.byteCount ?? 0)
        }
    }
}
