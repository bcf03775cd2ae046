import Ground
package import ZMQ

/// What a broker's owner sends to whoever is to join; nothing in it is secret, but it must come from that owner.
package struct Invitation: Sendable, Hashable {
    /// What the guest is called.
    package let name: String
    /// What the guest may do.
    package let role: KeyRole
    /// Where the broker is.
    package let broker: String
    /// The broker's public key.
    package let brokerKey: CurvePublicKey

    private static let kind = "fagure invitation 1"

    /// Puts an invitation together.
    package init(name: String, role: KeyRole, broker: String, brokerKey: CurvePublicKey) {
        self.name = name
        self.role = role
        self.broker = broker
        self.brokerKey = brokerKey
    }

    /// Reads an invitation.
    package init(contentsOf path: String) throws(KeyError) {
        let file = try FieldFile(path, kind: Self.kind, words: ["name", "role", "broker", "broker-key"])
        name = try file.name()
        role = try file.role()
        broker = try file.broker()
        brokerKey = try file.publicKey("broker-key")
    }

    /// Writes the invitation, in place of one that is there.
    package func write(to path: String) throws(KeyError) {
        let text = """
            \(Self.kind)
            name \(name)
            role \(role.rawValue)
            broker \(broker)
            broker-key \(brokerKey)

            """
        try File.publish(text, to: path)
    }
}

/// What a guest sends back: the public half of the keys that were made at the site.
package struct PublicKeyFile: Sendable, Hashable {
    /// What the guest was invited as.
    package let name: String
    /// What the guest was invited to do.
    package let role: KeyRole
    /// The key.
    package let key: CurvePublicKey

    private static let kind = "fagure public key 1"

    /// The public half of a site's keys.
    package init(_ membership: KeyFile.Membership, _ key: CurvePublicKey) {
        name = membership.name
        role = membership.role
        self.key = key
    }

    /// Reads a public key.
    package init(contentsOf path: String) throws(KeyError) {
        let file = try FieldFile(path, kind: Self.kind, words: ["name", "role", "public"])
        name = try file.name()
        role = try file.role()
        key = try file.publicKey("public")
    }

    /// Writes the file, in place of one that is there.
    package func write(to path: String) throws(KeyError) {
        try File.publish("\(Self.kind)\nname \(name)\nrole \(role.rawValue)\npublic \(key)\n", to: path)
    }
}

extension File {
    /// Writes what everybody may read.
    fileprivate static func publish(_ text: String, to path: String) throws(KeyError) {
        do throws(FileError) {
            try write(Array(text.utf8), to: path)
        } catch {
            throw .unwritable(error)
        }
    }
}

extension FieldFile {
    /// A public key that not everybody has the secret of.
    func publicKey(_ word: String) throws(KeyError) -> CurvePublicKey {
        let key = try value(word, "a public key of 40 characters") { try? CurvePublicKey($0) }
        guard !key.isPublished else { throw refusal(word, "'\(word)' \(CurvePublicKey.publishedReason)") }
        return key
    }

    func name() throws(KeyError) -> String {
        let name = try value("name", "a name") { $0 }
        if let fault = KeyName.fault(of: name) { throw refusal("name", "the name \(fault)") }
        return name
    }

    func role() throws(KeyError) -> KeyRole {
        try value("role", KeyRole.names) { KeyRole(rawValue: $0) }
    }

    func broker() throws(KeyError) -> String {
        let text = try value("broker", "an endpoint") { $0 }
        do throws(Endpoint.Fault) {
            return try Endpoint(text, for: .connect).description
        } catch {
            throw refusal("broker", "'broker' is no endpoint: \(error)")
        }
    }
}
