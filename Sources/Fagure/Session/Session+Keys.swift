import Keys
public import Protocol

extension Session {
    /// Connects to the broker that a key belongs to, which proves who it is and is proved who this trainer is.
    ///
    /// ```swift
    /// let session = try await Session.connect(keyFile: "anna.key")     // made by: trainer join anna.invitation
    /// ```
    /// - Parameters:
    ///   - keyFile: What `trainer join` made of an invitation; nobody else may read it.
    ///   - timeout: How long a broker is looked for, now and whenever it is lost; `nil` for ever.
    ///   - notice: Told, on a thread that must not be kept, what goes on.
    /// - Throws: `Failure`: `notPermitted` for a file that cannot be used or a key that is not let in;
    ///   `brokerUnreachable` after the timeout.
    public static func connect(
        keyFile: String, timeout: Duration? = .seconds(30),
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(Failure) -> Session {
        let file: KeyFile
        let membership: KeyFile.Membership
        do throws(KeyError) {
            file = try KeyFile(contentsOf: keyFile)
            membership = try file.membership(of: keyFile, roles: [.trainer, .admin])
        } catch {
            throw Failure(.notPermitted, "\(error)")
        }
        return try await connect(
            membership.broker, credentials: membership.credentials(file.keys), name: membership.name,
            timeout: timeout, notice: notice)
    }
}
