import Ground
package import ZMQ

/// A key pair in a file that is nobody else's business; a site's says, too, to whom it belongs and where its broker is.
package struct KeyFile: Sendable, Hashable {
    /// Where a site belongs.
    package struct Membership: Sendable, Hashable {
        /// The name it was invited under.
        package let name: String
        /// What it may do.
        package let role: KeyRole
        /// Where its broker is, such as `tcp://broker.example.org:5555`.
        package let broker: String
        /// Its broker's public key: nobody else is taken for the broker.
        package let brokerKey: CurvePublicKey
    }

    /// The keys.
    package let keys: CurveKeyPair
    /// Their public half.
    package let publicKey: CurvePublicKey
    /// Where the site belongs; `nil` in a broker's own file.
    package let membership: Membership?

    private static let kind = "fagure key 1"
    private static let words = ["secret", "public", "name", "role", "broker", "broker-key"]

    /// New keys, for a broker or for whoever was invited.
    ///
    /// - Throws: `KeyError` where this libzmq knows no CURVE.
    package init(for invitation: Invitation? = nil) throws(KeyError) {
        do throws(ZMQError) {
            keys = try CurveKeyPair.generate()
            publicKey = try CurvePublicKey(keys.publicKey)
        } catch {
            throw .refused("no keys can be made here: \(error)")
        }
        membership = invitation.map {
            Membership(name: $0.name, role: $0.role, broker: $0.broker, brokerKey: $0.brokerKey)
        }
    }

    /// What was taken for a key, where it is something else of ours: that need not be closed to others.
    private static func confusion(at path: String) -> KeyError? {
        if (try? Invitation(contentsOf: path)) != nil {
            return .refused("\(path) is an invitation, not a key: `join \(path)` makes one of it")
        }
        if (try? PublicKeyFile(contentsOf: path)) != nil {
            return .refused("\(path) is the public half of a key: name the file with the secret one")
        }
        return nil
    }

    /// Reads a key file.
    ///
    /// - Throws: `KeyError`, also for a file that others may read, or whose keys everybody knows.
    package init(contentsOf path: String) throws(KeyError) {
        let file: FieldFile
        do {
            file = try FieldFile(path, kind: Self.kind, words: Self.words, isSecret: true)
        } catch {
            throw KeyFile.confusion(at: path) ?? error
        }
        keys = try file.value("secret", "a key of 40 characters") { try? CurveKeyPair(secretKey: $0) }
        publicKey = try file.publicKey("public")
        guard keys.publicKey == publicKey.text else {
            throw file.refusal("public", "'public' is not the key that belongs to 'secret'")
        }
        guard file.has("broker") || file.has("name") else {
            membership = nil
            return
        }
        membership = Membership(
            name: try file.name(), role: try file.role(), broker: try file.broker(),
            brokerKey: try file.publicKey("broker-key"))
    }

    /// Writes the file, which must not be there yet.
    package func create(at path: String) throws(KeyError) {
        guard File.state(of: path) == nil else {
            throw .refused("\(path) is there already, and is not replaced")
        }
        var text =
            "\(Self.kind)\n# Whoever has this file is taken for its owner: keep it here, and send it to nobody.\n"
        text += "secret \(keys.secretKey)\npublic \(publicKey)\n"
        if let membership {
            text += "name \(membership.name)\nrole \(membership.role.rawValue)\n"
            text += "broker \(membership.broker)\nbroker-key \(membership.brokerKey)\n"
        }
        do throws(FileError) {
            try File.createSecret(Array(text.utf8), at: path)
        } catch {
            throw .unwritable(error)
        }
    }
}

extension KeyFile.Membership {
    /// What a socket needs to connect to the broker with these keys.
    package func credentials(_ keys: CurveKeyPair) -> CurveCredentials {
        CurveCredentials(keys: keys, serverKey: brokerKey)
    }
}

extension KeyFile {
    /// The membership of a site's file.
    ///
    /// - Throws: `KeyError.refused` for a broker's own file, or one of another role than those expected.
    package func membership(of path: String, roles: [KeyRole]) throws(KeyError) -> Membership {
        guard let membership else {
            throw .refused(
                "\(path) is a broker's key: a site makes its own with `worker join` or `trainer join`")
        }
        guard roles.contains(membership.role) else {
            let expected = roles.map(\.described).joined(separator: " or ")
            throw .refused(
                "\(path) is the key of \(membership.role.described), expected that of \(expected)")
        }
        return membership
    }
}

extension KeyFile: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The public key; the secret one never gets into a log.
    package var description: String { publicKey.text }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey.text]) }
}
