/// A dictionary bounded by count and bytes that lets go of what was not used for longest.
///
/// The values stand in an array, linked in the order of their last use by slot numbers: every operation is
/// O(1) on average, and nothing is copied but the value that is asked for. It is inlinable because every small job
/// asks several, and public because Swift inlines nothing into other modules that is of the package alone:
/// unspecialised, caches and locks took 2 of the 7.4 µs a worker spent on a small job.
public struct RecencyCache<Key: Hashable, Value> {
    /// A value and its neighbours in the order of use; `none` at the ends.
    @usableFromInline struct Slot {
        @usableFromInline let key: Key
        @usableFromInline var value: Value?
        @usableFromInline let byteCount: Int
        @usableFromInline var newer: Int
        @usableFromInline var older: Int

        @inlinable init(_ value: Value, for key: Key, byteCount: Int) {
            self.key = key
            self.value = value
            self.byteCount = byteCount
            (newer, older) = (RecencyCache.none, RecencyCache.none)
        }
    }

    @inlinable static var none: Int { -1 }

    @usableFromInline let countMaximum: Int
    @usableFromInline let byteCountMaximum: Int
    @usableFromInline var indices: [Key: Int]
    @usableFromInline var slots: [Slot]
    /// Slots whose value was let go, to be used again.
    @usableFromInline var free: [Int]
    @usableFromInline var newest: Int
    @usableFromInline var oldest: Int
    @usableFromInline var heldByteCount: Int

    /// The bytes of all values, as their owners gave them.
    public var byteCount: Int { heldByteCount }

    /// An empty cache.
    @inlinable
    public init(countMaximum: Int, byteCountMaximum: Int) {
        self.countMaximum = countMaximum
        self.byteCountMaximum = byteCountMaximum
        (indices, slots, free) = ([:], [], [])
        (newest, oldest, heldByteCount) = (RecencyCache.none, RecencyCache.none, 0)
    }

    /// The number of values.
    public var count: Int { indices.count }

    /// The keys and values, the least recently used first.
    ///
    /// - Complexity: O(count).
    public var elements: [(key: Key, value: Value)] {
        var elements: [(key: Key, value: Value)] = []
        var index = oldest
        while index != Self.none {
            if let value = slots[index].value { elements.append((slots[index].key, value)) }
            index = slots[index].newer
        }
        return elements
    }

    /// Finds a value and counts that as a use.
    @inlinable
    public mutating func use(_ key: Key) -> Value? {
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
    @inlinable
    public mutating func insert(_ value: Value, for key: Key, byteCount: Int) {
        remove(key)
        guard byteCount <= byteCountMaximum, countMaximum > 0 else { return }
        while indices.count >= countMaximum || heldByteCount > byteCountMaximum - byteCount {
            remove(slots[oldest].key)
        }
        let slot = Slot(value, for: key, byteCount: byteCount)
        let index = free.popLast() ?? slots.count
        if index == slots.count { slots.append(slot) } else { slots[index] = slot }
        indices[key] = index
        linkNewest(index)
        heldByteCount += byteCount
    }

    /// Lets go of a value.
    @inlinable
    public mutating func remove(_ key: Key) {
        guard let index = indices.removeValue(forKey: key) else { return }
        unlink(index)
        heldByteCount -= slots[index].byteCount
        slots[index].value = nil
        free.append(index)
    }

    /// Lets go of what was not used for longest until what is held takes no more than this.
    @inlinable
    public mutating func shrink(toByteCount byteCount: Int) {
        while heldByteCount > max(byteCount, 0) { remove(slots[oldest].key) }
    }

    /// Lets go of all values.
    @inlinable
    public mutating func removeAll() {
        self = RecencyCache(countMaximum: countMaximum, byteCountMaximum: byteCountMaximum)
    }

    @inlinable mutating func unlink(_ index: Int) {
        let (newer, older) = (slots[index].newer, slots[index].older)
        if newer == Self.none { newest = older } else { slots[newer].older = older }
        if older == Self.none { oldest = newer } else { slots[older].newer = newer }
    }

    @inlinable mutating func linkNewest(_ index: Int) {
        slots[index].newer = Self.none
        slots[index].older = newest
        if newest == Self.none { oldest = index } else { slots[newest].newer = index }
        newest = index
    }
}

extension RecencyCache: Sendable where Key: Sendable, Value: Sendable {}
extension RecencyCache.Slot: Sendable where Key: Sendable, Value: Sendable {}
