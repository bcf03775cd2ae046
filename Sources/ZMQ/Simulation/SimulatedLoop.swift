/// A loop of a simulated world: what lives on it is what ships, its time and its network are the world's.
///
/// A process of the world has one. It may be stopped for a while, and killed.
package final class SimulatedLoop: Reactor, @unchecked Sendable {
    // Proof: as for `SimulatedWorld`.

    /// What a process can be.
    package enum State: Sendable, Hashable {
        /// It takes its turns.
        case running
        /// It does nothing until it goes on: what comes waits (SIGSTOP).
        case stopped
        /// It is gone, and all that lived on it does nothing any more (SIGKILL).
        case dead
    }

    /// The name, for the log of a course.
    package let name: String
    /// Where it stands.
    package private(set) var state = State.running

    /// Tells it from every other loop of its world.
    package let number: Int
    let world: SimulatedWorld
    /// Where its tasks run.
    private(set) var tasks: SimulatedTasks?
    private var timers = Timers()
    private var items: [Item] = []
    private var sockets: [SimulatedSocket?] = []
    private var descriptors: Set<Int32> = []
    private var isTurnDue = false
    private var wakesAt: Int64 = .max
    private var clockOffset: Int64 = 0
    /// The descriptor of the connection whose message is being received.
    private var sourceDescriptor: Int32?

    /// One thing to do.
    enum Item {
        /// A job of an actor that lives here.
        case job(UnownedJob)
        /// A job of a task that runs here.
        case task(UnownedJob)
        /// A closure.
        case work(@Sendable () -> Void)
    }

    init(name: String, number: Int, in world: SimulatedWorld) {
        self.name = name
        self.number = number
        self.world = world
        tasks = SimulatedTasks(self)
    }

    /// The sockets that are open.
    var openSockets: [SimulatedSocket] { sockets.compactMap(\.self) }

    // MARK: What happens to a process

    /// Takes no turns for a while.
    package func stop() {
        if state == .running { state = .stopped }
    }

    /// Goes on.
    package func go() {
        guard state == .stopped else { return }
        state = .running
        wake()
    }

    /// Ends without a word; the system closes its connections.
    package func kill() {
        guard state != .dead else { return }
        state = .dead
        for socket in openSockets { socket.die() }
        sockets.removeAll()
    }

    /// Lets it do what was left undone when it was killed, with nobody to hear it.
    func bury() {
        guard state == .dead else { return }
        state = .running
        isTurnDue = false
        wake()
    }

    /// Breaks its connections; those that connect try again.
    package func sever() {
        for socket in openSockets { socket.sever() }
    }

    /// Sets the clock forward.
    package func skip(milliseconds: Int64) {
        clockOffset += max(0, milliseconds) * 1_000_000
        wake()
    }

    // MARK: Turns

    /// Sees to it that it has a turn soon.
    func wake() {
        guard !isTurnDue, state == .running else { return }
        isTurnDue = true
        world.schedule(afterNanoseconds: world.random(in: 1_000..<20_000)) { self.turn() }
    }

    private func turn() {
        isTurnDue = false
        guard state == .running else { return }
        world.note(UInt64(number))
        world.current = self
        defer { world.current = nil }
        let (now, limit) = (now(), timers.upcoming)
        while let body = timers.popDue(at: now, before: limit) { body() }
        let items = items
        self.items.removeAll()
        for socket in openSockets { socket.handOnEvents() }
        for socket in openSockets { receive(socket) }
        for item in items { run(item) }
        for socket in openSockets { socket.resume() }
        for socket in openSockets where socket.hasReceived {
            socket.hasReceived = false
            socket.endOfTurn?()
        }
        if !self.items.isEmpty || openSockets.contains(where: \.hasMore) { wake() }
        awaitTimer()
    }

    private func run(_ item: Item) {
        switch item {
        case .job(let job): unsafe job.runSynchronously(on: asUnownedSerialExecutor())
        case .task(let job): if let tasks { unsafe job.runSynchronously(on: tasks.asUnownedTaskExecutor()) }
        case .work(let work): work()
        }
    }

    private func receive(_ socket: SimulatedSocket) {
        for _ in 0..<Loop.messagesPerTurn {
            guard let handOn = socket.receive, let message = socket.nextMessage() else { return }
            socket.hasReceived = true
            sourceDescriptor = socket.descriptor
            handOn(message)
        }
    }

    /// Sees to it that it has a turn when the next timer is due.
    private func awaitTimer() {
        guard let deadline = timers.nextDeadline() else { return }
        let (nanoseconds, isTooLong) = deadline.multipliedReportingOverflow(by: 1_000_000)
        let moment = isTooLong ? .max : nanoseconds - clockOffset
        guard moment < wakesAt || wakesAt <= world.now else { return }
        wakesAt = moment
        guard !isTooLong else { return }
        world.schedule(afterNanoseconds: moment - world.now) { self.wake() }
    }

    func add(_ item: Item) {
        items.append(item)
        wake()
    }
}

