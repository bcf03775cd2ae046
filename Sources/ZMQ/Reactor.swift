/// What shells live on: one thread with sockets, time and chance; libzmq's `Loop`, or a simulated one whose time
/// and network are a program's.
///
/// Everything but `now`, `nanoseconds`, `random` and `execute` is for code on the reactor's own thread.
package protocol Reactor: SerialExecutor {
    /// Milliseconds of a clock that never goes back; any thread.
    func now() -> Int64

    /// Nanoseconds of the same clock; any thread.
    func nanoseconds() -> Int64

    /// A number nobody can guess, but for who made a simulation; any thread.
    func random() -> UInt64

    /// Where tasks run that belong to what lives here; `nil` for the system's own threads.
    var taskExecutor: (any TaskExecutor)? { get }

    /// Whether the calling thread is the reactor's own.
    var isOnLoop: Bool { get }

    /// Makes what runs tasks on the reactor's own thread; whoever keeps it keeps the reactor.
    func makeTaskExecutor() -> any TaskExecutor

    /// Runs a closure on the thread, after everything that was handed over before; any thread.
    ///
    /// - Returns: false once the reactor is being shut down; then the closure is not run, and the caller must
    ///   give whoever waits for it an answer.
    @discardableResult
    func execute(_ work: @escaping @Sendable () -> Void) -> Bool

    /// Calls `body` once after some milliseconds; timers with one deadline run in the order they were made.
    @discardableResult
    func schedule(afterMilliseconds milliseconds: Int64, _ body: @escaping @Sendable () -> Void) -> TimerID

    /// Drops a timer; one that has run or was dropped is ignored.
    func cancel(_ timer: TimerID)

    /// Opens a socket.
    ///
    /// - Parameters:
    ///   - receive: called with each message, until the socket is closed.
    ///   - endOfTurn: called at the end of each turn in which the socket received something.
    ///   - tooLarge: called with what is left of a message beyond the limits.
    func open(
        _ kind: SocketKind, options: [SocketOption], receive: @escaping @Sendable (consuming Message) -> Void,
        endOfTurn: (@Sendable () -> Void)?, tooLarge: (@Sendable (MessageHead) -> Void)?
    ) throws(ZMQError) -> SocketID

    /// Asks `decide` about everybody who connects to a CURVE server; once, before the first is opened.
    ///
    /// - Throws: `addressInUse` the second time.
    func authenticate(_ decide: @escaping @Sendable (Applicant) -> Admission) throws(ZMQError)

    /// Accepts peers at an endpoint; returns it with wildcards resolved: port 0 has become the real one.
    func bind(_ socket: SocketID, to endpoint: String) throws(ZMQError) -> String

    /// Accepts no more peers at an endpoint, as `bind` returned it; those that are connected stay.
    func unbind(_ socket: SocketID, from endpoint: String) throws(ZMQError)

    /// Connects to an endpoint, now and whenever the connection is lost.
    func connect(_ socket: SocketID, to endpoint: String) throws(ZMQError)

    /// Watches the connections of a socket; once for each socket, before it is bound or connected.
    func monitor(
        _ socket: SocketID, receive: @escaping @Sendable (MonitorEvent) -> Void
    ) throws(ZMQError)

    /// Hands on all that the monitor of a socket has seen, now: what happened to a connection before a message
    /// that is here already.
    func readEvents(of socket: SocketID)

    /// Sends a message without ever waiting; empty afterwards, except for `full` and `unreachable`.
    func send(_ message: inout Message, on socket: SocketID) -> SendOutcome

    /// The descriptor of the connection by which a message came that is being received; nil for `inproc`.
    ///
    /// It equals the one in the monitor's events, which is how a peer's death finds its session.
    func descriptor(of message: borrowing Message) -> Int32?

    /// Calls `body` once, later, when a socket that said `full` may take more.
    func onWritable(_ socket: SocketID, _ body: @escaping @Sendable () -> Void)

    /// Closes a socket; messages not yet sent are kept for at most `lingerMilliseconds`.
    func close(_ socket: SocketID, lingerMilliseconds: Int32)
}

extension Reactor {
    /// Opens a socket for an actor that lives here; its closures run isolated to the actor.
    package func open<Owner: Actor>(
        _ kind: SocketKind,
        options: [SocketOption],
        for owner: Owner,
        receive: @escaping @Sendable (isolated Owner, consuming Message) -> Void,
        endOfTurn: (@Sendable (isolated Owner) -> Void)? = nil,
        tooLarge: (@Sendable (isolated Owner, MessageHead) -> Void)? = nil
    ) throws(ZMQError) -> SocketID {
        var endOfTurnOfOwner: (@Sendable () -> Void)?
        if let endOfTurn { endOfTurnOfOwner = { owner.assumeIsolated { endOfTurn($0) } } }
        var tooLargeOfOwner: (@Sendable (MessageHead) -> Void)?
        if let tooLarge { tooLargeOfOwner = { head in owner.assumeIsolated { tooLarge($0, head) } } }
        return try open(
            kind, options: options,
            receive: { message in
                // A noncopyable value cannot be consumed out of a capture; an optional can be emptied.
                var message = Optional(message)
                owner.assumeIsolated { owner in
                    if let message = message.take() { receive(owner, message) }
                }
            },
            endOfTurn: endOfTurnOfOwner,
            tooLarge: tooLargeOfOwner
        )
    }
}

/// The chance of a reactor, for what draws from a generator.
package struct ReactorRandomness: RandomNumberGenerator {
    private let reactor: any Reactor

    /// Draws from a reactor.
    package init(_ reactor: any Reactor) { self.reactor = reactor }

    /// The next number.
    package mutating func next() -> UInt64 { reactor.random() }
}

/// The clock of a reactor, for tasks: real time, or a simulation's.
package struct ReactorClock: Clock {
    /// A moment, by the nanoseconds of its reactor.
    package struct Instant: InstantProtocol {
        private let nanoseconds: Int64

        fileprivate init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

        /// A later moment.
        package func advanced(by duration: Duration) -> Instant {
            Instant(nanoseconds: nanoseconds + duration.wholeNanoseconds)
        }

        /// How long it is until another moment.
        package func duration(to other: Instant) -> Duration {
            .nanoseconds(other.nanoseconds - nanoseconds)
        }

        /// Whether a moment is before another.
        package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
    }

    private let reactor: any Reactor

    /// Reads the clock of a reactor.
    package init(_ reactor: any Reactor) { self.reactor = reactor }

    /// Now.
    package var now: Instant { Instant(nanoseconds: reactor.nanoseconds()) }

    /// The grain of `sleep`.
    package var minimumResolution: Duration { .milliseconds(1) }

    /// Waits until a moment.
    ///
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let wait = now.duration(to: deadline)
        guard wait > .zero else { return try Task.checkCancellation() }
        let alarm = Alarm()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard alarm.set(continuation) else { return continuation.resume() }
                let milliseconds = (wait.wholeNanoseconds + 999_999) / 1_000_000
                let isTaken = reactor.execute { [reactor] in
                    reactor.schedule(afterMilliseconds: milliseconds) { alarm.ring() }
                }
                if !isTaken { alarm.ring() }
            }
        } onCancel: {
            alarm.ring()
        }
        try Task.checkCancellation()
    }
}

extension Duration {
    /// Whole nanoseconds, cut to what 64 bits hold.
    fileprivate var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min / 2 : .max / 2 }
        return whole + attoseconds / 1_000_000_000
    }
}
