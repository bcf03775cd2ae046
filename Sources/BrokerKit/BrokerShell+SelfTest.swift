import ZMQ

// Whether strangers are kept out.
extension BrokerShell {
    /// Connections closed in the handshake until it is taken for the broker's answer; libzmq connects again by itself.
    private static let hangUpsMaximum = 3

    /// Connects to the broker as a stranger does, with a key that is on no list and with none, and hears nobody until
    /// it has found that neither is let in.
    ///
    /// - Throws: `AccessFault`; the broker must then not go on. Without keys nothing is tried.
    package func proveAccess() async throws(AccessFault) {
        guard let stranger = await onLoop(otherwise: nil, { $0.gate?.configuration.stranger }) else { return }
        let tries: [(who: String, options: [SocketOption])] = [
            ("a key that is on no list", [stranger.option]), ("a connection without a key", []),
        ]
        for (who, options) in tries {
            switch await greeting(options) {
            case .handshakeFailed(_, .authentication(status: 400)) where !options.isEmpty: continue
            case .handshakeFailed(_, .mechanismMismatch) where options.isEmpty: continue
            // A listener that let everybody in would not hang up, and not three times.
            case .handshakeFailed(_, let failure) where options.isEmpty && failure.isHangUp: continue
            case .handshakeSucceeded: throw .letIn(who)
            case let other:
                throw .unproven(other.map { "\(who) got \($0)" } ?? "\(who) got no answer in time")
            }
        }
        await onLoop(otherwise: ()) { $0.gate?.isProven = true }
    }

    /// How a handshake with this broker ends; `nil` where it does not.
    ///
    /// After one that was hung up on the next is awaited.
    private func greeting(_ options: [SocketOption]) async -> MonitorEvent? {
        let (events, source) = AsyncStream.makeStream(of: MonitorEvent.self)
        let socket = await onLoop(otherwise: nil) { shell in try? shell.greet(options, source) }
        guard let socket else { return nil }
        var end: MonitorEvent?
        var hangUps = 0
        for await event in events {
            switch event {
            case .handshakeFailed(_, let failure) where failure.isHangUp:
                end = event
                hangUps += 1
                guard hangUps == Self.hangUpsMaximum else { continue }
            case .handshakeSucceeded, .handshakeFailed: end = event
            default: continue
            }
            break
        }
        await onLoop(otherwise: ()) { $0.loop.close(socket, lingerMilliseconds: 0) }
        return end
    }

    private func greet(
        _ options: [SocketOption], _ source: AsyncStream<MonitorEvent>.Continuation
    ) throws -> SocketID? {
        guard let listening else { return nil }
        let socket = try loop.open(
            .dealer, options: .dealer(BrokerLimits.socketLimits) + options, receive: { _ in }, endOfTurn: nil,
            tooLarge: nil)
        try loop.monitor(socket) { source.yield($0) }
        try loop.connect(socket, to: try Endpoint(listening, for: .bind).here)
        loop.schedule(afterMilliseconds: BrokerLimits.proofMilliseconds) { source.finish() }
        return socket
    }
}
