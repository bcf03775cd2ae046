import Ground

/// Room in one block of memory, given out and taken back while a plan is made.
///
/// Nothing is allocated here: the result is offsets and how large the block must be.
struct Arena {
    /// The number of bytes that hold all room given out so far.
    private(set) var byteCount = 0
    /// Ranges that were taken back, in rising order, neighbours merged.
    private var free: [Range<Int>] = []

    /// The room a value takes: whole cache lines, at least one.
    static func room(for byteCount: Int) -> Int {
        (Swift.max(byteCount, 1) + Storage.alignment - 1) / Storage.alignment * Storage.alignment
    }

    /// Finds the smallest free range that is large enough, or makes one at the end.
    ///
    /// - Complexity: O(free ranges).
    mutating func reserve(_ byteCount: Int) -> Int {
        let room = Arena.room(for: byteCount)
        var best: Int?
        for (index, range) in free.enumerated() where range.count >= room {
            if best.map({ range.count < free[$0].count }) ?? true { best = index }
        }
        if let best {
            let offset = free[best].lowerBound
            if free[best].count == room {
                free.remove(at: best)
            } else {
                free[best] = (offset + room)..<free[best].upperBound
            }
            return offset
        }
        return extend(by: room)
    }

    /// Takes room back.
    mutating func release(_ offset: Int, _ byteCount: Int) {
        var range = offset..<(offset + Arena.room(for: byteCount))
        let next = free.firstIndex { $0.lowerBound > offset } ?? free.count
        if next < free.count, free[next].lowerBound == range.upperBound {
            range = range.lowerBound..<free.remove(at: next).upperBound
        }
        if next > 0, free[next - 1].upperBound == range.lowerBound {
            free[next - 1] = free[next - 1].lowerBound..<range.upperBound
        } else {
            free.insert(range, at: next)
        }
    }

    private mutating func extend(by room: Int) -> Int {
        // A free range at the end only needs what is missing.
        if let last = free.last, last.upperBound == byteCount {
            free.removeLast()
            byteCount = last.lowerBound + room
            return last.lowerBound
        }
        byteCount += room
        return byteCount - room
    }
}
