package import ZMQ

/// What the holder of a key may do.
package enum KeyRole: String, Sendable, Hashable, CaseIterable {
    /// Hold data, and do jobs beside it.
    case worker
    /// Submit jobs.
    case trainer
    /// See who is there, and submit nothing.
    case admin

    /// The role with its article, for a sentence.
    package var described: String { self == .admin ? "an admin" : "a \(rawValue)" }

    /// All of them, for a person.
    package static let names = "worker, trainer or admin"
}

/// Whom a key stands for, as the broker's list says.
package struct Credential: Sendable, Hashable {
    /// The key.
    package let key: CurvePublicKey
    /// The name its holder was invited under.
    package let name: String
    /// What its holder may do.
    package let role: KeyRole

    /// Puts them together.
    package init(key: CurvePublicKey, name: String, role: KeyRole) {
        self.key = key
        self.name = name
        self.role = role
    }
}
