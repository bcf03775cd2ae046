import Ground
import TestSupport
import Testing

@testable import ZMQ

@Suite(.timeLimit(.minutes(1))) struct LoopSendingTests {
    @Test("a ROUTER reports an unknown peer and leaves the message whole")
    func unreachable() async throws {
        try await withLoop { loop in
            try await loop.perform {
                let router = try loop.open(.router, options: .router(SocketLimits())) { _ in }
                _ = try loop.bind(router, to: "tcp://127.0.0.1:0")
                var outgoing = message("nobody", "body")
                #expect(loop.send(&outgoing, on: router) == .unreachable)
                #expect(outgoing.bytes(at: 1) == Array("body".utf8))
                // libzmq must not be left in the middle of a message.
                #expect(loop.send(&outgoing, on: router) == .unreachable)
            }
            #expect(loop.statistics.sendsUnreachable == 2)
        }
    }

    @Test("a DEALER with no connection is full, and is told when there is one")
    func resumeDealer() async throws {
        try await withLoop { loop in
            let inbox = Events<Received>()
            try await loop.perform {
                let endpoint = "ipc://@fagure-\(UInt64.random(in: 0 ... .max))"
                let dealer = try loop.open(.dealer, options: .dealer(SocketLimits())) { _ in }
                try loop.connect(dealer, to: endpoint)
                var outgoing = message("parked")
                #expect(loop.send(&outgoing, on: dealer) == .full)
                let parked = Parcel(outgoing)
                loop.onWritable(dealer) {
                    guard var outgoing = parked.take() else {
                        Issue.record("told twice")
                        return
                    }
                    #expect(loop.send(&outgoing, on: dealer) == .sent)
                }
                let router = try loop.open(.router, options: .router(SocketLimits())) {
                    inbox.source.yield(Received($0))
                }
                _ = try loop.bind(router, to: endpoint)
            }
            #expect(await inbox.next(1).map(\.text) == ["parked"])
            #expect(loop.statistics.sendsFull == 1)
        }
    }

    /// Sends numbered messages to one peer and parks what does not fit.
    private final class Sender: Sendable {
        private let loop: Loop
        private let total: Int
        private let state: Lock<(next: Int, parked: Parcel?, parkings: Int)>

        init(loop: Loop, total: Int) {
            self.loop = loop
            self.total = total
            state = Lock((0, nil, 0))
        }

        var parkings: Int { state.withLock { $0.parkings } }

        func send(to peer: RoutingID, on router: SocketID) {
            while var outgoing = next(peer) {
                switch loop.send(&outgoing, on: router) {
                case .sent: continue
                case .full:
                    park(outgoing)
                    loop.onWritable(router) { self.send(to: peer, on: router) }
                    return
                case .unreachable, .lost:
                    Issue.record("peer lost")
                    return
                }
            }
        }

        private func next(_ peer: RoutingID) -> Message? {
            state.withLock { state in
                if let parked = state.parked?.take() { return parked }
                guard state.next < total else { return nil }
                var outgoing = message("\(state.next)", String(repeating: "x", count: 50_000))
                outgoing.prepend(peer)
                state.next += 1
                return outgoing
            }
        }

        private func park(_ outgoing: consuming Message) {
            let parcel = Parcel(outgoing)
            state.withLock { state in
                state.parked = parcel
                state.parkings += 1
            }
        }
    }

    @Test("a ROUTER whose peer does not read is full, keeps the rest parked and loses nothing")
    func resumeRouter() async throws {
        let total = 2000
        try await withLoop("broker") { broker in
            try await withLoop("peer") { peer in
                let gate = Shared(try WakeUp())
                let numbers = Events<Int>()
                let sender = Sender(loop: broker, total: total)
                let endpoint = try await broker.perform {
                    let own = Shared(Lock<SocketID?>(nil))
                    let limits = SocketLimits(sendHighWater: 4, receiveHighWater: 4)
                    let router = try broker.open(.router, options: .router(limits)) { message in
                        guard let id = message.routingID, let router = own.value.withLock({ $0 }) else {
                            return
                        }
                        sender.send(to: id, on: router)
                        if sender.parkings > 0 { gate.value.signal() }
                    }
                    own.value.withLock { $0 = router }
                    return try broker.bind(router, to: "tcp://127.0.0.1:0")
                }
                try await peer.perform {
                    let limits = SocketLimits(sendHighWater: 4, receiveHighWater: 4)
                    let dealer = try peer.open(.dealer, options: limits.options) { message in
                        numbers.source.yield(Int(String(decoding: message.bytes(at: 0), as: UTF8.self)) ?? -1)
                    }
                    try peer.connect(dealer, to: endpoint)
                    var hello = message("hello")
                    #expect(peer.send(&hello, on: dealer) == .sent)
                    // The peer hangs until the broker has found it full.
                    peer.execute { gate.value.wait() }
                }
                #expect(await numbers.next(total) == Array(0..<total))
                #expect(sender.parkings > 0)
            }
        }
    }

    @Test(
        "a large owner sent over a connection arrives whole and is released once",
        arguments: ["tcp://127.0.0.1:0", "inproc://shared"])
    func zeroCopy(endpoint: String) async throws {
        let freed = Events<Int>()
        let sums = Events<[UInt8]>()
        try await withLoop { loop in
            try await loop.perform {
                let receiver = try loop.open(.pair, options: []) { sums.source.yield($0.bytes(at: 0)) }
                let resolved = try loop.bind(receiver, to: endpoint)
                let sender = try loop.open(.pair, options: []) { _ in }
                try loop.connect(sender, to: resolved)
                var outgoing = Message()
                outgoing.append(sharing: OwnedBytes(count: 1_000_000, freed: freed.source))
                #expect(loop.send(&outgoing, on: sender) == .sent)
            }
            let bytes = await sums.next(1).first
            #expect(bytes == (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        }
        freed.source.finish()
        #expect(await freed.next(10) == [1_000_000])
    }

    @Test("owners are released when a socket with unsent messages is closed or a message is dropped")
    func unsent() async throws {
        let freed = Events<Int>()
        try await withLoop { loop in
            try await loop.perform {
                // Nobody is there: without `immediate` the message waits, with it it stays with the caller.
                for options in [[SocketOption.linger(milliseconds: 0)], [.immediate(true)]] {
                    let dealer = try loop.open(.dealer, options: options) { _ in }
                    try loop.connect(dealer, to: "tcp://127.0.0.1:1")
                    var outgoing = Message()
                    outgoing.append(sharing: OwnedBytes(count: 50_000, freed: freed.source))
                    _ = loop.send(&outgoing, on: dealer)
                }
            }
        }
        freed.source.finish()
        #expect(await freed.next(10) == [50_000, 50_000])
    }
}
