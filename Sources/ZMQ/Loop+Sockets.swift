internal import CZMQ

/// Everything here is for code on the loop's thread, and traps elsewhere.
extension Loop {
    /// Opens a socket.
    ///
    /// - Parameters:
    ///   - receive: called on the loop with each message, until the socket is closed.
    ///   - endOfTurn: called on the loop at the end of each turn in which the socket received something.
    ///   - tooLarge: called on the loop with what is left of a message beyond the limits.
    package func open(
        _ kind: SocketKind,
        options: [SocketOption],
        receive: @escaping @Sendable (consuming Message) -> Void,
        endOfTurn: (@Sendable () -> Void)? = nil,
        tooLarge: (@Sendable (MessageHead) -> Void)? = nil
    ) throws(ZMQError) -> SocketID {
        let entry = try owned.open(kind, options: options, receive: receive, endOfTurn: endOfTurn)
        entry.tooLarge = tooLarge
        return entry.id
    }

    /// Accepts peers at an endpoint.
    ///
    /// - Returns: the endpoint with wildcards resolved: port 0 has become the real one.
    package func bind(_ socket: SocketID, to endpoint: String) throws(ZMQError) -> String {
        try check(endpoint, for: .bind, "zmq_bind")
        return try entry(socket, "zmq_bind", endpoint).socket.bind(to: endpoint)
    }

    /// Connects to an endpoint, now and whenever the connection is lost.
    package func connect(_ socket: SocketID, to endpoint: String) throws(ZMQError) {
        try check(endpoint, for: .connect, "zmq_connect")
        try entry(socket, "zmq_connect", endpoint).socket.connect(to: endpoint)
    }

    /// Accepts no more peers at an endpoint, as `bind` returned it; those that are connected stay.
    package func unbind(_ socket: SocketID, from endpoint: String) throws(ZMQError) {
        try entry(socket, "zmq_unbind", endpoint).socket.unbind(from: endpoint)
    }

    /// Sends a message without ever waiting.
    ///
    /// The message is empty afterwards, except for `full` and `unreachable`: then it is untouched and can be
    /// parked, sent elsewhere or dropped. To a ROUTER's message belongs the routing id as its first frame.
    package func send(_ message: inout Message, on socket: SocketID) -> SendOutcome {
        guard let entry = owned.socket(socket) else { return .unreachable }
        let (frames, bytes) = (message.frameCount, message.totalByteCount)
        let outcome = entry.socket.send(&message)
        counters.count(outcome, frames: frames, bytes: bytes)
        return outcome
    }

    /// The descriptor of the connection a received message came by.
    package func descriptor(of message: borrowing Message) -> Int32? { message.sourceDescriptor }

    /// Calls `body` once, later, when a socket that said `full` may take more.
    ///
    /// For a ROUTER this is a guess, as its peers are full one by one: try again, and register again if it
    /// fails. A later registration for the same socket replaces this one.
    package func onWritable(_ socket: SocketID, _ body: @escaping @Sendable () -> Void) {
        let core = owned
        guard let entry = core.socket(socket) else { return }
        entry.onWritable = body
        core.isPollStale = true
    }

    /// Watches the connections of a socket; once for each socket, before it is bound or connected.
    ///
    /// A DEALER should be watched always: after a protocol error or a final refusal libzmq stops trying, and
    /// only the monitor tells.
    package func monitor(
        _ socket: SocketID,
        receive: @escaping @Sendable (MonitorEvent) -> Void
    ) throws(ZMQError) {
        let core = owned
        let watched = try entry(socket, "zmq_socket_monitor", nil)
        guard watched.monitor == nil else {
            throw ZMQError(
                .addressInUse, function: "zmq_socket_monitor", detail: "second monitor of a socket")
        }
        let endpoint = core.nextMonitorEndpoint()
        try watched.socket.startMonitor(at: endpoint)
        let listener = try core.open(
            .pair, options: SocketLimits(receiveHighWater: 4096).options, isMonitor: true,
            receive: { message in if let event = MonitorEvent(message) { receive(event) } }, endOfTurn: nil
        )
        watched.monitor = listener.id
        try listener.socket.connect(to: endpoint)
    }

    /// Hands on all that the monitor of a socket has seen, now: what happened to a connection before a message
    /// that is here already.
    ///
    /// - Complexity: O(events).
    package func readEvents(of socket: SocketID) {
        let core = owned
        guard let monitor = core.socket(socket)?.monitor.flatMap(core.socket(_:)) else { return }
        while let handOn = monitor.receive {
            switch monitor.socket.receive() {
            case .message(let message): handOn(message)
            case .tooLarge: continue
            case .dropped: continue
            case .empty: return
            }
        }
    }

    /// Closes a socket; messages not yet sent are kept for at most `lingerMilliseconds`.
    ///
    /// None of its closures is called again, and what they captured is let go.
    package func close(_ socket: SocketID, lingerMilliseconds: Int32) {
        let core = owned
        guard let entry = core.socket(socket) else { return }
        core.close(entry, lingerMilliseconds: lingerMilliseconds)
    }

    /// Calls `body` once, on the loop, after some milliseconds; timers with one deadline run in the order
    /// they were made.
    @discardableResult
    package func schedule(
        afterMilliseconds milliseconds: Int64,
        _ body: @escaping @Sendable () -> Void
    ) -> TimerID {
        let core = owned
        guard !core.isStopping else { return core.timers.upcoming }
        let (deadline, isTooLong) = now().addingReportingOverflow(max(0, milliseconds))
        return core.timers.schedule(deadline: isTooLong ? .max : deadline, body)
    }

    /// Drops a timer; one that has run or was dropped is ignored.
    package func cancel(_ timer: TimerID) {
        owned.timers.cancel(timer)
    }

    /// Refuses what libzmq would misread: of a missing port it says that it would block.
    private func check(_ endpoint: String, for use: Endpoint.Use, _ function: String) throws(ZMQError) {
        guard endpoint.hasPrefix("tcp://") else { return }
        do throws(Endpoint.Fault) {
            _ = try Endpoint(endpoint, for: use)
        } catch {
            throw ZMQError(.invalidArgument, function: function, detail: "\(endpoint): \(error)")
        }
    }

    private func entry(_ socket: SocketID, _ function: String, _ detail: String?) throws(ZMQError)
        -> LoopSocket
    {
        guard let entry = owned.socket(socket) else {
            throw ZMQError(.notASocket, function: function, detail: detail)
        }
        return entry
    }
}
