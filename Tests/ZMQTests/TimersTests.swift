import Ground
import TestSupport
import Testing

@testable import ZMQ

@Suite struct TimersTests {
    /// Runs all timers due at `now` and returns what they noted.
    private func run(_ timers: inout Timers, at now: Int64, _ notes: Notes) -> [Int] {
        let limit = timers.upcoming
        while let body = timers.popDue(at: now, before: limit) { body() }
        return notes.take()
    }

    private final class Notes: Sendable {
        private let numbers = Lock<[Int]>([])
        func add(_ number: Int) { numbers.withLock { $0.append(number) } }
        func take() -> [Int] {
            numbers.withLock { numbers in
                defer { numbers = [] }
                return numbers
            }
        }
    }

    @Test("timers run in the order of their deadlines, and of their making where those are equal")
    func order() {
        var timers = Timers()
        let notes = Notes()
        for (number, deadline) in [30, 10, 20, 10, 30, 0].enumerated() {
            _ = timers.schedule(deadline: Int64(deadline)) { notes.add(number) }
        }
        #expect(timers.nextDeadline() == 0)
        #expect(run(&timers, at: 9, notes) == [5])
        #expect(run(&timers, at: 30, notes) == [1, 3, 2, 0, 4])
        #expect(timers.nextDeadline() == nil)
    }

    @Test("a cancelled timer does not run, and cancelling twice or too late does nothing")
    func cancel() {
        var timers = Timers()
        let notes = Notes()
        let first = timers.schedule(deadline: 1) { notes.add(1) }
        let second = timers.schedule(deadline: 2) { notes.add(2) }
        timers.cancel(first)
        timers.cancel(first)
        #expect(timers.nextDeadline() == 2)
        #expect(run(&timers, at: 5, notes) == [2])
        timers.cancel(second)
        #expect(timers.count == 0)
    }

    @Test("a timer made by a due timer waits for the next time, even if it is due")
    func notForEver() {
        var timers = Timers()
        let notes = Notes()
        _ = timers.schedule(deadline: 1) { notes.add(1) }
        let limit = timers.upcoming
        _ = timers.schedule(deadline: 1) { notes.add(2) }
        while let body = timers.popDue(at: 1, before: limit) { body() }
        #expect(notes.take() == [1])
        #expect(run(&timers, at: 1, notes) == [2])
    }

    @Test("random schedules and cancellations agree with a sorted list", arguments: 1...20)
    func twin(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        var timers = Timers()
        let notes = Notes()
        var twin: [(deadline: Int64, number: Int, id: TimerID)] = []
        for number in 0..<500 {
            if Int.random(in: 0..<3, using: &generator) == 0, !twin.isEmpty {
                timers.cancel(twin.remove(at: Int.random(in: 0..<twin.count, using: &generator)).id)
            } else {
                let deadline = Int64.random(in: 0..<100, using: &generator)
                twin.append((deadline, number, timers.schedule(deadline: deadline) { notes.add(number) }))
            }
        }
        let expected = twin.sorted { ($0.deadline, $0.number) < ($1.deadline, $1.number) }.map(\.number)
        #expect(timers.count == expected.count)
        #expect(run(&timers, at: 100, notes) == expected)
    }
}
