import Ground
import Protocol

extension Identifier {
    private static let ownerPrefix = Array("fagure owner".utf8)

    /// The owner of the objects a trainer's session has at workers: what they know the session by.
    ///
    /// It is the first half of a SHA-256, so that it tells sessions apart and does not tell what they are:
    /// who knows a session's identifier can speak as that session, who knows its owner cannot.
    init(ownerFor session: SessionID) {
        self.init(firstBytesOf: SHA256.hash(Identifier.ownerPrefix + session.bytes))
    }
}
