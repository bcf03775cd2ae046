import Crypto
import Protocol

extension Identifier {
    private static let ownerPrefix = Array("fagure owner".utf8)

    /// The owner of the objects a trainer's session has at workers: what they know the session by.
    ///
    /// It is the first half of a SHA-256, so that it tells sessions apart and does not tell what they are:
    /// who knows a session's identifier can speak as that session, who knows its owner cannot.
    init(ownerFor session: SessionID) {
        var words: (high: UInt64, low: UInt64) = (0, 0)
        let digest = SHA256.hash(data: Identifier.ownerPrefix + session.bytes)
        for (offset, byte) in digest.prefix(Identifier.byteCount).enumerated() {
            if offset < 8 {
                words.high |= UInt64(byte) << UInt64(8 * offset)
            } else {
                words.low |= UInt64(byte) << UInt64(8 * (offset - 8))
            }
        }
        self.init(high: words.high, low: words.low)
    }
}
