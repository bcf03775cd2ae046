/// A dictionary bounded by count and bytes that lets go of what was not used for longest.
///
/// The values stand in an array, linked in the order of their last use by place numbers: every operation is
/// O(1) on average, and nothing is copied but the value that is asked for.
struct RecencyCache<Key: Hashable, Value> {
    /// A value and its neighbours in the order of use; `none` at the ends.
    fileprivate struct Place {
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
    private var places: [Place] = []
    /// Places whose value was let go, to be used again.
    private var free: [Int] = []
    private var newest = RecencyCache.none
    private var oldest = RecencyCache.none

    /// The bytes of all values, as their owners gave them.
    private(set) var byteCount = 0

    init(countMaximum: Int, byteCountMaximum: Int) {
        self.countMaximum = countMaximum
        self.byteCountMaximum = byteCountMaximum
    }

    /// The number of values.
    var count: Int { indices.count }

    /// The keys and values, the least recently used first.
    ///
    /// - Complexity: O(count).
    var elements: [(key: Key, value: Value)] {
        var elements: [(key: Key, value: Value)] = []
        var index = oldest
        while index != Self.none {
            if let value = places[index].value { elements.append((places[index].key, value)) }
            index = places[index].newer
        }
        return elements
    }

    /// Finds a value and counts that as a use.
    mutating func use(_ key: Key) -> Value? {
        // Jobs that repeat each other ask for one thing again and again: comparing it costs less than hashing
        // it.
        if newest != Self.none, places[newest].key == key { return places[newest].value }
        guard let index = indices[key] else { return nil }
        unlink(index)
        linkNewest(index)
        return places[index].value
    }

    /// Keeps a value, in place of the key's last one; lets go of others until it fits. One that alone passes
    /// the bounds is not kept.
    mutating func insert(_ value: Value, for key: Key, byteCount: Int) {
        remove(key)
        guard byteCount <= byteCountMaximum, countMaximum > 0 else { return }
        while indices.count >= countMaximum || self.byteCount > byteCountMaximum - byteCount {
            remove(places[oldest].key)
        }
        let place = Place(key: key, value: value, byteCount: byteCount, newer: Self.none, older: Self.none)
        let index = free.popLast() ?? places.count
        if index == places.count { places.append(place) } else { places[index] = place }
        indices[key] = index
        linkNewest(index)
        self.byteCount += byteCount
    }

    /// Lets go of a value.
    mutating func remove(_ key: Key) {
        guard let index = indices.removeValue(forKey: key) else { return }
        unlink(index)
        byteCount -= places[index].byteCount
        places[index].value = nil
        free.append(index)
    }

    /// Lets go of all values.
    mutating func removeAll() {
        self = RecencyCache(countMaximum: countMaximum, byteCountMaximum: byteCountMaximum)
    }

    private mutating func unlink(_ index: Int) {
        let (newer, older) = (places[index].newer, places[index].older)
        if newer == Self.none { newest = older } else { places[newer].older = older }
        if older == Self.none { oldest = newer } else { places[older].newer = newer }
    }

    private mutating func linkNewest(_ index: Int) {
        places[index].newer = Self.none
        places[index].older = newest
        if newest == Self.none { oldest = index } else { places[newest].newer = index }
        newest = index
    }
}

extension RecencyCache: Sendable where Key: Sendable, Value: Sendable {}
extension RecencyCache.Place: Sendable where Key: Sendable, Value: Sendable {}
