import Ground
package import Keys
import ZMQ

/// What `worker join` and `trainer join` do: make keys where they are used, and write what is sent back.
package enum Join {
    /// How both are explained.
    package static let discussion = """
        Makes a pair of keys here, in a file that only you can read, and writes the public half into a file to send \
        back; neither the invitation nor that file is secret. Compare the beginning of the key with whoever invited \
        you, by telephone for instance. Run again with the same invitation it writes the public half again.

        Ends with 64 for wrong usage, 65 for an invitation or a key that cannot be used, 74 where a file cannot be \
        written.
        """

    /// Joins, and says what to do next.
    ///
    /// - Parameters:
    ///   - path: the invitation.
    ///   - keyPath: where the keys go; by default to `NAME.key`.
    ///   - roles: whom the program can be.
    /// - Throws: `KeyError` for an invitation that is none or another's, and for keys of something else in the way.
    package static func accept(
        _ path: String, keyPath: String?, program: String, roles: [KeyRole]
    ) throws(KeyError) -> [String] {
        let invitation = try Invitation(contentsOf: path)
        guard roles.contains(invitation.role) else {
            let other = invitation.role == .worker ? "worker" : "trainer"
            throw .refused("\(path) is for \(invitation.role.described): `\(other) join \(path)`")
        }
        let keyPath = keyPath ?? "\(invitation.name).key"
        let (file, isNew) = try keys(for: invitation, at: keyPath)
        guard let membership = file.membership else { throw .refused("\(keyPath) is a broker's key") }
        let publicPath = (keyPath.hasSuffix(".key") ? String(keyPath.dropLast(4)) : keyPath) + ".public"
        try PublicKeyFile(membership, file.publicKey).write(to: publicPath)
        let use = invitation.role == .admin ? "\(program) status" : program
        let data = invitation.role == .worker ? " --data FILE …" : ""
        return [
            isNew
                ? "made the keys of \(invitation.name) in \(keyPath): keep that file here, and send it to nobody"
                : "the keys of \(invitation.name) are in \(keyPath) already; if they were revoked, move that file away "
                    + "and join again for new ones",
            "send \(publicPath) to whoever invited you, and tell them that your key begins with "
                + file.publicKey.beginning,
            "once they have enrolled it: \(use) --key \(keyPath)\(data)",
        ]
    }

    private static func keys(
        for invitation: Invitation, at path: String
    ) throws(KeyError) -> (KeyFile, isNew: Bool) {
        guard File.state(of: path) == nil else {
            let file = try KeyFile(contentsOf: path)
            guard let known = file.membership, known.name == invitation.name, known.role == invitation.role,
                known.brokerKey == invitation.brokerKey, known.broker == invitation.broker
            else {
                throw .refused(
                    "\(path) is there already, of another invitation, and is not replaced: name another file with --key"
                )
            }
            return (file, false)
        }
        let file = try KeyFile(for: invitation)
        try file.create(at: path)
        return (file, true)
    }
}
