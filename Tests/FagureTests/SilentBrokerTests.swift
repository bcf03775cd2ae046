import Protocol
import TestSupport
import Testing
import ZMQ

@testable import Fagure

/// A broker that lets everybody in and says nothing more, or each time that it stops.
private actor SilentBroker: LoopActor {
    nonisolated let loop: any Reactor
    private let saysGoodbye: Bool
    private var socket: SocketID?
    /// The records that came.
    private(set) var heard: [Command] = []

    init(on loop: Loop, saysGoodbye: Bool) {
        self.loop = loop
        self.saysGoodbye = saysGoodbye
    }

    func start(at endpoint: String) throws {
        let socket = try loop.open(
            .router, options: .router(SocketLimits()), for: self, receive: { $0.take($1) })
        self.socket = socket
        _ = try loop.bind(socket, to: endpoint)
    }

    private func take(_ message: consuming Message) {
        guard let id = message.routingID,
            let record = try? Record(decoding: message.bytes(at: 1).span, at: 0)
        else { return }
        heard.append(record.header.command)
        switch record.header.command {
        case .hello: say(.welcome, Welcome().encoded(), to: id)
        case .catalogueQuery where saysGoodbye: say(.goodbye, Goodbye(reason: "no").encoded(), to: id)
        default: break
        }
    }

    private func say(_ command: Command, _ body: [UInt8], to id: RoutingID) {
        guard let socket else { return }
        var frame: [UInt8] = []
        frame.append(Header(command, job: .none, attempt: 0, epoch: 7), heard: 0, body: body)
        var message = Message(reservingFrames: 2)
        message.append(frame)
        message.prepend(id)
        _ = loop.send(&message, on: socket)
    }
}

@Suite("Brokers that let one in and say nothing", .timeLimit(.minutes(1)))
struct SilentBrokerTests {
    @Test(
        "whoever connects is told so, and does not wait for longer than for a broker",
        arguments: [false, true])
    func silence(saysGoodbye: Bool) async throws {
        let loop = try Loop(name: "silent")
        let endpoint = "inproc://silent-\(saysGoodbye)"
        let broker = SilentBroker(on: loop, saysGoodbye: saysGoodbye)
        try await broker.start(at: endpoint)
        let (notices, source) = AsyncStream.makeStream(of: String.self)
        do throws(Failure) {
            let session = try await Session.connect(endpoint, timeout: .seconds(3), on: loop) {
                source.yield($0)
            }
            await session.close()
            Issue.record("there is no catalogue, and yet a session")
        } catch {
            #expect(error.code == .brokerUnreachable)
            #expect(error.message.hasSuffix("let us in and did not say what there is, 3 s"), "\(error)")
        }
        #expect(await broker.heard.contains(.catalogueQuery))
        source.finish()
        var texts: [String] = []
        for await text in notices { texts.append(text) }
        #expect(texts.contains { $0.hasSuffix("to say what there is, 2 s") }, "\(texts)")
        await loop.shutdown()
    }
}
