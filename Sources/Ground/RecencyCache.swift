/// A dictionary bounded by count and bytes that lets go of what was not used for longest.
///
/// The values stand in an array, linked in the order of their last use by slot numbers: every operation is
/// O(1) on average, and nothing is copied but the value that is asked for.
package struct RecencyCache<Key: Hashable, Value> {
    /// A value and its neighbours in the order of use; `none` at the ends.
    fileprivate struct Slot {
        var key: Key
        var value: Value?
        var byteCount: Int
        var newer: Int
        var older: Int
    }

    private static var none: Int { -1 }

    private let countMaximum: Int
    private let byteCountMaximum: Int
    private var indices: [Key: Int] = [:]
    private var slots: [Slot] = []
    /// Slots whose value was let go, to be used again.
    private var free: [Int] = []
    private var newest = RecencyCache.none
    private var oldest = RecencyCache.none

    /// The bytes of all values, as their owners gave them.
    package private(set) var byteCount = 0

    /// An empty cache.
    package init(countMaximum: Int, byteCountMaximum: Int) {
        self.countMaximum = countMaximum
        self.byteCountMaximum = byteCountMaximum
    }

    /// The number of values.
    package var count: Int { indices.count }

    /// The keys and values, the least recently used first.
    ///
    /// - Complexity: O(count).
    package var elements: [(key: Key, value: Value)] {
        var elements: [(key: Key, value: Value)] = []
        var index = oldest
        while index != Self.none {
            if let value = slots[index].value { elements.append((slots[index].key, value)) }
            index = slots[index].newer
        }
        return elements
    }

    /// Finds a value and counts that as a use.
    package mutating func use(_ key: Key) -> Value? {
        // Jobs that repeat each other ask for one thing again and again: comparing it costs less than hashing
        // it.
        if newest != Self.none, slots[newest].key == key { return slots[newest].value }
        guard let index = indices[key] else { return nil }
        unlink(index)
        linkNewest(index)
        return slots[index].value
    }

    /// Keeps a value, in place of the key's last one; lets go of others until it fits. One that alone passes
    /// the bounds is not kept.
    package mutating func insert(_ value: Value, for key: Key, byteCount: Int) {
        remove(key)
        guard byteCount <= byteCountMaximum, countMaximum > 0 else { return }
        while indices.count >= countMaximum || self.byteCount > byteCountMaximum - byteCount {
            remove(slots[oldest].key)
        }
        let slot = Slot(key: key, value: value, byteCount: byteCount, newer: Self.none, older: Self.none)
        let index = free.popLast() ?? slots.count
        if index == slots.count { slots.append(slot) } else { slots[index] = slot }
        indices[key] = index
        linkNewest(index)
        self.byteCount += byteCount
    }

    /// Lets go of a value.
    package mutating func remove(_ key: Key) {
        guard let index = indices.removeValue(forKey: key) else { return }
        unlink(index)
        byteCount -= slots[index].byteCount
        slots[index].value = nil
        free.append(index)
    }

    /// Lets go of all values.
    package mutating func removeAll() {
        self = RecencyCache(countMaximum: countMaximum, byteCountMaximum: byteCountMaximum)
    }

    private mutating func unlink(_ index: Int) {
        let (newer, older) = (slots[index].newer, slots[index].older)
        if newer == Self.none { newest = older } else { slots[newer].older = older }
        if older == Self.none { oldest = newer } else { slots[older].newer = newer }
    }

    private mutating func linkNewest(_ index: Int) {
        slots[index].newer = Self.none
        slots[index].older = newest
        if newest == Self.none { oldest = index } else { slots[newest].newer = index }
        newest = index
    }
}

extension RecencyCache: Sendable where Key: Sendable, Value: Sendable {}
extension RecencyCache.Slot: Sendable where Key: Sendable, Value: Sendable {}
