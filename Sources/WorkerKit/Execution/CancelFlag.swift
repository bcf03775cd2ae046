import Synchronization

/// Tells a running job that nobody waits for it any more; it looks between batches.
final class CancelFlag: Sendable {
    private let flag = Atomic(false)

    init() {}

    /// Whether the job should stop.
    var isSet: Bool { flag.load(ordering: .relaxed) }

    /// Asks the job to stop.
    func set() { flag.store(true, ordering: .relaxed) }
}
