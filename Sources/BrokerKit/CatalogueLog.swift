import DequeModule
import Protocol

/// When workers changed or went, so that a trainer is told only what it does not know.
///
/// A pure value. Whatever changes between two tellings belongs to the next revision.
struct CatalogueLog: Sendable {
    /// What was last told.
    private(set) var revision: UInt64 = 1
    /// Whether something has changed since.
    private(set) var isPending = false
    private var departures: Deque<(revision: UInt64, session: SessionID)> = []
    /// Departures up to this revision are forgotten.
    private var forgotten: UInt64 = 0

    /// Nothing has happened.
    init() {}

    /// Something changes: the revision it belongs to.
    mutating func change() -> UInt64 {
        isPending = true
        return revision + 1
    }

    /// A worker is there no more.
    mutating func depart(_ session: SessionID) {
        departures.append((change(), session))
        guard departures.count > BrokerLimits.departuresMaximum, let first = departures.popFirst() else {
            return
        }
        forgotten = first.revision
    }

    /// What has changed is told now.
    mutating func advance() {
        guard isPending else { return }
        isPending = false
        revision += 1
    }

    /// Who has gone since a revision; `nil` where that is forgotten, or was never told.
    ///
    /// - Complexity: O(departures since).
    func departures(since known: UInt64) -> [SessionID]? {
        guard known >= max(forgotten, 1), known <= revision else { return nil }
        return departures.reversed().prefix { $0.revision > known }.map(\.session)
    }
}
