import Protocol
import ZMQ

// From the socket to the machine.
extension BrokerShell {
    /// A piece that came: it moves on as it is.
    private struct Piece {
        let peer: PeerID
        let record: Record
        let extent: Extent
    }

    /// Takes a message off the ROUTER: routing id, and a frame of records.
    func receive(_ message: consuming Message) {
        receivedCount &+= 1
        guard let id = message.routingID else {
            return handle(
                .garbage(.malformed("a routing id of more than \(RoutingID.byteCountMaximum) bytes")))
        }
        guard isAdmitted(message, from: id) else { return }
        guard message.frameCount == 2 else {
            return refuse(.malformed("a message of \(message.frameCount - 1) frames"), id)
        }
        let known = connections.peer(of: id)
        if let known { relay.receive(message.byteCount(at: 1), from: known) }
        var piece: Piece?
        message.withFrame(1) { frame in
            let bytes = Span<UInt8>(_bytes: frame)
            var offset = 0
            repeat {
                do throws(RecordFault) {
                    let record = try Record(decoding: bytes, at: offset)
                    offset = record.end
                    piece = take(record, frame, from: id, of: message)
                } catch {
                    // Where the next record begins nobody knows.
                    return take(error, from: id)
                }
            } while offset < bytes.count
        }
        if let piece { pass(piece, message) }
    }

    /// Takes what is left of a message beyond the limits.
    func receive(_ head: MessageHead) {
        receivedCount &+= 1
        let error: ProtocolError =
            switch head.excess {
            // The routing id is not the sender's.
            case .frames(let count):
                .limitExceeded(what: "the number of frames read", got: count - 1, limit: 1)
            case .bytes(let count):
                .limitExceeded(
                    what: "the number of bytes read", got: count, limit: ProtocolLimits.frameByteCountMaximum)
            }
        guard let id = head.routingID else { return handle(.garbage(error)) }
        guard isAdmitted(head, from: id) else { return }
        guard head.frames.count > 1, case .failure(let fault) = HeaderOnly.read(head.frames[1]),
            case .unsupportedVersion = fault
        else { return handle(.garbage(error)) }
        refuse(fault, id)
    }

    /// Takes bytes that are no record, and whatever follows them.
    private func take(_ fault: RecordFault, from id: RoutingID) {
        // Whoever has no session awaits nothing, and gets no number for it.
        guard let header = fault.header, let peer = connections.peer(of: id) else {
            return refuse(fault.error, id)
        }
        handle(.damaged(peer, header, fault.error))
    }

    /// Counts what makes no sense; a peer of another major version is told so.
    private func refuse(_ error: ProtocolError, _ id: RoutingID) {
        handle(.garbage(error))
        if case .unsupportedVersion = error { tellVersion(id, error) }
    }

    /// Takes a record; a piece is given back, for its message moves on whole.
    private func take(
        _ record: Record, _ frame: RawSpan, from id: RoutingID, of message: borrowing Message
    ) -> Piece? {
        let peer = peer(id, of: message)
        if record.heard != 0 { relay.hear(record.heard, from: peer, at: now) }
        do throws(ProtocolError) {
            if record.header.command == .piece { return try piece(record, of: frame, from: peer) }
            handle(try event(of: record, frame, from: peer), carrying: record, frame)
        } catch {
            handle(.garbage(error))
        }
        return nil
    }

    private func piece(_ record: Record, of frame: RawSpan, from peer: PeerID) throws(ProtocolError) -> Piece
    {
        let extent = try record.extent(of: frame)
        guard record.range.lowerBound == 0, record.end >= frame.byteCount else {
            throw .malformed("a piece that is not alone in its frame")
        }
        return Piece(peer: peer, record: record, extent: extent)
    }

    private func pass(_ piece: Piece, _ message: consuming Message) {
        handle(.heard(piece.peer))
        let header = piece.record.header
        guard header.epoch == machine.epoch else { return }
        if !relay.take(header, piece.extent, piece.record, message, from: piece.peer) { machine.countLate() }
    }

    /// The number of the connection a message came by.
    private func peer(_ id: RoutingID, of message: borrowing Message) -> PeerID {
        if let peer = connections.peer(of: id) { return peer }
        // What the monitor has seen and not yet told may be the end of the connection before this one.
        if let socket { loop.readEvents(of: socket) }
        let (peer, ended) = connections.add(id, descriptor: loop.descriptor(of: message))
        relay.receive(message.byteCount(at: 1), from: peer)
        if gate != nil {
            let credential = credential(of: message)
            gate?.assign(credential, to: peer)
        }
        if let ended { depart(ended) }
        return peer
    }

    private func event(
        of record: Record, _ frame: RawSpan, from peer: PeerID
    ) throws(ProtocolError) -> BrokerMachine.Event {
        let header = record.header
        switch header.command {
        case .hello:
            do throws(ProtocolError) {
                let body = try record.controlBody(of: frame)
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
            let goodbye = try? Goodbye(decoding: record.body(of: frame))
            return .goodbye(peer, header, reason: goodbye?.reason ?? "its reason cannot be read")
        case .failed:
            do throws(ProtocolError) {
                return .failed(peer, header, try Failure(decoding: record.body(of: frame)).code)
            } catch {
                // Its trainer must hear something.
                return .damaged(peer, header, .malformed("its reason cannot be read: \(error)"))
            }
        case .catalogueQuery:
            return .query(peer, header, try CatalogueQuery(decoding: record.body(of: frame)))
        case .want:
            return .want(peer, header, try record.extent(of: frame))
        case .heard where machine.knows(peer):
            return .heard(peer)
        default:
            return record.attachments.isEmpty
                ? .message(peer, header) : .attached(peer, header, record.attachments)
        }
    }

    /// Tells a peer that its hello makes no sense; one the machine does not know is forgotten.
    private func refuse(_ peer: PeerID, _ error: ProtocolError) {
        relay.append(
            Header(.refused, job: .none, attempt: 0, epoch: machine.epoch),
            body: Failure(error.code, "\(error)").encoded(), to: peer)
        guard !machine.knows(peer) else { return }
        relay.flush(at: now) { send(&$1, to: $0) }
        forget(peer)
    }

    /// Tells a peer of another major version so, once.
    private func tellVersion(_ id: RoutingID, _ error: ProtocolError) {
        if refused.count >= BrokerLimits.refusedPeersMaximum { refused.removeAll() }
        guard refused.insert(id).inserted, let socket else { return }
        var frame: [UInt8] = []
        frame.append(
            Header(.refused, job: .none, attempt: 0, epoch: machine.epoch),
            body: Failure(.versionUnsupported, "\(error)").encoded())
        var message = Message(reservingFrames: 2)
        message.append(frame)
        message.prepend(id)
        // It is a courtesy: one that has no room for it, or has gone, is none the worse.
        _ = loop.send(&message, on: socket)
    }
}

/// What the first bytes of a message say, where the rest is not looked at.
private enum HeaderOnly {
    static func read(_ bytes: [UInt8]) -> Result<Header, ProtocolError> {
        do throws(ProtocolError) { return .success(try Header(decoding: bytes.span)) } catch {
            return .failure(error)
        }
    }
}
