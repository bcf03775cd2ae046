package import Keys
package import ZMQ

/// A site's key as a flag names it: who one is, where the broker is, and how each knows the other.
package struct SiteKey: Sendable {
    /// Who one is, and where the broker is.
    package let membership: KeyFile.Membership
    /// What a socket needs.
    package let credentials: CurveCredentials

    /// Reads the file of `--key`; `nil` where there is no such flag.
    ///
    /// - Parameter roles: whose keys are of use.
    /// - Throws: `KeyError` for a file that cannot be used.
    package init?(_ flag: String?, roles: [KeyRole]) throws(KeyError) {
        guard let path = Words().value(flag, "key") else { return nil }
        let file = try KeyFile(contentsOf: path)
        membership = try file.membership(of: path, roles: roles)
        credentials = membership.credentials(file.keys)
    }
}

extension ExitStatus {
    /// The status a program ends with because of keys that cannot be used, or not be written.
    package init(_ error: KeyError) {
        if case .unwritable = error { self = .outputLost } else { self = .badData }
    }
}
