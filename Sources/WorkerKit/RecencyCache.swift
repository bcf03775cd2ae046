import DequeModule

/// A dictionary bounded by count and bytes that lets go of what was not used for longest.
///
/// Each use appends a stamped key to a queue instead of moving one within it; places whose stamp is out of date are
/// skipped. So every operation is O(1) on average.
struct RecencyCache<Key: Hashable, Value> {
    fileprivate struct Entry {
        var value: Value
        let byteCount: Int
        var stamp: UInt64
    }

    fileprivate struct Use {
        let key: Key
        let stamp: UInt64
    }

    private let countMaximum: Int
    private let byteCountMaximum: Int
    private var entries: [Key: Entry] = [:]
    private var uses: Deque<Use> = []
    private var stamp: UInt64 = 0

    /// The bytes of all values, as their owners gave them.
    private(set) var byteCount = 0

    init(countMaximum: Int, byteCountMaximum: Int) {
        self.countMaximum = countMaximum
        self.byteCountMaximum = byteCountMaximum
    }

    /// The number of values.
    var count: Int { entries.count }

    /// The values, in no particular order.
    var values: some Sequence<(key: Key, value: Value)> {
        entries.lazy.map { (key: $0.key, value: $0.value.value) }
    }

    /// Finds a value and counts that as a use.
    mutating func use(_ key: Key) -> Value? {
        guard let index = entries.index(forKey: key) else { return nil }
        entries.values[index].stamp = noteUse(of: key)
        return entries.values[index].value
    }

    /// Keeps a value, in place of the key's last one; lets go of others until it fits. One that alone passes the bounds
    /// is not kept.
    mutating func insert(_ value: Value, for key: Key, byteCount: Int) {
        remove(key)
        guard byteCount <= byteCountMaximum, countMaximum > 0 else { return }
        while entries.count >= countMaximum || self.byteCount > byteCountMaximum - byteCount { removeOldest() }
        entries[key] = Entry(value: value, byteCount: byteCount, stamp: noteUse(of: key))
        self.byteCount += byteCount
    }

    /// Lets go of a value.
    mutating func remove(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        byteCount -= entry.byteCount
    }

    private mutating func removeOldest() {
        while let use = uses.popFirst() {
            guard entries[use.key]?.stamp == use.stamp else { continue }
            remove(use.key)
            return
        }
    }

    private mutating func noteUse(of key: Key) -> UInt64 {
        stamp += 1
        uses.append(Use(key: key, stamp: stamp))
        if uses.count > 2 * entries.count + 16 { uses.removeAll { entries[$0.key]?.stamp != $0.stamp && $0.stamp != stamp } }
        return stamp
    }
}

extension RecencyCache: Sendable where Key: Sendable, Value: Sendable {}
extension RecencyCache.Entry: Sendable where Key: Sendable, Value: Sendable {}
extension RecencyCache.Use: Sendable where Key: Sendable {}
