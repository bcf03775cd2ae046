import Ground
internal import Synchronization

/// How a loop ended.
package enum ShutdownOutcome: Sendable, Hashable {
    /// Everything is closed and freed.
    case finished
    /// libzmq did not give the context back in time; end the process without waiting for it.
    case stalled
}

/// Who waits for the end of a loop.
struct Endings {
    var outcome: ShutdownOutcome?
    var waiters: [@Sendable (ShutdownOutcome) -> Void] = []
}

extension Loop {
    /// What the context gets on top of the linger time before the watchdog gives it up.
    private static let patienceMilliseconds: Int64 = 3000

    /// Ends the loop: refuses new work, does what it accepted, closes all sockets, ends the context.
    ///
    /// Any thread or task, those of actors on the loop included; a second call waits for the same end. What
    /// actors on the loop do afterwards still runs, on a thread made for it.
    ///
    /// - Parameter lingerMilliseconds: how long messages not yet sent are kept; 0 throws them away.
    @discardableResult
    package func shutdown(lingerMilliseconds: Int32 = 0) async -> ShutdownOutcome {
        await withCheckedContinuation { continuation in
            beginShutdown(lingerMilliseconds) { continuation.resume(returning: $0) }
        }
    }

    /// Does what `shutdown` does, and blocks the calling thread until it is done.
    ///
    /// - Precondition: the calling thread is not the loop's.
    @discardableResult
    package func shutdownAndWait(lingerMilliseconds: Int32 = 0) throws(ZMQError) -> ShutdownOutcome {
        precondition(!isOnLoop, "the loop \(name) cannot wait for its own end")
        let done = Box(try WakeUp())
        beginShutdown(lingerMilliseconds) { _ in done.value.signal() }
        done.value.wait()
        return endings.withLock { $0.outcome } ?? .stalled
    }

    /// Carries something noncopyable into a closure.
    private final class Box: Sendable {
        let value: WakeUp
        init(_ value: consuming WakeUp) { self.value = value }
    }

    private func beginShutdown(
        _ lingerMilliseconds: Int32, _ waiter: @escaping @Sendable (ShutdownOutcome) -> Void
    ) {
        let outcome = endings.withLock { endings in
            if endings.outcome == nil { endings.waiters.append(waiter) }
            return endings.outcome
        }
        if let outcome { return waiter(outcome) }
        deliver(mailbox.close { self.stop(lingerMilliseconds) })
    }

    /// Closes everything, then lets another thread wait for the context while this one goes on with jobs.
    private func stop(_ lingerMilliseconds: Int32) {
        let core = owned
        core.isStopping = true
        core.timers.removeAll()
        for entry in core.openSockets { core.close(entry, lingerMilliseconds: lingerMilliseconds) }
        let patience = Int64(max(0, lingerMilliseconds)) + Self.patienceMilliseconds
        _ = core.timers.schedule(deadline: now() + patience) { self.end(.stalled) }
        let context = core.context
        do {
            try SystemThread.start(name: "\(name.prefix(10))-term") {
                context.terminate()
                self.deliver(self.mailbox.pushAlways(.work { self.end(.finished) }))
            }
        } catch {
            end(.stalled)
        }
    }

    /// Notes how the loop ended, once, and tells those who wait; its thread ends after this turn.
    private func end(_ outcome: ShutdownOutcome) {
        let core = owned
        guard core.outcome == nil else { return }
        core.outcome = outcome
        core.timers.removeAll()
        let waiters = endings.withLock { endings in
            endings.outcome = outcome
            defer { endings.waiters = [] }
            return endings.waiters
        }
        for waiter in waiters { waiter(outcome) }
    }
}