// MARK: - Reactor

extension SimulatedLoop {
    package func now() -> Int64 { nanoseconds() / 1_000_000 }

    package func nanoseconds() -> Int64 { world.now + clockOffset }

    package func random() -> UInt64 { world.random() }

    package var taskExecutor: (any TaskExecutor)? { tasks }

    package func makeTaskExecutor() -> any TaskExecutor { SimulatedTasks(self) }

    package var isOnLoop: Bool { world.current === self }

    package func execute(_ work: @escaping @Sendable () -> Void) -> Bool {
        add(.work(work))
        return true
    }

    package func schedule(
        afterMilliseconds milliseconds: Int64, _ body: @escaping @Sendable () -> Void
    ) -> TimerID {
        let (deadline, isTooLong) = now().addingReportingOverflow(max(0, milliseconds))
        let timer = timers.schedule(deadline: isTooLong ? .max : deadline, body)
        awaitTimer()
        return timer
    }

    package func cancel(_ timer: TimerID) { timers.cancel(timer) }

    package func open(
        _ kind: SocketKind, options: [SocketOption], receive: @escaping @Sendable (consuming Message) -> Void,
        endOfTurn: (@Sendable () -> Void)?, tooLarge: (@Sendable (MessageHead) -> Void)?
    ) throws(ZMQError) -> SocketID {
        let id = SocketID(slot: sockets.count, generation: 1)
        let socket = SimulatedSocket(id: id, kind: kind, options: options, on: self)
        socket.receive = receive
        socket.endOfTurn = endOfTurn
        sockets.append(socket)
        return id
    }

    /// A simulated network has no keys.
    package func authenticate(_ decide: @escaping @Sendable (Applicant) -> Admission) throws(ZMQError) {
        throw ZMQError(.incompatibleProtocol, function: "authenticate", detail: name)
    }

    package func bind(_ socket: SocketID, to endpoint: String) throws(ZMQError) -> String {
        try entry(socket, "zmq_bind").bind(to: endpoint)
    }

    package func unbind(_ socket: SocketID, from endpoint: String) throws(ZMQError) {
        try entry(socket, "zmq_unbind").unbind(from: endpoint)
    }

    package func connect(_ socket: SocketID, to endpoint: String) throws(ZMQError) {
        try entry(socket, "zmq_connect").connect(to: endpoint)
    }

    package func monitor(
        _ socket: SocketID, receive: @escaping @Sendable (MonitorEvent) -> Void
    ) throws(ZMQError) {
        try entry(socket, "zmq_socket_monitor").observe = receive
    }

    package func readEvents(of socket: SocketID) { found(socket)?.handOnEvents() }

    package func send(_ message: inout Message, on socket: SocketID) -> SendOutcome {
        found(socket)?.send(&message) ?? .unreachable
    }

    package func descriptor(of message: borrowing Message) -> Int32? { sourceDescriptor }

    package func onWritable(_ socket: SocketID, _ body: @escaping @Sendable () -> Void) {
        found(socket)?.onWritable = body
    }

    package func close(_ socket: SocketID, lingerMilliseconds: Int32) {
        guard let entry = found(socket) else { return }
        entry.close(lingers: lingerMilliseconds > 0)
        sockets[socket.slot] = nil
    }

    private func found(_ socket: SocketID) -> SimulatedSocket? {
        sockets.indices.contains(socket.slot) ? sockets[socket.slot] : nil
    }

    private func entry(_ socket: SocketID, _ function: String) throws(ZMQError) -> SimulatedSocket {
        guard let entry = found(socket) else { throw ZMQError(.notASocket, function: function) }
        return entry
    }
}

// MARK: - Descriptors

extension SimulatedLoop {
    /// A descriptor nobody has: the least, as systems give them.
    func takeDescriptor() -> Int32 {
        var descriptor: Int32 = 10
        while !descriptors.insert(descriptor).inserted { descriptor += 1 }
        return descriptor
    }

    /// Gives a descriptor back; the next connection has it at once.
    func giveDescriptor(_ descriptor: Int32) { descriptors.remove(descriptor) }
}

// MARK: - Executor

extension SimulatedLoop {
    package func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() {
        precondition(isOnLoop, "not on the loop \(name)")
    }

    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }
}

/// Where the tasks of a simulated process run: in the turns of its loop.
package final class SimulatedTasks: TaskExecutor, @unchecked Sendable {
    // Proof: as for `SimulatedWorld`.
    private unowned let loop: SimulatedLoop

    init(_ loop: SimulatedLoop) { self.loop = loop }

    package func enqueue(_ job: consuming ExecutorJob) { loop.add(.task(UnownedJob(job))) }
}
