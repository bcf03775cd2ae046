import Logging
import Protocol
import ZMQ

// From the machine to the socket.
extension BrokerShell {
    /// Gives the machine an event that came without a record, and does what it says.
    func handle(_ event: BrokerMachine.Event) {
        machine.handle(event, at: now, actions: &actions)
        performAll()
    }

    /// Gives the machine an event and does what it says; what is said while doing so is done as well.
    func handle(_ event: BrokerMachine.Event, carrying record: Record, _ frame: RawSpan) {
        machine.handle(event, at: now, actions: &actions)
        var index = 0
        while index < actions.count {
            switch actions[index] {
            case .forward(let peer, let header):
                relay.append(record, of: frame, as: header, to: peer)
            case .relay(let peer):
                relay.append(record, of: frame, as: nil, to: peer)
            case let action:
                perform(action)
            }
            index += 1
        }
        finishActions()
    }

    private func performAll() {
        var index = 0
        while index < actions.count {
            perform(actions[index])
            index += 1
        }
        finishActions()
    }

    private func finishActions() {
        actions.removeAll(keepingCapacity: true)
        for peer in relay.takeOverwhelmed() { handle(.overwhelmed(peer)) }
        tellCrowdings()
    }

    private func tellCrowdings() {
        for (peer, isCrowded) in relay.takeCrowdings() { handle(.crowded(peer, isCrowded)) }
    }

    private func perform(_ action: BrokerMachine.Action) {
        switch action {
        // Without a record there is nothing to send on.
        case .forward, .relay: break
        case .send(let peer, let header): send(header, to: peer)
        case .open(let flow): relay.open(flow)
        case .drop(let job): relay.drop(job)
        case .forgetContents(let owner): relay.forget(owner)
        case .fail(let peer, let header, let failure): append(header, failure.encoded(), to: peer)
        case .welcome(let peer, let header, let welcome): append(header, welcome.encoded(), to: peer)
        case .owner(let peer, let header, let owner): append(header, owner.encoded(), to: peer)
        case .goodbye(let peer, let header, let goodbye): append(header, goodbye.encoded(), to: peer)
        case .catalogue(let peers, let header, let updates): tell(updates, header, to: peers)
        case .status(let peer, let header):
            append(header, BrokerStatus(collect().readings).encoded(), to: peer)
        case .forget(let peer):
            // What was said to it last, such as why it is refused, still goes out.
            relay.flush(at: now) { send(&$1, to: $0) }
            forget(peer)
        case .log(let level, let text): logger.log(level: Logger.Level(level), "\(text)")
        }
    }

    /// Tells trainers what there is; who has not taken what it was told before is told later.
    private func tell(_ updates: [CatalogueUpdate], _ header: Header, to peers: [PeerID]) {
        let records = updates.map { update in
            var (header, body) = (header, update.encoded())
            header.deflate(&body)
            return (header, body)
        }
        for peer in peers {
            guard relay.waitingByteCount(of: peer) <= BrokerLimits.catalogueWaitingByteCount else {
                machine.handle(.untold(peer, since: updates[0].since), at: now, actions: &actions)
                continue
            }
            for (header, body) in records { append(header, body, to: peer) }
        }
    }

    private func append(_ header: Header, _ body: [UInt8], to peer: PeerID) {
        guard connections.routingID(of: peer) != nil else { return }
        relay.append(header, body: body, to: peer)
    }

    private func send(_ header: Header, to peer: PeerID) {
        guard connections.routingID(of: peer) != nil else { return }
        guard header.command == .heartbeat else { return relay.append(header, to: peer) }
        // It must not wait behind what a slow line has still to take.
        relay.sendNow(header, to: peer, at: now) { send(&$1, to: $0) }
    }

    /// Sends a message of one frame, or one that has a routing id already.
    func send(_ message: inout Message, to peer: PeerID) -> SendOutcome {
        guard let socket, let id = connections.routingID(of: peer) else { return .unreachable }
        if message.frameCount > 1 { message.replaceRoutingID(with: id) } else { message.prepend(id) }
        let outcome = loop.send(&message, on: socket)
        if outcome == .unreachable || outcome == .lost { unreachable.append(peer) }
        return outcome
    }

    /// Sends what can go now; to be called when a turn is over.
    func flush() {
        relay.flush(at: now) { send(&$1, to: $0) }
        while let peer = unreachable.popLast() {
            machine.handle(.unreachable(peer), at: now, actions: &actions)
            performAll()
        }
        tellCrowdings()
        if !relay.blocked.isEmpty { awaitRoom() }
    }

    /// Lets go of a connection.
    func forget(_ peer: PeerID) {
        let orphans = relay.remove(peer)
        connections.remove(peer)
        gate?.assign(nil, to: peer)
        departures.removeAll { $0 == peer }
        for job in orphans { machine.handle(.orphaned(job), at: now, actions: &actions) }
    }
}

extension Logger.Level {
    init(_ level: BrokerMachine.LogLevel) {
        self =
            switch level {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            }
    }
}
