/// The name of a timer.
package struct TimerID: Sendable, Hashable {
    /// Timers are numbered in the order they were made; no number is used twice.
    let number: UInt64
}

/// Timers in a binary heap; a value that is told the time.
///
/// A cancelled timer leaves its entry in the heap behind, which is dropped when it comes to the top, or when
/// most entries are like it: cancelling costs nothing and memory stays proportional to the timers that live.
struct Timers {
    private struct Entry {
        let deadline: Int64
        let number: UInt64

        func isBefore(_ other: Entry) -> Bool {
            deadline != other.deadline ? deadline < other.deadline : number < other.number
        }
    }

    private var heap: [Entry] = []
    private var bodies: [UInt64: @Sendable () -> Void] = [:]
    private var nextNumber: UInt64 = 0

    /// The number the next timer will have.
    var upcoming: TimerID { TimerID(number: nextNumber) }

    /// How many timers live.
    var count: Int { bodies.count }

    /// Adds a timer; those with one deadline run in the order they were added.
    ///
    /// - Complexity: O(log n).
    mutating func schedule(deadline: Int64, _ body: @escaping @Sendable () -> Void) -> TimerID {
        let number = nextNumber
        nextNumber += 1
        bodies[number] = body
        heap.append(Entry(deadline: deadline, number: number))
        siftUp(heap.count - 1)
        return TimerID(number: number)
    }

    /// Drops a timer; one that has run or was dropped is ignored.
    mutating func cancel(_ timer: TimerID) {
        guard bodies.removeValue(forKey: timer.number) != nil else { return }
        if heap.count > 64, heap.count > 2 * bodies.count { rebuild() }
    }

    /// Drops all timers.
    mutating func removeAll() {
        heap.removeAll()
        bodies.removeAll()
    }

    /// The earliest deadline.
    mutating func nextDeadline() -> Int64? {
        dropCancelled()
        return heap.first?.deadline
    }

    /// Removes the earliest timer that is due and was made before `limit`, so that a timer which makes a due
    /// timer cannot keep the loop from its sockets.
    mutating func popDue(at now: Int64, before limit: TimerID) -> (@Sendable () -> Void)? {
        dropCancelled()
        guard let top = heap.first, top.deadline <= now, top.number < limit.number else { return nil }
        removeTop()
        return bodies.removeValue(forKey: top.number)
    }

    private mutating func dropCancelled() {
        while let top = heap.first, bodies[top.number] == nil { removeTop() }
    }

    private mutating func rebuild() {
        heap.removeAll { bodies[$0.number] == nil }
        // A sorted array is a heap.
        heap.sort { $0.isBefore($1) }
    }

    private mutating func removeTop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
