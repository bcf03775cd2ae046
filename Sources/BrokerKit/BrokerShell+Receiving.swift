import Protocol
import ZMQ

// From the socket to the machine.
extension BrokerShell {
    /// Takes a message off the ROUTER: routing id, header, and what the command says.
    func receive(_ message: consuming Message) {
        receivedCount &+= 1
        guard let id = message.routingID else {
            return handle(
                .garbage(.malformed("a routing id of more than \(RoutingID.byteCountMaximum) bytes")))
        }
        do throws(ProtocolError) {
            let header = try Header(behindRoutingIDOf: message)
            let event = try event(of: header, from: peer(id, message.sourceDescriptor), &message)
            var current = Optional(message)
            handle(event, carrying: &current)
        } catch {
            handle(.garbage(error))
            if case .unsupportedVersion = error { refuse(id, error) }
        }
    }

    /// The number of the connection a message came by.
    private func peer(_ id: RoutingID, _ descriptor: @autoclosure () -> Int32?) -> PeerID {
        if let peer = connections.peer(of: id) { return peer }
        let (peer, dead) = connections.add(id, descriptor: descriptor())
        if let dead { handle(.disconnected(dead)) }
        return peer
    }

    private func event(
        of header: Header, from peer: PeerID, _ message: inout Message
    ) throws(ProtocolError) -> BrokerMachine.Event {
        switch header.command {
        case .hello:
            let body = message.bytes(at: 2)
            do {
                return .hello(peer, try Hello(decoding: body), byteCount: body.count)
            } catch {
                refuse(peer, error)
                throw error
            }
        case .goodbye:
            return .goodbye(peer, header, reason: try Goodbye(decoding: message.bytes(at: 2)).reason)
        case .failed:
            return .failed(peer, header, failureCode(in: &message))
        default:
            return .message(peer, header)
        }
    }

    /// Why a job failed. A reason nobody can read is replaced: its trainer must hear something.
    private func failureCode(in message: inout Message) -> FailureCode {
        do {
            return try Failure(decoding: message.bytes(at: 2)).code
        } catch {
            let body = Failure(.malformed, "the worker gave a reason that cannot be read: \(error)").encoded()
            message.replaceFrame(2, byteCount: body.count) { bytes in
                for (offset, byte) in body.enumerated() {
                    bytes.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
                }
            }
            return .malformed
        }
    }

    /// Tells a peer that its hello makes no sense; one the machine does not know is forgotten.
    private func refuse(_ peer: PeerID, _ error: ProtocolError) {
        let code: FailureCode = if case .limitExceeded = error { .limitExceeded } else { .malformed }
        send(
            Header(.refused, job: .none, attempt: 0, epoch: machine.epoch),
            Failure(code, "\(error)").encoded(), to: peer)
        if !machine.knows(peer) { forget(peer) }
    }

    /// Tells a peer of another major version so, once.
    private func refuse(_ id: RoutingID, _ error: ProtocolError) {
        if refused.count >= BrokerLimits.refusedPeersMaximum { refused.removeAll() }
        guard refused.insert(id).inserted, let socket else { return }
        var message = Message(reservingFrames: 3)
        message.append(byteCount: Header.byteCount) {
            Header(.refused, job: .none, attempt: 0, epoch: machine.epoch).encode(into: &$0)
        }
        message.append(Failure(.versionUnsupported, "\(error)").encoded())
        message.prepend(id)
        // It is a courtesy: one that has no room for it, or has gone, is none the worse.
        _ = loop.send(&message, on: socket)
    }
}

extension Header {
    /// Reads the header of a message that a ROUTER received, and checks that the frames its command has are
    /// there.
    ///
    /// - Throws: `ProtocolError`.
    init(behindRoutingIDOf message: borrowing Message) throws(ProtocolError) {
        guard message.frameCount >= 2 else { throw .malformed("a message without frames") }
        self = try message.withFrame(1) { (bytes) throws(ProtocolError) -> Header in
            try Header(decoding: Span<UInt8>(_bytes: bytes))
        }
        let count = message.frameCount - 1
        let expected = command.hasBody ? 2 : 1
        guard count == expected || (count > expected && command.mayCarryTensors) else {
            throw .malformed("a \(command) came in \(count) frames")
        }
        try check(count)
    }

    private func check(_ count: Int) throws(ProtocolError) {
        guard count <= ProtocolLimits.frameCountMaximum else {
            throw .limitExceeded(
                what: "the number of frames", got: count, limit: ProtocolLimits.frameCountMaximum)
        }
    }
}
