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
        guard isAdmitted(message, from: id) else { return }
        do throws(ProtocolError) {
            let header = try Header(behindRoutingIDOf: message)
            if let objection = header.objection(toFrames: message.frameCount - 1) {
                return takeDamaged(header, objection, from: id)
            }
            let event = try event(of: header, from: peer(id, of: message), &message)
            var current = Optional(message)
            handle(event, carrying: &current)
        } catch {
            handle(.garbage(error))
            if case .unsupportedVersion = error { refuse(id, error) }
        }
    }

    /// Takes what is left of a message beyond the limits.
    func receive(_ head: MessageHead) {
        receivedCount &+= 1
        let error: ProtocolError =
            switch head.excess {
            case .frames(let count):
                // The routing id is not the sender's.
                .limitExceeded(
                    what: "the number of frames read", got: count - 1,
                    limit: ProtocolLimits.frameCountMaximum)
            case .bytes(let count):
                .limitExceeded(
                    what: "the number of bytes read", got: count,
                    limit: BrokerLimits.messageByteCountMaximum)
            }
        guard head.frames.count == 2, let id = head.routingID else { return handle(.garbage(error)) }
        guard isAdmitted(head, from: id) else { return }
        let bytes = head.frames[1]
        guard let header = try? Header(decoding: bytes.span) else { return handle(.garbage(error)) }
        takeDamaged(header, error, from: id)
    }

    /// Whoever has no session awaits nothing, and gets no number for it.
    private func takeDamaged(_ header: Header, _ error: ProtocolError, from id: RoutingID) {
        guard let peer = connections.peer(of: id) else { return handle(.garbage(error)) }
        handle(.damaged(peer, header, error))
    }

    /// The number of the connection a message came by.
    private func peer(_ id: RoutingID, of message: borrowing Message) -> PeerID {
        if let peer = connections.peer(of: id) { return peer }
        // What the monitor has seen and not yet told may be the end of the connection before this one.
        if let socket { loop.readEvents(of: socket) }
        let (peer, ended) = connections.add(id, descriptor: loop.descriptor(of: message))
        if gate != nil {
            let credential = credential(of: message)
            gate?.assign(credential, to: peer)
        }
        if let ended { depart(ended) }
        return peer
    }

    private func event(
        of header: Header, from peer: PeerID, _ message: inout Message
    ) throws(ProtocolError) -> BrokerMachine.Event {
        switch header.command {
        case .hello:
            let body = message.bytes(at: 2)
            do {
                let hello = try Hello(decoding: body)
                guard let credential = gate?.credential(of: peer) else {
                    return .hello(peer, hello, byteCount: body.count)
                }
                return .introduction(peer, hello, byteCount: body.count, credential)
            } catch {
                refuse(peer, error)
                throw error
            }
        case .goodbye:
            // One whose reason cannot be read leaves all the same.
            let goodbye = try? Goodbye(decoding: message.bytes(at: 2))
            return .goodbye(peer, header, reason: goodbye?.reason ?? "its reason cannot be read")
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
        send(
            Header(.refused, job: .none, attempt: 0, epoch: machine.epoch),
            Failure(error.code, "\(error)").encoded(), to: peer)
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
    /// Reads the header of a message that a ROUTER received.
    ///
    /// - Throws: `ProtocolError`.
    init(behindRoutingIDOf message: borrowing Message) throws(ProtocolError) {
        guard message.frameCount >= 2 else { throw .malformed("a message without frames") }
        self = try message.withFrame(1) { (bytes) throws(ProtocolError) -> Header in
            try Header(decoding: Span<UInt8>(_bytes: bytes))
        }
    }
}
