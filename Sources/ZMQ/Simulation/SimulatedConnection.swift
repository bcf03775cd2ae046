/// A connection of a simulated network, between a DEALER and a ROUTER: two pipes, and the handshake before them.
final class SimulatedConnection: @unchecked Sendable {
    // Proof: as for `SimulatedWorld`.

    /// One way.
    private struct Pipe {
        /// On its way, each with the moment it comes.
        var flight: [(parcel: Parcel, moment: Int64)] = []
        /// Come, and not read.
        var unread: [Parcel] = []
        /// When the line is done with what was sent before.
        var freeAt: Int64 = 0

        var count: Int { flight.count + unread.count }
    }

    private let dealer: SimulatedSocket
    private let router: SimulatedSocket
    private let endpoint: String
    private let dealerDescriptor: Int32
    private let routerDescriptor: Int32
    private var up = Pipe()
    private var down = Pipe()
    private var routingID: RoutingID?
    /// Whether messages can flow.
    private(set) var isOpen = false
    private var isOver = false

    private var world: SimulatedWorld { dealer.loop.world }

    /// Begins a handshake.
    init(from dealer: SimulatedSocket, to router: SimulatedSocket, endpoint: String) {
        self.dealer = dealer
        self.router = router
        self.endpoint = endpoint
        dealerDescriptor = dealer.loop.takeDescriptor()
        routerDescriptor = router.loop.takeDescriptor()
        dealer.add(self)
        router.add(self)
        router.tell(.accepted(endpoint: endpoint, descriptor: routerDescriptor))
        dealer.tell(.connected(endpoint: endpoint, descriptor: dealerDescriptor))
        let line = world.line(from: dealer.loop, to: router.loop)
        world.schedule(afterNanoseconds: 4 * line.latency + 50_000) { self.greet() }
    }

    private func greet() {
        guard !isOver else { return }
        isOpen = true
        routingID = router.greet(self)
        router.tell(.handshakeSucceeded(endpoint: endpoint))
        dealer.tell(.handshakeSucceeded(endpoint: endpoint))
        dealer.hasRoom = true
        dealer.loop.wake()
    }

    /// The descriptor an end has.
    func descriptor(at socket: SimulatedSocket) -> Int32 {
        socket === router ? routerDescriptor : dealerDescriptor
    }

    // MARK: Messages

    /// Whether something that came to an end was not read.
    func hasUnread(at socket: SimulatedSocket) -> Bool {
        !(socket === router ? up.unread.isEmpty : down.unread.isEmpty)
    }

    /// Sends from one end to the other; a ROUTER's message begins with the peer's id.
    func send(_ message: inout Message, from socket: SimulatedSocket) -> SendOutcome {
        let isUp = socket === dealer
        let (sender, receiver) = isUp ? (dealer, router) : (router, dealer)
        let room = sender.highWater.send + receiver.highWater.receive
        guard (isUp ? up.count : down.count) < room else { return .full }
        var sent = message
        message = Message()
        if !isUp { sent.removeFirst() }
        world.note(UInt64(sent.totalByteCount))
        let line = world.line(from: sender.loop, to: receiver.loop)
        var pipe = isUp ? up : down
        // A line carries one message after the other.
        let departure = max(world.now, pipe.freeAt)
        pipe.freeAt = departure + Int64(sent.totalByteCount) * 1_000_000_000 / max(1, line.bytesPerSecond)
        let chance = line.jitter > 0 ? world.random(in: 0..<line.jitter) : 0
        let moment = max(pipe.freeAt + line.latency + chance, pipe.flight.last?.moment ?? 0)
        world.observe?(
            SimulatedLetter(sender: sender.loop, receiver: receiver.loop, nanoseconds: moment - world.now),
            sent)
        let parcel = Parcel(sent)
        pipe.flight.append((parcel, moment))
        if isUp { up = pipe } else { down = pipe }
        world.schedule(afterNanoseconds: moment - world.now) { self.arrive(isUp) }
        return .sent
    }

