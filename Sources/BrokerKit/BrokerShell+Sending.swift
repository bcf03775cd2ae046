import Logging
import Protocol
import ZMQ

// From the machine to the socket.
extension BrokerShell {
    /// Gives the machine an event that came without a message, and does what it says.
    func handle(_ event: BrokerMachine.Event) {
        var nothing: Message?
        handle(event, carrying: &nothing)
    }

    /// Gives the machine an event and does what it says; what is said while doing so is done as well.
    func handle(_ event: BrokerMachine.Event, carrying message: inout Message?) {
        machine.handle(event, at: now, actions: &actions)
        var index = 0
        while index < actions.count {
            perform(actions[index], &message)
            index += 1
        }
        actions.removeAll(keepingCapacity: true)
    }

    private func perform(_ action: BrokerMachine.Action, _ message: inout Message?) {
        switch action {
        case .forward(let peer, let header): forward(&message, to: peer, header)
        case .relay(let peer): forward(&message, to: peer, nil)
        case .send(let peer, let header): send(header, nil, to: peer)
        case .fail(let peer, let header, let failure): send(header, failure.encoded(), to: peer)
        case .welcome(let peer, let header, let welcome): send(header, welcome.encoded(), to: peer)
        case .owner(let peer, let header, let owner): send(header, owner.encoded(), to: peer)
        case .goodbye(let peer, let header, let goodbye): send(header, goodbye.encoded(), to: peer)
        case .catalogue(let peers, let header, let catalogue):
            let body = catalogue.encoded()
            for peer in peers { send(header, body, to: peer) }
        case .forget(let peer): forget(peer)
        case .log(let level, let text): logger.log(level: Logger.Level(level), "\(text)")
        }
    }

    private func forward(_ message: inout Message?, to peer: PeerID, _ header: Header?) {
        guard let id = connections.routingID(of: peer), var moving = message.take() else { return }
        moving.replaceRoutingID(with: id)
        if let header { moving.editFrame(1) { header.encode(into: &$0) } }
        send(moving, to: peer)
    }

    /// Sends a message of the broker's own.
    func send(_ header: Header, _ body: [UInt8]?, to peer: PeerID) {
        guard let id = connections.routingID(of: peer) else { return }
        var message = Message(reservingFrames: 3)
        message.append(byteCount: Header.byteCount) { header.encode(into: &$0) }
        if let body { message.append(body) }
        message.prepend(id)
        send(message, to: peer)
    }

    private func send(_ message: consuming Message, to peer: PeerID) {
        guard let socket else { return }
        guard !parked.isWaiting(for: peer) else { return park(message, for: peer) }
        switch loop.send(&message, on: socket) {
        case .sent: break
        case .full: park(message, for: peer)
        case .unreachable, .lost: machine.handle(.unreachable(peer), at: now, actions: &actions)
        }
    }

    private func park(_ message: consuming Message, for peer: PeerID) {
        guard parked.append(message, for: peer) else {
            parked.remove(peer)
            return machine.handle(.overwhelmed(peer), at: now, actions: &actions)
        }
        awaitRoom()
    }

    /// Sends what waits for a peer, as far as there is room.
    func sendParked(to peer: PeerID) {
        guard let socket else { return }
        var isGone = false
        parked.drain(peer) { message in
            let outcome = loop.send(&message, on: socket)
            if outcome == .unreachable || outcome == .lost { isGone = true }
            return outcome
        }
        if isGone { handle(.unreachable(peer)) }
    }

    /// Lets go of a connection.
    func forget(_ peer: PeerID) {
        parked.remove(peer)
        connections.remove(peer)
        gate?.assign(nil, to: peer)
        departures.removeAll { $0 == peer }
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
