import Keys
import Logging
import ZMQ

// Who is let in.
extension BrokerShell {
    /// Asks about everybody who connects from now on.
    ///
    /// - Returns: what makes the ROUTER a server with keys; nothing where there are none.
    func openAccess() throws(ZMQError) -> [SocketOption] {
        guard let access = gate?.configuration else { return [] }
        guard !endpoint.hasPrefix("inproc") else {
            throw ZMQError(
                .incompatibleProtocol, function: "start", detail: "inproc connections know no keys")
        }
        try loop.authenticate { self.admit($0) }
        return [.curveServer(access.keys)]
    }

    /// Looks at the list again and again: who was revoked is cut off.
    func watchList() {
        guard gate != nil else { return }
        loop.schedule(afterMilliseconds: BrokerLimits.listIntervalMilliseconds) {
            guard self.socket != nil else { return }
            self.reloadList()
            self.watchList()
        }
    }

    /// Answers libzmq.
    private func admit(_ applicant: Applicant) -> Admission {
        if gate?.list.credential(of: applicant.key) != nil { return .allowed }
        guard applicant.key.text != gate?.configuration.stranger.keys.publicKey else { return .refused }
        // Somebody may have been enrolled a moment ago.
        reloadList()
        if gate?.list.credential(of: applicant.key) != nil { return .allowed }
        refuse(
            "a connection from \(place(applicant)): no list has its key, which begins with \(applicant.key.beginning)"
        )
        return .refused
    }

    private func place(_ applicant: Applicant) -> String {
        applicant.address.isEmpty ? "this machine" : LogText.printable(applicant.address)
    }

    /// Whether a message came under the key its connection came under, and that is let in.
    func isAdmitted(_ message: borrowing Message, from id: RoutingID) -> Bool {
        // Each look is in place: to take the gate out would be to count references for each message.
        guard let isProven = gate?.isProven else { return true }
        guard isProven else { return false }
        if let peer = connections.peer(of: id), let credential = gate?.credential(of: peer) {
            if message.isFrom(credential.key) { return true }
            refuse(
                "a message under another key than that of \(LogText.printable(credential.name)), in its place"
            )
            return false
        }
        if credential(of: message) != nil { return true }
        refuse("a message by a connection whose key is let in no more")
        return false
    }

    /// The same of what is left of a message beyond the limits; only a known connection's matters.
    func isAdmitted(_ head: MessageHead, from id: RoutingID) -> Bool {
        guard let isProven = gate?.isProven else { return true }
        guard isProven, let peer = connections.peer(of: id), let credential = gate?.credential(of: peer)
        else {
            return false
        }
        return head.userID == credential.key.text
    }

    /// Whom a message is from, by its key.
    func credential(of message: borrowing Message) -> Credential? {
        guard let text = message.userID, let key = try? CurvePublicKey(text) else { return nil }
        return gate?.list.credential(of: key)
    }

    /// Counts a handshake that failed before anybody was asked; whether it is anybody else's news.
    func takeFailedHandshake(_ failure: MonitorEvent.HandshakeFailure) -> Bool {
        guard let isProven = gate?.isProven else { return false }
        // The refusal of a key was counted where it was refused.
        if case .authentication = failure { return true }
        guard isProven else { return true }
        refuse("a connection: the handshake failed: \(failure)")
        return true
    }

    private func refuse(_ what: String) {
        guard let leftOut = gate?.refuse(at: loop.now()) else { return }
        let more = leftOut == 0 ? "" : " (and \(leftOut) more)"
        logger.warning("refused \(what)\(more)")
    }

    private func reloadList() {
        guard let (revoked, news) = gate?.reload() else { return }
        switch news {
        case .changed(let count): logger.info("the list of peers has changed: \(count) keys are let in")
        case .unreadable(let reason):
            logger.error(
                "the list of peers cannot be used, and stays as it was: \(LogText.printable(reason))")
        case nil: break
        }
        guard !revoked.isEmpty else { return }
        handleBetweenTurns(.revoked(revoked))
        // Those that have said no hello yet.
        for peer in gate?.peers(of: revoked) ?? [] { forget(peer) }
    }
}
