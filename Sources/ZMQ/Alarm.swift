internal import Ground

/// A task that sleeps, and is woken once: by time, or by being cancelled.
final class Alarm: Sendable {
    private enum State {
        case unset
        case sleeping(CheckedContinuation<Void, Never>)
        case rung
    }

    private let state = Lock(State.unset)

    /// Puts the task to sleep; false when it was woken already.
    func set(_ continuation: CheckedContinuation<Void, Never>) -> Bool {
        state.withLock { state in
            guard case .unset = state else { return false }
            state = .sleeping(continuation)
            return true
        }
    }

    /// Wakes the task; a second call does nothing.
    func ring() {
        let sleeper = state.withLock { state -> CheckedContinuation<Void, Never>? in
            defer { state = .rung }
            guard case .sleeping(let continuation) = state else { return nil }
            return continuation
        }
        sleeper?.resume()
    }
}
