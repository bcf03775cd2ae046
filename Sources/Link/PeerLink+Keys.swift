import Protocol
import ZMQ

extension PeerLink {
    /// A handshake that failed: what no new try will change ends the session, unless this broker has known us before.
    ///
    /// Whoever is on the way can forge a refusal, and a broker may be restarted with a list that is amiss: a peer
    /// that was welcomed goes on trying.
    mutating func take(_ failure: MonitorEvent.HandshakeFailure, hello: () -> Hello) -> LinkEvent? {
        let reason = reason(for: failure)
        if let reason, epoch == 0 { return handle(.refused(Failure(.notPermitted, reason)), hello: hello) }
        if let reason { return note { _ in reason } }
        let advice =
            switch credentials {
            case nil where failure.isHangUp: "; a broker that lets in keys only does so, and needs --key"
            case nil: ""
            case _?: "; is the broker's key still that of the invitation?"
            }
        return note { "the handshake with \($0) failed: \(failure)\(advice)" }
    }

    /// What a person can do about it; `nil` where it may pass.
    private func reason(for failure: MonitorEvent.HandshakeFailure) -> String? {
        switch (failure, credentials) {
        case (.authentication(status: 400), let credentials?):
            "the broker at \(endpoint) does not let in the key that begins with "
                + "\(credentials.keys.publicKey.prefix(8)): it was not enrolled there yet, or was revoked"
        case (.mechanismMismatch, nil):
            "the broker at \(endpoint) lets in keys only: ask its owner for an invitation, `join` with it, and give "
                + "the key with --key"
        case (.mechanismMismatch, _?):
            "the broker at \(endpoint) has no keys: it is not the one the invitation is from, or was started without"
        default: nil
        }
    }
}
