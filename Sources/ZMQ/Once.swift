internal import Synchronization

/// Something that may happen once, whoever comes first.
final class Once: Sendable {
    private let isClaimed = Atomic(false)

    /// True for the first caller only.
    func claim() -> Bool {
        !isClaimed.exchange(true, ordering: .acquiringAndReleasing)
    }
}
