import Ground
import Protocol

/// Bytes with a name that the broker keeps, so that a trainer sends them once, however many workers need them.
///
/// Bounded: what nobody is being sent goes first, the one not used for longest before others. What has no room is not
/// kept, and passes through for each worker.
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
    /// - Returns: whether they are, or will be, kept.
    mutating func join(_ flow: Flow.Key, _ key: Flow.Content) -> Bool {
        useCount += 1
        if contents[key] == nil {
            guard makeRoom(for: key.byteCount) else { return false }
            contents[key] = Content(storage: Storage(unfilled: key.byteCount))
            byteCount += key.byteCount
        }
        contents[key]?.flows.append(flow)
        contents[key]?.lastUse = useCount
        return true
    }

    /// Counts somebody out; another will have to be asked for what was asked of its provider.
    mutating func leave(_ flow: Flow.Key, _ key: Flow.Content) {
        contents[key]?.flows.removeAll { $0 == flow }
        guard let content = contents[key], content.asker == flow else { return }
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
        while byteCount > byteCountMaximum - count {
            let idle = contents.filter { $0.value.flows.isEmpty }
            guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return false }
            remove(oldest.key)
        }
        return true
    }

    private mutating func remove(_ key: Flow.Content) {
        guard contents.removeValue(forKey: key) != nil else { return }
        byteCount -= key.byteCount
    }
}
