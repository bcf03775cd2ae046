package import Protocol
package import ZMQ

/// A peer's side of its session with the broker: what worker and trainer share.
///
/// DESIGN. A value that lives inside an actor whose executor is the loop. It owns the DEALER and the
/// `LinkMachine`, turns the machine's actions into calls on the socket, and answers the session's own
/// commands; all else goes to the owner as the events of the call that brought it, never through a closure,
/// so that the owner may use the link again at once. A message costs no task, no hop and no closure: the loop
/// calls the owner, the owner calls `receive`. What is sent in a turn goes out at its end, together. Large tensors
/// stay here until the other side asks for them, and come when this side has asked: the owner sees whole records
/// alone. The hello is asked for when it is needed, because it lists what the peer holds at that moment.
package struct PeerLink {
    /// Where the broker is.
    package let endpoint: String
    /// What it has carried.
    package internal(set) var statistics = LinkStatistics()

    /// What the broker knows us by, and we it; `nil` where there are no keys.
    let credentials: CurveCredentials?
    let loop: any Reactor
    var machine: LinkMachine
    var socket: SocketID?
    /// The run of the broker that welcomed us last; its messages count even while the link is being remade.
    var epoch: UInt64 = 0
    /// What waits to go out.
    var outbox = Outbox()
    /// What the other side may ask for.
    var supplies = Supplies()
    /// What was asked for and has not come.
    var arrivals: Arrivals
    /// Set when too much waited and nobody sends again what did not fit: only a new session can tell the other
    /// side what it missed.
    var isOverflowing = false
    /// Whether the owner sends again what was dropped.
    let repeatsDropped: Bool
    /// Signs of life since the last tick: reading the clock for each message would cost more than the machine
    /// needs.
    var hasSent = false
    var hasHeard = false
    private weak var owner: (any LinkOwner)?
    /// Whether `flush` will be called.
    var isFlushComing = false
    var arrivalEvents: [Arrivals.Event] = []
    var isHelloOpen = false
    private var gate = NoticeGate(intervalMilliseconds: LinkLimits.noticeIntervalMilliseconds)

    /// A link not yet opened.
    ///
    /// - Parameters:
    ///   - endpoint: where the broker is, such as `tcp://127.0.0.1:5555`.
    ///   - timeoutMilliseconds: how long to look for a broker before failing; `nil` for ever.
    ///   - credentials: one's own keys and the broker's; `nil` for a broker without.
    ///   - repeatsDropped: whether the owner sends again what was dropped; a link that overflows is remade for
    ///     one that does not.
    ///   - arrivingByteCountMaximum: bytes of tensors that may be on their way here.
    ///   - contentByteCountMaximum: bytes of tensors kept for jobs that need the same again.
    package init(
        endpoint: String, credentials: CurveCredentials? = nil, timeoutMilliseconds: Int64? = nil,
        repeatsDropped: Bool = false,
        arrivingByteCountMaximum: Int = ProtocolLimits.attachmentByteCountMaximum,
        contentByteCountMaximum: Int = 0, loop: any Reactor
    ) {
        self.endpoint = endpoint
        self.credentials = credentials
        self.repeatsDropped = repeatsDropped
        self.loop = loop
        arrivals = Arrivals(
            byteCountMaximum: arrivingByteCountMaximum, contentByteCountMaximum: contentByteCountMaximum)
        machine = LinkMachine(now: loop.now(), timeoutMilliseconds: timeoutMilliseconds)
    }

    /// Whether the broker knows us now.
    package var isReady: Bool { machine.isReady }

    /// Whether something is still to go out, or to be asked for.
    package var hasUnsent: Bool { !outbox.isEmpty || !supplies.isEmpty }

    /// How long a broker has been looked for, in milliseconds; `nil` once found.
    package var waitingMilliseconds: Int64? { machine.waitingMilliseconds(at: loop.now()) }

    /// Opens the socket. Call it on the loop, as everything here.
    ///
    /// - Throws: `ZMQError` for an endpoint libzmq cannot read.
    package mutating func start(for owner: any LinkOwner, hello: () -> Hello) throws(ZMQError) -> LinkEvent? {
        self.owner = owner
        try open()
        return handle(.started, hello: hello)
    }

    /// Takes what the monitor of the socket saw.
    package mutating func observe(_ event: MonitorEvent, hello: () -> Hello) -> LinkEvent? {
        switch event {
        case .handshakeSucceeded:
            outbox.reset()
            return handle(.connected, hello: hello)
        case .disconnected:
            return handle(.disconnected, hello: hello)
        case .handshakeFailed(_, let failure): return take(failure, hello: hello)
        default: return nil
        }
    }

    /// Lets time pass; call it every `LinkLimits.tickMilliseconds`.
    package mutating func tick(hello: () -> Hello) -> LinkEvent? {
        if hasHeard { _ = handle(.heard, hello: hello) }
        if hasSent { _ = handle(.sent, hello: hello) }
        (hasHeard, hasSent) = (false, false)
        guard isOverflowing else { return handle(.tick, hello: hello) }
        isOverflowing = false
        let event = handle(.disconnected, hello: hello)
        do {
            try open()
        } catch {
            return event ?? .noticed("\(error)")
        }
        _ = handle(.started, hello: hello)
        return event
    }

    /// Says goodbye, if there is anybody to say it to, and closes the socket.
    package mutating func leave(reason: String) {
        flush()
        let isKnown = isReady
        _ = handle(.leave(reason: reason), hello: { preconditionFailure("nobody says hello when leaving") })
        close(lingerMilliseconds: isKnown ? LinkLimits.lingerMilliseconds : 0)
    }

    /// Gives the machine an event and does what it says.
    mutating func handle(_ event: LinkMachine.Event, hello: () -> Hello) -> LinkEvent? {
        var result: LinkEvent?
        for action in machine.handle(event, at: loop.now()) {
            switch action {
            case .sendHello:
                isHelloOpen = true
                sendNow(Header(.hello), body: hello().encoded())
            case .sendHeartbeat:
                sendNow(Header(.heartbeat))
            case .sendGoodbye(let reason):
                sendNow(Header(.goodbye), body: Goodbye(reason: reason).encoded())
            case .reopen:
                do { try open() } catch { result = result ?? .noticed("\(error)") }
            case .becomeReady(let welcome, let epoch):
                isHelloOpen = false
                self.epoch = epoch
                result = .ready(welcome, epoch: epoch)
            case .lose(let reason):
                statistics.losses += 1
                forgetAll()
                result = .lost(reason: reason)
            case .fail(let failure):
                close(lingerMilliseconds: 0)
                result = .failed(
                    failure.code == .brokerUnreachable
                        ? Failure(failure.code, "no broker answered at \(endpoint) \(failure.message)")
                        : failure)
            }
        }
        return result
    }

    private mutating func open() throws(ZMQError) {
        close(lingerMilliseconds: 0)
        guard let owner else { return }
        let socket = try Self.open(on: loop, for: owner, credentials)
        self.socket = socket
        try loop.connect(socket, to: endpoint)
    }

    private static func open(
        on loop: any Reactor, for owner: some LinkOwner, _ credentials: CurveCredentials?
    ) throws(ZMQError) -> SocketID {
        let socket = try loop.open(
            .dealer, options: .dealer(LinkLimits.socketLimits) + (credentials.map { [$0.option] } ?? []),
            for: owner,
            receive: { owner, message in owner.linkDidReceive(message) },
            endOfTurn: { owner in owner.linkDidEndTurn() },
            tooLarge: { owner, head in owner.linkDidReceive(head) },
        )
        try loop.monitor(socket) { event in owner.assumeIsolated { $0.linkDidObserve(event) } }
        return socket
    }

    private mutating func close(lingerMilliseconds: Int32) {
        forgetAll()
        guard let socket else { return }
        loop.close(socket, lingerMilliseconds: lingerMilliseconds)
        self.socket = nil
    }

    /// Nothing that was said is still on its way: whoever needs it says it again.
    private mutating func forgetAll() {
        outbox.reset()
        supplies.removeAll()
        arrivals.dropAll()
    }

    /// A line for the log about an endpoint, unless there was one just now.
    mutating func note(_ text: (_ endpoint: String) -> String) -> LinkEvent? {
        let endpoint = endpoint
        return gate.admit(text(endpoint), at: loop.now()).map { .noticed($0) }
    }

    /// Asks to be called once the full socket has room.
    func awaitRoom() {
        guard let socket, let owner else { return }
        Self.awaitRoom(on: loop, socket, for: owner)
    }

    private static func awaitRoom(on loop: any Reactor, _ socket: SocketID, for owner: some LinkOwner) {
        loop.onWritable(socket) { [weak owner] in owner?.assumeIsolated { $0.linkShouldFlush() } }
    }

    /// Has `flush` called when this turn is over.
    mutating func scheduleFlush() {
        guard !isFlushComing, let owner else { return }
        isFlushComing = true
        Self.scheduleFlush(on: loop, for: owner)
    }

    private static func scheduleFlush(on loop: any Reactor, for owner: some LinkOwner) {
        loop.execute { [weak owner] in owner?.assumeIsolated { $0.linkShouldFlush() } }
    }
}
