internal import CZMQ

/// The name of an open socket of a loop.
package struct SocketID: Sendable, Hashable {
    /// The slot in the loop's table.
    let slot: Int
    /// How often the slot was used before, so that a name is never used twice.
    let generation: Int
}

/// A socket of a loop with what the loop does for it.
final class LoopSocket {
    let id: SocketID
    let kind: SocketKind
    var socket: Socket
    /// Empty once the socket is closed: what a closure holds must be let go.
    var receive: (@Sendable (consuming Message) -> Void)?
    var endOfTurn: (@Sendable () -> Void)?
    /// Called with what is left of a message beyond the limits.
    var tooLarge: (@Sendable (MessageHead) -> Void)?
    /// Called once when a socket that was full may take more.
    var onWritable: (@Sendable () -> Void)?
    /// The socket that hears this one's events.
    var monitor: SocketID?
    /// Whether this socket hears another's events; those are read first.
    let isMonitor: Bool
    /// Whether a message was handed on since the last end of a turn.
    var hasReceived = false

    init(
        id: SocketID,
        kind: SocketKind,
        socket: consuming Socket,
        isMonitor: Bool,
        receive: @escaping @Sendable (consuming Message) -> Void,
        endOfTurn: (@Sendable () -> Void)?
    ) {
        self.id = id
        self.kind = kind
        self.socket = socket
        self.isMonitor = isMonitor
        self.receive = receive
        self.endOfTurn = endOfTurn
    }
}

/// What belongs to the loop's thread alone.
@safe final class LoopCore {
    /// One entry of what is polled.
    enum PollTarget {
        case wakeUp
        case socket(LoopSocket)
        /// The signal descriptor of a ROUTER that was full.
        case signal
    }

    let context: Context
    var timers = Timers()
    /// The mailbox's content while it is worked off.
    var items: [Mailbox.Item] = []
    var isStopping = false
    /// The socket that says who is let in.
    var authenticator: SocketID?
    /// Set when the thread has nothing left to do but late jobs.
    var outcome: ShutdownOutcome?

    private var slots: [LoopSocket?] = []
    private var generations: [Int] = []
    private var monitorCount = 0

    var pollItems: [zmq_pollitem_t] = unsafe []
    var pollTargets: [PollTarget] = []
    var isPollStale = true

    init(context: Context) {
        self.context = context
    }

    /// The socket of a name; nil once it is closed.
    func socket(_ id: SocketID) -> LoopSocket? {
        guard slots.indices.contains(id.slot), let socket = slots[id.slot], socket.id == id else {
            return nil
        }
        return socket
    }

    /// All open sockets, monitors first, and last whoever says who is let in: libzmq lets everybody in without it.
    var openSockets: [LoopSocket] {
        let open = slots.compactMap(\.self)
        return open.filter(\.isMonitor) + open.filter { !$0.isMonitor && $0.id != authenticator }
            + open.filter { $0.id == authenticator }
    }

    /// Opens a socket and gives it a name.
    func open(
        _ kind: SocketKind,
        options: [SocketOption],
        isMonitor: Bool = false,
        receive: @escaping @Sendable (consuming Message) -> Void,
        endOfTurn: (@Sendable () -> Void)?
    ) throws(ZMQError) -> LoopSocket {
        guard !isStopping else { throw ZMQError(.terminated, function: "zmq_socket", detail: "\(kind)") }
        guard authenticator != nil || !options.contains(where: \.needsAuthenticator) else {
            throw ZMQError(
                .invalidArgument, function: "zmq_setsockopt",
                detail: "curveServer: without an authenticator everybody would be let in")
        }
        let socket = try Socket(kind, options: options, in: context)
        let entry = LoopSocket(
            id: freeID(), kind: kind, socket: socket, isMonitor: isMonitor, receive: receive,
            endOfTurn: endOfTurn
        )
        slots[entry.id.slot] = entry
        isPollStale = true
        return entry
    }

    /// Closes a socket and forgets it; none of its closures is called again.
    func close(_ entry: LoopSocket, lingerMilliseconds: Int32) {
        if let monitor = entry.monitor.flatMap(socket(_:)) {
            entry.socket.stopMonitor()
            close(monitor, lingerMilliseconds: 0)
        }
        entry.socket.close(lingerMilliseconds: lingerMilliseconds)
        entry.receive = nil
        entry.endOfTurn = nil
        entry.tooLarge = nil
        entry.onWritable = nil
        slots[entry.id.slot] = nil
        isPollStale = true
    }

    /// An `inproc` endpoint for the next monitor.
    func nextMonitorEndpoint() -> String {
        monitorCount += 1
        return "inproc://monitor-\(monitorCount)"
    }

    /// Lists anew what is to be polled; sockets are few and change rarely.
    func rebuildPoll(wakeUpDescriptor: Int32) throws(ZMQError) {
        unsafe pollItems.removeAll(keepingCapacity: true)
        pollTargets.removeAll(keepingCapacity: true)
        addDescriptor(wakeUpDescriptor, .wakeUp)
        for entry in openSockets {
            let isWaiting = entry.onWritable != nil
            // A ROUTER counts as writable as soon as any peer is: only its signal tells that something
            // changed.
            let events = isWaiting && entry.kind != .router ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN
            unsafe pollItems.append(entry.socket.pollItem(events: events))
            pollTargets.append(.socket(entry))
            if isWaiting, entry.kind == .router {
                addDescriptor(try entry.socket.signalDescriptor(), .signal)
            }
        }
        isPollStale = false
    }

    private func addDescriptor(_ descriptor: Int32, _ target: PollTarget) {
        unsafe pollItems.append(
            zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
        pollTargets.append(target)
    }

    private func freeID() -> SocketID {
        let slot = slots.firstIndex { $0 == nil } ?? slots.count
        if slot == slots.count {
            slots.append(nil)
            generations.append(0)
        }
        generations[slot] += 1
        return SocketID(slot: slot, generation: generations[slot])
    }
}
