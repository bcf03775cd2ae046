/// A connection to the broker, as the shell numbers it: small, dense, and given to another connection once
/// forgotten.
package struct PeerID: Sendable, Hashable {
    /// The number.
    package let rawValue: Int32

    /// Numbers a connection.
    package init(rawValue: Int32) { self.rawValue = rawValue }
}
