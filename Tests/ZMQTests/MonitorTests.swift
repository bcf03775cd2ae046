import CZMQ
import TestSupport
import Testing

@testable import ZMQ

@Suite(.timeLimit(.minutes(1))) struct MonitorTests {
    @Test("a peer's death is told with the descriptor its messages came by")
    func death() async throws {
        try await withLoop("broker") { broker in
            let (inbox, events) = (Events<Received>(), Events<MonitorEvent>())
            let endpoint = try await broker.perform {
                let router = try broker.open(.router, options: .router(SocketLimits())) {
                    inbox.source.yield(Received($0))
                }
                try broker.monitor(router) { events.source.yield($0) }
                return try broker.bind(router, to: "tcp://127.0.0.1:0")
            }
            var descriptors: [String: Int32] = [:]
            let peers = try ["one", "two"].map { try Loop(name: $0) }
            for peer in peers {
                try await peer.perform {
                    let dealer = try peer.open(.dealer, options: []) { _ in }
                    try peer.connect(dealer, to: endpoint)
                    var hello = message(peer.name)
                    #expect(peer.send(&hello, on: dealer) == .sent)
                }
                let received = try #require(await inbox.next(1).first)
                descriptors[received.text] = received.descriptor
            }
            #expect(Set(descriptors.values).count == 2)
            await peers[0].shutdown()
            let death = await events.first { if case .disconnected = $0 { true } else { false } }
            #expect(death == .disconnected(endpoint: endpoint, descriptor: try #require(descriptors["one"])))
            await peers[1].shutdown()
        }
    }

    @Test("listening, accepting and a finished handshake are told in order, to both ends")
    func birth() async throws {
        try await withLoop { loop in
            let (ours, theirs) = (Events<MonitorEvent>(), Events<MonitorEvent>())
            let endpoint = try await loop.perform {
                let router = try loop.open(.router, options: .router(SocketLimits())) { _ in }
                try loop.monitor(router) { ours.source.yield($0) }
                let endpoint = try loop.bind(router, to: "tcp://127.0.0.1:0")
                let dealer = try loop.open(.dealer, options: .dealer(SocketLimits())) { _ in }
                try loop.monitor(dealer) { theirs.source.yield($0) }
                try loop.connect(dealer, to: endpoint)
                #expect(throws: ZMQError.self) { try loop.monitor(dealer) { _ in } }
                return endpoint
            }
            let events = await ours.next(3)
            guard case .listening(endpoint, _) = events[0], case .accepted(endpoint, _) = events[1] else {
                Issue.record("\(events)")
                return
            }
            #expect(events[2] == .handshakeSucceeded(endpoint: endpoint))
            let connected = await theirs.first { if case .connected = $0 { true } else { false } }
            #expect(connected != nil)
            #expect(await theirs.next(1) == [.handshakeSucceeded(endpoint: endpoint)])
        }
    }

    @Test("a connection that is refused is tried again")
    func retry() async throws {
        try await withLoop { loop in
            let events = Events<MonitorEvent>()
            try await loop.perform {
                let dealer = try loop.open(.dealer, options: .dealer(SocketLimits())) { _ in }
                try loop.monitor(dealer) { events.source.yield($0) }
                try loop.connect(dealer, to: "tcp://127.0.0.1:1")
            }
            let retried = await events.first { if case .connectRetried = $0 { true } else { false } }
            guard case .connectRetried(_, let milliseconds) = retried else {
                Issue.record("no retry")
                return
            }
            #expect((200..<400).contains(milliseconds))
        }
    }

    @Test("events are read from their six bytes, and anything else is no event")
    func decoding() {
        func event(_ bytes: [UInt8], _ endpoint: String) -> MonitorEvent? {
            var message = Message()
            message.append(bytes)
            message.append(Array(endpoint.utf8))
            return MonitorEvent(message)
        }
        #expect(event([0, 2, 7, 0, 0, 0], "e") == .disconnected(endpoint: "e", descriptor: 7))
        #expect(
            event([0, 0x40, 0x90, 1, 0, 0], "e")
                == .handshakeFailed(endpoint: "e", .authentication(status: 400)))
        #expect(
            event([0, 0x20, 1, 0, 0, 0x10], "e")
                == .handshakeFailed(endpoint: "e", .protocolError(0x1000_0001)))
        #expect(
            event([0, 8, 104, 0, 0, 0], "e") == .handshakeFailed(endpoint: "e", .system(.init(rawValue: 104)))
        )
        #expect(event([0x40, 0, 24, 0, 0, 0], "e") == .acceptFailed(endpoint: "e", .tooManySockets))
        #expect(event([0x10, 0, 98, 0, 0, 0], "e") == .other(endpoint: "e", event: 16, value: 98))
        #expect(event([0, 2, 7, 0, 0], "e") == nil)
        #expect(event([], "e") == nil)
        #expect(MonitorEvent(message("123456")) == nil)
    }
}
