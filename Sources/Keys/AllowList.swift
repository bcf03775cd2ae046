import Ground
package import ZMQ

/// Who was invited to a broker, who is enrolled, and whose keys are let in no more.
///
/// DESIGN. A text of one line for each, so that a person can read it and a copy of it is a backup. It is replaced
/// whole (another name, the disk, the name) and read whole. A revoked key stays in it: it must not be enrolled
/// again by mistake. When somebody was listed is for people; nothing follows from it, so a clock may be set back.
package struct AllowList: Sendable, Hashable {
    /// How somebody stands.
    package enum Standing: Sendable, Hashable {
        /// An invitation was made, and no key has come back.
        case invited(KeyRole)
        /// The key is let in.
        case enrolled(Credential)
        /// The key was let in, and is no more.
        case revoked(CurvePublicKey)
    }

    /// One line.
    package struct Entry: Sendable, Hashable {
        /// How it stands.
        package let standing: Standing
        /// Since when, for people.
        package let since: String
        /// What it is called.
        package let name: String
    }

    /// All lines in their order.
    package private(set) var entries: [Entry] = []
    private var credentials: [CurvePublicKey: Credential] = [:]

    /// A list of nobody.
    package init() {}

    /// Whom a key that is let in stands for.
    ///
    /// - Complexity: O(1).
    package func credential(of key: CurvePublicKey) -> Credential? { credentials[key] }

    /// How many keys are let in.
    package var count: Int { credentials.count }

    /// Whom this list lets in and another does not, or not as the same.
    package func without(_ other: AllowList) -> Set<CurvePublicKey> {
        Set(credentials.values.filter { other.credentials[$0.key] != $0 }.map(\.key))
    }
}

// Changes.
extension AllowList {
    /// Expects somebody's key; whoever is expected already may be so in another role.
    ///
    /// - Throws: `KeyError.refused` for no name, and for one that is enrolled.
    package mutating func invite(_ name: String, as role: KeyRole, since: String) throws(KeyError) {
        if let fault = KeyName.fault(of: name) { throw .refused("the name '\(name)' \(fault)") }
        if let known = enrolled(name) {
            throw .refused(
                "\(name) is enrolled already, as \(known.role.described) with a key that begins with "
                    + "\(known.key.beginning): `broker revoke` it first if it is to have another key")
        }
        entries.removeAll { $0.name == name && $0.isInvited }
        entries.append(Entry(standing: .invited(role), since: since, name: name))
    }

    /// Lets in a key that was expected.
    ///
    /// - Throws: `KeyError.refused` for a name nobody invited, another role than it was invited in, and a key that is
    ///   listed already, revoked ones too.
    @discardableResult
    package mutating func enrol(_ file: PublicKeyFile, since: String) throws(KeyError) -> Credential {
        if let known = credentials[file.key] {
            throw .refused("that key is enrolled already, as \(known.name)")
        }
        if let revoked = entries.first(where: { $0.standing == .revoked(file.key) }) {
            throw .refused(
                "that key, of \(revoked.name), was revoked on \(revoked.since): let the site move its old key file "
                    + "away and join again, which makes another"
            )
        }
        guard !file.key.isPublished else { throw .refused("that key \(CurvePublicKey.publishedReason)") }
        var role: KeyRole?
        for case (.invited(let invited), file.name) in entries.map({ ($0.standing, $0.name) }) {
            role = invited
        }
        guard let role else {
            let known = enrolled(file.name) == nil ? "" : ", which is enrolled with another key"
            throw .refused("nobody invited '\(file.name)'\(known): `broker invite` it first")
        }
        guard role == file.role else {
            throw .refused(
                "\(file.name) was invited as \(role.described), the file says \(file.role.rawValue)")
        }
        let credential = Credential(key: file.key, name: file.name, role: role)
        entries.removeAll { $0.name == file.name && $0.isInvited }
        add(Entry(standing: .enrolled(credential), since: since, name: file.name))
        return credential
    }

    /// Lets somebody's key in no more, and takes an invitation back.
    ///
    /// - Returns: the key, if there was one.
    /// - Throws: `KeyError.refused` for a name that is not there.
    @discardableResult
    package mutating func revoke(_ name: String, since: String) throws(KeyError) -> CurvePublicKey? {
        let before = entries.count
        entries.removeAll { $0.name == name && $0.isInvited }
        guard let known = enrolled(name) else {
            guard entries.count < before else { throw .refused("there is no '\(name)'; \(present)") }
            return nil
        }
        credentials[known.key] = nil
        entries.removeAll { $0.standing == .enrolled(known) }
        entries.append(Entry(standing: .revoked(known.key), since: since, name: name))
        return known.key
    }

    /// Adds a line that contradicts none.
    mutating func add(_ entry: Entry) {
        entries.append(entry)
        if case .enrolled(let credential) = entry.standing { credentials[credential.key] = credential }
    }

    /// Who is enrolled under a name.
    func enrolled(_ name: String) -> Credential? { credentials.values.first { $0.name == name } }

    private var present: String {
        let names = entries.filter { if case .revoked = $0.standing { false } else { true } }.map(\.name)
        guard !names.isEmpty else { return "there is nobody" }
        return "there are \(names.listed(atMost: 20))"
    }
}

extension AllowList.Entry {
    /// Whether its key is awaited.
    var isInvited: Bool { if case .invited = standing { true } else { false } }
}
