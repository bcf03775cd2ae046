import Ground
package import Logging
import Protocol
package import ZMQ

/// The broker in the world: a ROUTER, its monitor and a clock around a `BrokerMachine`.
///
/// DESIGN. It lives on the loop's thread, and what the socket receives is handled where it arrives: no task,
/// no hop, no lock for a message, and not even the check an actor makes when it is entered, which took an
/// eighth of the time. A record lies in its frame until the machine has said what to do with it; one that moves
/// on is copied under another header into a frame of all that goes to one peer in this turn, and what is attached
/// to it moves only when its receiver asks (`Relay`). Time is read once in a turn of the loop. What a peer's line
/// does not take waits, bounded; a peer over the bound counts as lost. The loop holds on to the
/// shell until it is stopped, or the
/// loop ends: a weak reference would make every other reference to it slower.
package final class BrokerShell: @unchecked Sendable {
    // Proof: the constants are Sendable, and everything that changes is touched on the loop's thread alone,
    // for the loop calls receivers, monitors and timers there, and `start`, `stop` and `statistics` go there
    // through `onLoop`.

    /// Where it listens, as it was asked to.
    package let endpoint: String

    let loop: any Reactor
    let logger: Logger
    var machine: BrokerMachine
    var socket: SocketID?
    var connections = ConnectionTable()
    /// Who is let in; `nil` where everybody is.
    var gate: AccessGate?
    var relay: Relay
    private var thrift = Thrift()
    /// Connections that were found to be no more while something was sent.
    var unreachable: [PeerID] = []
    /// Peers of another major version that were told so.
    var refused: Set<RoutingID> = []
    var actions: [BrokerMachine.Action] = []
    /// Connections that have ended, of which messages may still be unread.
    var departures: [PeerID] = []
    /// Messages received since `departures` was last looked at.
    var receivedCount = 0
    /// How often departures were looked at and put off since the last one.
    private var departureTurns = 0
    private var timer: TimerID?
    private var turnTime: Int64?
    private var isAwaitingRoom = false
    /// Where it listens, with a port of 0 resolved; `nil` while it does not.
    var listening: String?

    /// A broker that does not listen yet.
    ///
    /// - Parameters:
    ///   - endpoint: such as `tcp://127.0.0.1:5555`; port 0 takes a free one.
    ///   - access: who is let in; `nil` for everybody. With it, nobody is heard before `proveAccess`.
    ///   - epoch: a number for this run that no other run has; drawn unless given.
    package init(
        endpoint: String, loop: any Reactor, logger: Logger, access: AccessConfiguration? = nil,
        epoch: UInt64? = nil
    ) {
        self.endpoint = endpoint
        self.loop = loop
        self.logger = logger
        gate = access.map { AccessGate($0) }
        // Run 0 is nobody's.
        let epoch = epoch ?? max(1, loop.random())
        machine = BrokerMachine(epoch: epoch, now: loop.now())
        relay = Relay(epoch: epoch)
    }

    /// Listens.
    ///
    /// - Returns: the endpoint, with a port of 0 resolved.
    /// - Throws: `ZMQError` that names the endpoint when it is taken or makes no sense.
    package func start() async throws(ZMQError) -> String {
        let ended = Result<String, ZMQError>.failure(
            ZMQError(.terminated, function: "start", detail: endpoint))
        return try await onLoop(otherwise: ended) { shell in
            do throws(ZMQError) { return .success(try shell.open()) } catch { return .failure(error) }
        }.get()
    }

    /// Says goodbye to everybody and closes the socket; a second call does nothing.
    package func stop(reason: String = "the broker stops") async {
        await onLoop(otherwise: ()) { $0.close(reason: reason) }
    }

    /// What there is and what was counted; zeros once the loop has ended.
    package var statistics: BrokerStatistics {
        get async { await onLoop(otherwise: BrokerStatistics()) { $0.collect() } }
    }

    /// Does something on the loop; once that has ended, gives another answer.
    func onLoop<T: Sendable>(otherwise: T, _ body: @escaping @Sendable (BrokerShell) -> T) async -> T {
        await withCheckedContinuation { continuation in
            let isTaken = loop.execute { continuation.resume(returning: body(self)) }
            if !isTaken { continuation.resume(returning: otherwise) }
        }
    }
}

