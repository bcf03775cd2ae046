/// A ROUTER or DEALER of a simulated network, with the ways of libzmq 4.3.4 that have bitten somebody: full pipes,
/// unreachable peers, ids that count, descriptors that come back at once, events that come late.
final class SimulatedSocket: @unchecked Sendable {
    // Proof: as for `SimulatedWorld`.

    let id: SocketID
    let kind: SocketKind
    let loop: SimulatedLoop
    var receive: (@Sendable (consuming Message) -> Void)?
    var endOfTurn: (@Sendable () -> Void)?
    var onWritable: (@Sendable () -> Void)?
    var observe: (@Sendable (MonitorEvent) -> Void)?
    var hasReceived = false
    /// Whether a pipe that was full has room since the last turn.
    var hasRoom = false
    let highWater: (send: Int, receive: Int)
    /// Connections there are, and those that ended with messages unread.
    private(set) var connections: [SimulatedConnection] = []
    private var byRoutingID: [RoutingID: SimulatedConnection] = [:]
    private var greetings: UInt32
    private var events: [(moment: Int64, event: MonitorEvent)] = []
    private var endpoint = ""
    private var isListening = false
    private var isOpen = true
    private var reader = 0
    /// What the last message came by.
    private(set) var descriptor: Int32?
    private var reconnectMilliseconds: Int64
    private let reconnect: (first: Int64, most: Int64)

    private var world: SimulatedWorld { loop.world }

    init(id: SocketID, kind: SocketKind, options: [SocketOption], on loop: SimulatedLoop) {
        self.id = id
        self.kind = kind
        self.loop = loop
        var highWater = (send: 1_000, receive: 1_000)
        var reconnect: (first: Int64, most: Int64) = (100, 100)
        for option in options {
            switch option {
            case .sendHighWater(let count): highWater.send = count
            case .receiveHighWater(let count): highWater.receive = count
            case .reconnectInterval(let first, let most): reconnect = (Int64(first), Int64(max(first, most)))
            default: break
            }
        }
        self.highWater = highWater
        self.reconnect = reconnect
        reconnectMilliseconds = reconnect.first
        greetings = UInt32(truncatingIfNeeded: loop.random())
    }

    // MARK: Endpoints

    func bind(to endpoint: String) throws(ZMQError) -> String {
        let resolved =
            endpoint.hasSuffix(":0") ? endpoint.dropLast(1) + "\(world.freePort())" : endpoint
        guard world.listeners[resolved] == nil else {
            throw ZMQError(.addressInUse, function: "zmq_bind", detail: resolved)
        }
        world.listeners[resolved] = self
        (self.endpoint, isListening) = (resolved, true)
        return resolved
    }

    func unbind(from endpoint: String) {
        guard isListening else { return }
        world.listeners[endpoint] = nil
        isListening = false
    }

    func connect(to endpoint: String) {
        self.endpoint = endpoint
        world.schedule(afterNanoseconds: 0) { self.tryToConnect() }
    }

    private func tryToConnect() {
        guard isOpen, loop.state != .dead else { return }
        guard let listener = world.listeners[endpoint], listener.loop.state != .dead,
            !world.line(from: loop, to: listener.loop).isCut
        else { return tryLater() }
        reconnectMilliseconds = reconnect.first
        _ = SimulatedConnection(from: self, to: listener, endpoint: endpoint)
    }

    /// Connects again after a pause that doubles, with some chance.
    func tryLater() {
        guard isOpen, kind != .router else { return }
        let pause = reconnectMilliseconds + Int64(loop.random() % UInt64(max(1, reconnect.first)))
        reconnectMilliseconds = min(2 * reconnectMilliseconds, reconnect.most)
        tell(.connectRetried(endpoint: endpoint, intervalMilliseconds: Int(pause)))
        world.schedule(afterNanoseconds: pause * 1_000_000) { self.tryToConnect() }
    }

    // MARK: Connections

    /// Takes part in a connection.
    func add(_ connection: SimulatedConnection) { connections.append(connection) }

    /// Numbers a peer that greets.
    func greet(_ connection: SimulatedConnection) -> RoutingID? {
        greetings &+= 1
        let number = greetings
        var message = Message()
        message.append([0] + (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) })
        guard let id = message.routingID else { return nil }
        byRoutingID[id] = connection
        return id
    }

    /// A connection has ended; what came by it can still be read.
    func lose(_ connection: SimulatedConnection) {
        for (id, other) in byRoutingID where other === connection { byRoutingID[id] = nil }
        connections.removeAll { $0 === connection && !$0.hasUnread(at: self) }
        if isOpen { tryLater() }
    }

    /// Tells what happened to a connection, a moment later and in order.
    func tell(_ event: MonitorEvent) {
        guard observe != nil, isOpen, loop.state != .dead else { return }
        let moment = max(events.last?.moment ?? 0, world.now + world.random(in: 0..<20_000))
        events.append((moment, event))
        world.schedule(afterNanoseconds: moment - world.now) { self.loop.wake() }
    }

    /// Hands on what has happened to connections.
    func handOnEvents() {
        while let first = events.first, first.moment <= world.now {
            events.removeFirst()
            observe?(first.event)
        }
    }

    func close(lingers: Bool) {
        isOpen = false
        if isListening { unbind(from: endpoint) }
        for connection in connections { connection.end(at: self, lingers: lingers) }
        (receive, endOfTurn, onWritable, observe) = (nil, nil, nil, nil)
    }

    /// Breaks its connections.
    func sever() {
        for connection in connections { connection.sever() }
    }

    /// Ends with its process: the system sends some of what was on its way.
    func die() { close(lingers: world.random() & 1 == 0) }

    // MARK: Messages

    func send(_ message: inout Message) -> SendOutcome {
        guard kind == .router else {
            guard let connection = connections.last(where: { $0.isOpen }) else { return .full }
            return connection.send(&message, from: self)
        }
        guard let id = message.routingID, let connection = byRoutingID[id] else { return .unreachable }
        return connection.send(&message, from: self)
    }

    /// Whether a message can be read.
    var hasMore: Bool { connections.contains { $0.hasUnread(at: self) } }

    /// The next message of its peers, each in turn.
    func nextMessage() -> Message? {
        for _ in connections.indices {
            reader = (reader + 1) % connections.count
            let connection = connections[reader]
            guard let message = connection.take(at: self) else { continue }
            if !connection.isOpen, !connection.hasUnread(at: self) { connections.remove(at: reader) }
            descriptor = connection.descriptor(at: self)
            return message
        }
        return nil
    }

    /// Tells who waits for room that there may be some.
    func resume() {
        guard hasRoom, let body = onWritable else { return }
        (hasRoom, onWritable) = (false, nil)
        body()
    }
}
