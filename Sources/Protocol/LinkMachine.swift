/// A peer's side of its session with the broker: worker and trainer alike.
///
/// DESIGN. A pure value: events and the time go in, actions come out; a shell owns the socket and performs them. A
/// session lives as long as the process; the link under it may break and be made anew any number of times. After
/// `connecting` (no broker heard yet) a hello is said at every connection and again every
/// `ProtocolLimits.helloRetryMilliseconds` until the welcome; once `ready`, something is sent at least every
/// heartbeat. Silence longer than the welcome allows is answered with a *new socket*: libzmq ends some sessions for
/// good without telling anybody (an oversize frame, a refused handshake), and only a new socket cures that.
package struct LinkMachine: Sendable {
    /// Where the link stands.
    package enum State: Sendable, Hashable {
        /// Nobody has welcomed us yet, or not since the link broke.
        case connecting(since: Int64)
        /// The session is known to the broker run `epoch`.
        case ready(epoch: UInt64)
        /// The session is over.
        case closed
    }

    /// What can happen to a link.
    package enum Event: Sendable, Hashable {
        /// The socket is open.
        case started
        /// The transport found the broker.
        case connected
        /// The transport lost the broker.
        case disconnected
        /// The broker accepted our hello.
        case welcomed(Welcome, epoch: UInt64)
        /// The broker does not know our session.
        case reset
        /// The broker will not have us.
        case refused(Failure)
        /// Any other message came.
        case heard
        /// We sent something.
        case sent
        /// Time passed.
        case tick
        /// We want to leave.
        case leave(reason: String)
    }

    /// What the shell must do.
    package enum Action: Sendable, Hashable {
        case sendHello
        case sendHeartbeat
        case sendGoodbye(reason: String)
        /// Close the socket and open another to the same endpoint.
        case reopen
        /// The broker knows us: register, resubmit.
        case becomeReady(Welcome, epoch: UInt64)
        /// The broker is gone for now; why.
        case lose(reason: String)
        /// End the session; why.
        case fail(Failure)
    }

    /// Where the link stands.
    package private(set) var state: State
    private let timeoutMilliseconds: Int64?
    private var terms = Welcome()
    private var heardAt: Int64
    private var sentAt: Int64
    private var helloAt: Int64?
    private var reopenedAt: Int64
    private var reopenDelayMilliseconds: Int64

    /// A link about to be made.
    ///
    /// - Parameter timeoutMilliseconds: how long to look for a broker before failing; `nil` for ever.
    package init(now: Int64, timeoutMilliseconds: Int64? = nil) {
        state = .connecting(since: now)
        self.timeoutMilliseconds = timeoutMilliseconds
        heardAt = now
        sentAt = now
        reopenedAt = now
        reopenDelayMilliseconds = ProtocolLimits.silenceMilliseconds
    }

    /// Whether the broker knows our session.
    package var isReady: Bool { if case .ready = state { true } else { false } }

    /// The broker's run, or 0 while there is none.
    package var epoch: UInt64 { if case .ready(let epoch) = state { epoch } else { 0 } }

    /// How long we have been looking for a broker, in milliseconds; `nil` once found.
    package func waitingMilliseconds(at now: Int64) -> Int64? {
        if case .connecting(let since) = state { now - since } else { nil }
    }

    /// Takes an event and says what must be done.
    package mutating func handle(_ event: Event, at now: Int64) -> [Action] {
        switch state {
        case .closed: []
        case .connecting(let since): handleConnecting(event, since: since, at: now)
        case .ready: handleReady(event, at: now)
        }
    }

    private mutating func handleConnecting(_ event: Event, since: Int64, at now: Int64) -> [Action] {
        switch event {
        case .started, .connected, .reset:
            return hello(at: now)
        case .welcomed(let welcome, let epoch):
            return become(ready: welcome, epoch: epoch, at: now)
        case .refused(let failure):
            state = .closed
            return [.fail(failure)]
        case .disconnected:
            helloAt = nil
            return []
        case .heard, .sent:
            return []
        case .tick:
            return tickConnecting(since: since, at: now)
        case .leave:
            state = .closed
            return []
        }
    }

    private mutating func handleReady(_ event: Event, at now: Int64) -> [Action] {
        switch event {
        case .heard:
            heardAt = now
            return []
        case .sent:
            sentAt = now
            return []
        case .started, .connected:
            // The transport came back by itself: the broker may be another run, so introduce ourselves again.
            return lose("the connection was made anew", at: now) + hello(at: now)
        case .disconnected:
            return lose("the connection to the broker broke", at: now)
        case .reset:
            return lose("the broker does not know this session", at: now) + hello(at: now)
        case .welcomed(let welcome, let epoch):
            return self.epoch == epoch ? [] : become(ready: welcome, epoch: epoch, at: now)
        case .refused(let failure):
            state = .closed
            return [.fail(failure)]
        case .tick:
            return tickReady(at: now)
        case .leave(let reason):
            state = .closed
            return [.sendGoodbye(reason: reason)]
        }
    }

    private mutating func tickConnecting(since: Int64, at now: Int64) -> [Action] {
        if let timeoutMilliseconds, now - since >= timeoutMilliseconds {
            state = .closed
            let waited = (now - since) / 1_000
            // The shell knows where.
            return [.fail(Failure(.brokerUnreachable, "within \(waited) s"))]
        }
        if now - reopenedAt >= reopenDelayMilliseconds {
            reopenedAt = now
            return [.reopen] + hello(at: now)
        }
        guard let helloAt, now - helloAt < ProtocolLimits.helloRetryMilliseconds else {
            return hello(at: now)
        }
        return []
    }

    private mutating func tickReady(at now: Int64) -> [Action] {
        if now - heardAt >= terms.silenceMilliseconds {
            reopenedAt = now
            let reason = "the broker has been silent for \((now - heardAt) / 1_000) s"
            return lose(reason, at: now) + [.reopen] + hello(at: now)
        }
        guard now - sentAt >= terms.heartbeatMilliseconds else { return [] }
        sentAt = now
        return [.sendHeartbeat]
    }

    private mutating func hello(at now: Int64) -> [Action] {
        helloAt = now
        return [.sendHello]
    }

    private mutating func become(ready welcome: Welcome, epoch: UInt64, at now: Int64) -> [Action] {
        state = .ready(epoch: epoch)
        terms = welcome
        heardAt = now
        sentAt = now
        helloAt = nil
        return [.becomeReady(welcome, epoch: epoch)]
    }

    private mutating func lose(_ reason: String, at now: Int64) -> [Action] {
        state = .connecting(since: now)
        helloAt = nil
        reopenedAt = now
        return [.lose(reason: reason)]
    }
}
