import TestSupport
import Testing

@testable import ZMQ

/// What a stranger writes to the port disturbs nobody else.
@Suite(.timeLimit(.minutes(1))) struct HostilePeerTests {
    /// A bound ROUTER with a well-behaved peer, before and after `disturb`.
    private func undisturbed(
        _ limits: SocketLimits = SocketLimits(),
        by disturb: (String, Events<MonitorEvent>, Events<Received>, Loop) async throws -> Void
    ) async throws {
        try await withLoop("hostile") { loop in
            let (inbox, events) = (Events<Received>(), Events<MonitorEvent>())
            let endpoint = try await loop.perform {
                let router = try loop.open(.router, options: .router(limits)) {
                    inbox.source.yield(Received($0))
                }
                try loop.monitor(router) { events.source.yield($0) }
                return try loop.bind(router, to: "tcp://127.0.0.1:0")
            }
            let dealer = try await loop.perform {
                let dealer = try loop.open(.dealer, options: []) { _ in }
                try loop.connect(dealer, to: endpoint)
                return dealer
            }
            for text in ["before", "after"] {
                if text == "after" { try await disturb(endpoint, events, inbox, loop) }
                try await loop.perform {
                    var outgoing = message(text)
                    #expect(loop.send(&outgoing, on: dealer) == .sent)
                }
                // Random bytes may well make a message; it is the well-behaved peer's that must come.
                #expect(await inbox.first { $0.text == text } != nil)
            }
        }
    }

    @Test("a frame announced larger than allowed ends that connection only, and reserves no memory for it")
    func oversize() async throws {
        try await undisturbed(SocketLimits(frameByteCountMaximum: 1000)) { endpoint, events, _, _ in
            let peer = try #require(RawPeer(endpoint))
            try await peer.greet()
            // A long frame of 2^40 bytes.
            peer.write([2, 0, 0, 1, 0, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 100))
            await peer.readToEnd()
            var handshakes = 0
            for await event in events.stream {
                if case .handshakeSucceeded = event { handshakes += 1 }
                if case .disconnected = event { break }
            }
            // It was the frame that was refused, not the greeting.
            #expect(handshakes == 2)
        }
    }

    @Test("random bytes end that connection only", arguments: 1...8)
    func garbage(seed: Int) async throws {
        try await undisturbed { endpoint, _, _, _ in
            var generator = SplitMix64(seed: UInt64(seed))
            for greets in [false, true] {
                let peer = try #require(RawPeer(endpoint))
                if greets { try await peer.greet() }
                peer.write((0..<2000).map { _ in UInt8.random(in: 0...255, using: &generator) })
            }
        }
    }

    @Test("a message of too many frames is dropped and counted, and its sender can go on")
    func manyFrames() async throws {
        try await undisturbed(SocketLimits(frameCountMaximum: 3)) { endpoint, _, inbox, loop in
            let peer = try #require(RawPeer(endpoint))
            try await peer.greet()
            for _ in 0..<100 { peer.write([1, 1, 7]) }
            peer.write([0, 1, 8])
            // Two frames and the routing id are allowed.
            peer.write([1, 1, 9, 0, 1, 65])
            #expect(await inbox.next(1).map(\.frames).first?.dropFirst() == [[9], [65]])
            #expect(loop.statistics.messagesDropped == 1)
            peer.keep()
        }
    }
}
