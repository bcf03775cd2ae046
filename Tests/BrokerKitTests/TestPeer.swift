import Ground
import Protocol
import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

typealias Heard = Correspondence.Heard

/// A DEALER that says what it is told to and keeps what it hears.
final class TestPeer: Sendable {
    private let loop: Loop
    private let socket: SocketID
    private let correspondence = Lock(Correspondence())
    private let heard: AsyncStream<Heard>
    private let events: AsyncStream<MonitorEvent>

    init(_ loop: Loop, _ endpoint: String, _ credentials: CurveCredentials? = nil) async throws {
        let (heard, heardSource) = AsyncStream.makeStream(of: Heard.self)
        let (events, eventSource) = AsyncStream.makeStream(of: MonitorEvent.self)
        let (frames, frameSource) = AsyncStream.makeStream(of: [UInt8].self)
        self.loop = loop
        self.heard = heard
        self.events = events
        socket = try await loop.perform {
            let socket = try loop.open(
                .dealer,
                options: .dealer(BrokerLimits.socketLimits) + (credentials.map { [$0.option] } ?? []),
                receive: { message in frameSource.yield(message.bytes(at: 0)) })
            try loop.monitor(socket) { eventSource.yield($0) }
            try loop.connect(socket, to: endpoint)
            return socket
        }
        Task { [weak self] in
            for await frame in frames {
                guard let self else { return }
                let (news, replies) = correspondence.withLock { $0.take(frame) }
                for reply in replies { try await say(frame: reply) }
                for message in news { heardSource.yield(message) }
            }
        }
        if !endpoint.hasPrefix("inproc") { await connected() }
    }

    /// Waits for the next handshake.
    func connected() async {
        for await event in events { if case .handshakeSucceeded = event { return } }
    }

    /// Says something; the frames as they are.
    func say(raw frames: [[UInt8]]) async throws {
        let outcome = try await loop.perform { [loop, socket] in
            var message = Message()
            for frame in frames { message.append(frame) }
            return loop.send(&message, on: socket)
        }
        #expect(outcome == .sent)
    }

    private func say(frame: [UInt8]) async throws { try await say(raw: [frame]) }

    /// Says something with a body and tensors.
    func say(_ header: Header, _ parts: [UInt8]...) async throws { try await say(header, parts: parts) }

    /// Says something with a body and tensors.
    func say(_ header: Header, parts: [[UInt8]]) async throws {
        let tensors = Array(parts.dropFirst())
        try await say(
            frame: correspondence.withLock { $0.frame(header, body: parts.first ?? [], tensors: tensors) })
    }

    func say(_ command: Command, epoch: UInt64) async throws {
        try await say(Header(command, job: .none, attempt: 0, epoch: epoch))
    }

    /// Asks what there is, and to be told what changes.
    func follow(epoch: UInt64) async throws {
        try await say(
            Header(.catalogueQuery, job: .none, attempt: 0, epoch: epoch),
            CatalogueQuery(following: 0).encoded())
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
