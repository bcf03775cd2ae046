import Protocol
import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

/// What a peer was sent, copied.
struct Heard: Sendable {
    var header: Header
    /// The frames behind the header.
    var frames: [[UInt8]]
    var command: Command { header.command }

    init?(_ message: borrowing Message) {
        let bytes = message.bytes(at: 0)
        guard let header = try? Header(decoding: bytes.span) else { return nil }
        self.header = header
        frames = (1..<message.frameCount).map { message.bytes(at: $0) }
    }

    /// The body of a `failed` or `refused`.
    var failure: Failure? { frames.first.flatMap { try? Failure(decoding: $0) } }
}

/// A DEALER that says what it is told to and keeps what it hears.
final class TestPeer: Sendable {
    private let loop: Loop
    private let socket: SocketID
    private let heard: AsyncStream<Heard>
    private let events: AsyncStream<MonitorEvent>

    init(_ loop: Loop, _ endpoint: String, _ credentials: CurveCredentials? = nil) async throws {
        let (heard, heardSource) = AsyncStream.makeStream(of: Heard.self)
        let (events, eventSource) = AsyncStream.makeStream(of: MonitorEvent.self)
        self.loop = loop
        self.heard = heard
        self.events = events
        socket = try await loop.perform {
            let socket = try loop.open(
                .dealer,
                options: .dealer(BrokerLimits.socketLimits) + (credentials.map { [$0.option] } ?? []),
                receive: { message in if let heard = Heard(message) { heardSource.yield(heard) } })
            try loop.monitor(socket) { eventSource.yield($0) }
            try loop.connect(socket, to: endpoint)
            return socket
        }
        if !endpoint.hasPrefix("inproc") { await connected() }
    }

    /// Waits for the next handshake.
    func connected() async {
        for await event in events { if case .handshakeSucceeded = event { return } }
    }

    /// Says something; all frames as they are.
    func say(frames: [[UInt8]]) async throws {
        let outcome = try await loop.perform { [loop, socket] in
            var message = Message()
            for frame in frames { message.append(frame) }
            return loop.send(&message, on: socket)
        }
        #expect(outcome == .sent)
    }

    func say(_ header: Header, _ frames: [UInt8]...) async throws {
        try await say(frames: [header.bytes] + frames)
    }

    func say(_ command: Command, epoch: UInt64) async throws {
        try await say(Header(command, job: .none, attempt: 0, epoch: epoch))
    }

    /// Introduces itself and returns the welcome's header.
    func join(_ hello: Hello) async throws -> Header {
        try await say(Header(.hello), hello.encoded())
        return try await next(.welcome).header
    }

    /// The next message of a kind; others before it are skipped.
    func next(_ command: Command) async throws -> Heard {
        for await heard in heard where heard.command == command { return heard }
        throw CancellationError()
    }

    /// The next message of some kinds; others before it are skipped.
    func next(_ commands: Set<Command>) async throws -> Heard {
        for await heard in heard where commands.contains(heard.command) { return heard }
        throw CancellationError()
    }

    /// Breaks the connection without a word.
    func vanish() async throws {
        try await loop.perform { [loop, socket] in loop.close(socket, lingerMilliseconds: 0) }
    }
}