    /// Lets what is due come, unless the line is cut: then it comes when the line is whole again.
    private func arrive(_ isUp: Bool) {
        let (sender, receiver) = isUp ? (dealer, router) : (router, dealer)
        guard !world.line(from: sender.loop, to: receiver.loop).isCut else { return giveUpLater() }
        var pipe = isUp ? up : down
        while let first = pipe.flight.first, first.moment <= world.now {
            pipe.flight.removeFirst()
            if receiver.loop.state != .dead, receiver.receive != nil { pipe.unread.append(first.parcel) }
        }
        if isUp { up = pipe } else { down = pipe }
        receiver.loop.wake()
    }

    /// The line is as it was not before.
    func lineChanged() {
        guard !isOver else { return }
        arrive(true)
        arrive(false)
    }

    /// The next message that came to an end.
    func take(at socket: SimulatedSocket) -> Message? {
        let isUp = socket === router
        guard !(isUp ? up : down).unread.isEmpty else { return nil }
        let parcel = isUp ? up.unread.removeFirst() : down.unread.removeFirst()
        let sender = isUp ? dealer : router
        if sender.onWritable != nil {
            sender.hasRoom = true
            sender.loop.wake()
        }
        guard var message = parcel.take() else { return nil }
        if isUp, let routingID { message.prepend(routingID) }
        return message
    }

    // MARK: The end

    /// Breaks, as networks do: what is on its way is lost, and both ends hear of it some time later.
    func sever() {
        guard !isOver else { return }
        over()
        (up.flight, down.flight) = ([], [])
        tellEnd(dealer, dealerDescriptor, after: world.random(in: 0..<2_000_000))
        tellEnd(router, routerDescriptor, after: world.random(in: 0..<2_000_000))
    }

    /// One end closes it; what it has sent still comes where it lingers.
    func end(at socket: SimulatedSocket, lingers: Bool) {
        guard !isOver else { return }
        let isUp = socket === dealer
        if !lingers { if isUp { up.flight = [] } else { down.flight = [] } }
        let last = (isUp ? up : down).flight.last?.moment ?? world.now
        let line = world.line(from: dealer.loop, to: router.loop)
        over()
        let (other, descriptor) = isUp ? (router, routerDescriptor) : (dealer, dealerDescriptor)
        socket.loop.giveDescriptor(self.descriptor(at: socket))
        socket.lose(self)
        tellEnd(other, descriptor, after: max(last - world.now, 0) + line.latency)
    }

    private func over() {
        isOver = true
        isOpen = false
    }

    private func tellEnd(_ socket: SimulatedSocket, _ descriptor: Int32, after delay: Int64) {
        world.schedule(afterNanoseconds: delay) {
            if self.world.line(from: self.dealer.loop, to: self.router.loop).isCut {
                // Nobody tells; the system gives up some time.
                return self.tellEnd(socket, descriptor, after: 20_000_000_000)
            }
            socket.tell(.disconnected(endpoint: self.endpoint, descriptor: descriptor))
            socket.loop.giveDescriptor(descriptor)
            socket.lose(self)
            socket.loop.wake()
        }
    }

    /// What is sent and never arrives ends the connection some time (`TCP_MAXRT`).
    private func giveUpLater() {
        world.schedule(afterNanoseconds: 20_000_000_000) {
            let isCut = self.world.line(from: self.dealer.loop, to: self.router.loop).isCut
            guard isCut, !self.isOver else { return }
            self.over()
            (self.up.flight, self.down.flight) = ([], [])
            for socket in [self.dealer, self.router] {
                socket.tell(.disconnected(endpoint: self.endpoint, descriptor: self.descriptor(at: socket)))
                socket.loop.giveDescriptor(self.descriptor(at: socket))
                socket.lose(self)
                socket.loop.wake()
            }
        }
    }
}