// On the loop.
extension BrokerShell {
    private func open() throws(ZMQError) -> String {
        precondition(socket == nil, "a broker starts once")
        let socket = try loop.open(
            .router, options: .router(BrokerLimits.socketLimits) + openAccess(),
            receive: { self.receive($0) },
            endOfTurn: { self.endTurn() }, tooLarge: { self.receive($0) })
        do {
            try loop.monitor(socket) { self.observe($0) }
            let resolved = try loop.bind(socket, to: endpoint)
            self.socket = socket
            listening = resolved
            scheduleTick()
            watchList()
            return resolved
        } catch {
            loop.close(socket, lingerMilliseconds: 0)
            throw error
        }
    }

    private func close(reason: String) {
        guard let socket else { return }
        handle(.stop(reason: reason))
        flush()
        if let timer { loop.cancel(timer) }
        loop.close(socket, lingerMilliseconds: BrokerLimits.lingerMilliseconds)
        self.socket = nil
    }

    func collect() -> BrokerStatistics {
        let (waiting, kept) = relay.byteCounts
        var statistics = machine.statistics
        statistics.isReady = listening != nil && gate?.isProven != false
        statistics.connections = connections.count
        statistics.refused = gate?.refusedCount ?? 0
        (statistics.receivedBytes, statistics.sentBytes) = (relay.receivedByteCount, relay.sentByteCount)
        (statistics.waitingBytes, statistics.keptBytes) = (waiting, kept)
        statistics.flows = relay.flowCount
        return statistics
    }
}

// Time.
extension BrokerShell {
    /// The time of this turn of the loop.
    var now: Int64 {
        if let turnTime { return turnTime }
        let now = loop.now()
        turnTime = now
        return now
    }

    private func endTurn() {
        handle(.turnEnded)
        flush()
        turnTime = nil
    }

    /// Handles what came by neither socket nor tick.
    func handleBetweenTurns(_ event: BrokerMachine.Event) {
        turnTime = nil
        handle(event)
        endTurn()
    }

    private func scheduleTick() {
        timer = loop.schedule(afterMilliseconds: BrokerLimits.tickMilliseconds) { self.tick() }
    }

    private func tick() {
        handleBetweenTurns(.tick)
        let peerCount = machine.workerCount + machine.trainerCount
        if thrift.tick(receivedByteCount: relay.receivedByteCount, peerCount: peerCount) {
            FreedMemory.giveBack()
        }
        scheduleTick()
    }
}

// Connections.
extension BrokerShell {
    private func observe(_ event: MonitorEvent) {
        guard socket != nil else { return }
        switch event {
        case .accepted(_, let descriptor):
            if let peer = connections.accepted(descriptor) { depart(peer) }
        case .disconnected(_, let descriptor):
            if let peer = connections.disconnected(descriptor) { depart(peer) }
        case .handshakeFailed(_, let failure):
            if takeFailedHandshake(failure) { break }
            handle(.garbage(.malformed("the handshake failed: \(failure)")))
            turnTime = nil
        case .acceptFailed(let endpoint, let code):
            pauseListening(endpoint, code)
        default:
            break
        }
    }
}

// Departures.
extension BrokerShell {
    /// Lets the machine know of connections that have ended once what came by them is read: the monitor's events
    /// overtake messages, and the last ones may be a worker's result and its goodbye.
    func depart(_ peer: PeerID) {
        departures.append(peer)
        departureTurns = 0
        if departures.count == 1 { awaitDepartures() }
    }

    private func awaitDepartures() {
        receivedCount = 0
        // It runs after the socket was read in this turn and in the next.
        loop.execute { self.takeDepartures() }
    }

    private func takeDepartures() {
        guard socket != nil, !departures.isEmpty else { return }
        // A socket that gave as much as it may in a turn may hold more; but a flood must not hide a departure.
        departureTurns += 1
        guard receivedCount < Loop.messagesPerTurn || departureTurns >= BrokerLimits.departureTurnsMaximum
        else { return awaitDepartures() }
        // A peer that said goodbye is forgotten, and is none of these.
        while let peer = departures.popLast() { handle(.disconnected(peer)) }
        endTurn()
    }
}

// Room.
extension BrokerShell {
    /// Asks to be called when libzmq may have room again.
    func awaitRoom() {
        guard !isAwaitingRoom, let socket else { return }
        isAwaitingRoom = true
        loop.onWritable(socket) {
            self.isAwaitingRoom = false
            self.turnTime = nil
            self.relay.retry(at: self.now) { self.send(&$1, to: $0) }
            self.flush()
        }
    }
}
