import Ground
import Jobs
import Protocol
import Tensor
import Testing
import ZMQ

@testable import Link

@Suite("A peer's link", .timeLimit(.minutes(1)))
struct PeerLinkTests {
    /// A peer that notes what its link tells it.
    private actor Peer: LinkOwner {
        nonisolated let loop: any Reactor
        private let events: AsyncStream<LinkEvent>.Continuation
        private var link: PeerLink

        init(_ endpoint: String, loop: Loop, events: AsyncStream<LinkEvent>.Continuation) {
            self.loop = loop
            self.events = events
            link = PeerLink(endpoint: endpoint, loop: loop)
        }

        var statistics: LinkStatistics { link.statistics }
        var isReady: Bool { link.isReady }
        var hasParked: Bool { link.hasParked }

        func start() throws { say(try link.start(for: self) { hello }) }
        func tick() { say(link.tick { hello }) }
        func leave() { link.leave(reason: "done") }

        func send(_ header: Header, body: [UInt8]? = nil, frames: [TensorFrame] = []) throws -> Delivery {
            try link.send(header, body: body, frames: frames)
        }

        /// Sends numbered progress messages without letting the loop do anything between.
        func flood(_ count: UInt32) throws -> [Delivery] {
            try (0..<count).map { number in
                var header = Header(.progress, job: JobID(high: 0, low: 1), attempt: 1, epoch: 0)
                header.sequence = number
                return try link.send(header, body: [1])
            }
        }

        func linkDidReceive(_ message: borrowing Message) { say(link.receive(message) { hello }) }
        func linkDidReceive(_ head: MessageHead) { say(link.receive(head)) }
        func linkDidObserve(_ event: MonitorEvent) { say(link.observe(event) { hello }) }
        func linkDidBecomeWritable() { link.flush() }
        func linkDidEndTurn() {}

        private var hello: Hello { Hello(name: "peer", role: .trainer, session: Identifier(high: 1, low: 1)) }

        private func say(_ event: LinkEvent?) {
            if let event { events.yield(event) }
        }
    }

    private struct Rig {
        let loop: Loop
        let broker: TestBroker
        let peer: Peer
        let endpoint: String
        let events: AsyncStream<LinkEvent>

        init(_ endpoint: String) async throws {
            loop = try Loop(name: "test")
            broker = TestBroker(loop: loop)
            self.endpoint = try await broker.start(at: endpoint)
            let (events, noted) = AsyncStream.makeStream(of: LinkEvent.self)
            self.events = events
            peer = Peer(self.endpoint, loop: loop, events: noted)
            try await peer.start()
        }

        /// Waits until the link says that it is ready, or that it is not.
        func next(_ wanted: (LinkEvent) -> Bool) async -> Bool {
            for await event in events where wanted(event) { return true }
            return false
        }

        func end() async {
            await peer.leave()
            await broker.stop()
            await loop.shutdown()
        }
    }

    private static func isReady(_ event: LinkEvent) -> Bool { if case .ready = event { true } else { false } }
    private static func isLost(_ event: LinkEvent) -> Bool { if case .lost = event { true } else { false } }

    @Test("nothing but a hello is sent before the welcome")
    func dropsBeforeReady() async throws {
        let rig = try await Rig("inproc://broker")
        #expect(try await rig.peer.send(Header(.catalogueQuery)) == .dropped)
        let (peer, hello) = try await rig.broker.welcome()
        #expect(hello.role == .trainer)
        #expect(await rig.next(Self.isReady))
        #expect(try await rig.peer.send(Header(.catalogueQuery)) == .sent)
        let query = await rig.broker.next(.catalogueQuery)
        #expect(query.peer == peer && query.header.epoch == 77)
        #expect(await rig.peer.statistics.messagesUnsent == 1)
        await rig.end()
    }

    @Test(
        "frames arrive as they were sent, small ones packed and large ones lent",
        arguments: [
            "inproc://broker", "tcp://127.0.0.1:*",
        ])
    func frames(endpoint: String) async throws {
        let rig = try await Rig(endpoint)
        let (peer, _) = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        let large = Storage(copying: (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let frames: [TensorFrame] = [.packed([1, 2, 3]), .whole(large)]
        let header = Header(.submit, job: JobID(high: 1, low: 2), attempt: 1, epoch: 0)
        #expect(try await rig.peer.send(header, body: [9, 8], frames: frames) == .sent)
        let heard = await rig.broker.next(.submit)
        #expect(heard.body == [9, 8])
        #expect(heard.frames == [Storage(copying: [1, 2, 3]), large])
        #expect(await rig.peer.statistics.bytesSent >= 64 + 2 + 3 + 100_000)

        await rig.broker.send(
            Header(.result, job: JobID(high: 1, low: 2), attempt: 1, epoch: 77), body: [7], frames: frames,
            to: peer)
        for await event in rig.events {
            guard case .received(let message) = event else { continue }
            #expect(message.header.command == .result && message.body == [7])
            #expect(message.frames == [Storage(copying: [1, 2, 3]), large])
            break
        }
        await rig.end()
    }

    @Test("what does not fit the socket is parked and arrives in order")
    func parking() async throws {
        let rig = try await Rig("inproc://broker")
        _ = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        let count: UInt32 = 6_000
        let deliveries = try await rig.peer.flood(count)
        #expect(deliveries.contains(.parked) && !deliveries.contains(.dropped))
        // Once one is parked, so are all behind it.
        #expect(deliveries.firstIndex(of: .parked) == deliveries.lastIndex(of: .sent).map { $0 + 1 })
        for number in 0..<count { #expect(await rig.broker.next(.progress).header.sequence == number) }
        #expect(await rig.peer.hasParked == false)
        await rig.end()
    }

    @Test("more than may be parked ends the session, and a new one begins")
    func overflow() async throws {
        let rig = try await Rig("inproc://broker")
        _ = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        let deliveries = try await rig.peer.flood(UInt32(4 * LinkLimits.parkedMessageCountMaximum))
        #expect(deliveries.count(where: { $0 == .parked }) == LinkLimits.parkedMessageCountMaximum)
        #expect(deliveries.last == .dropped)
        await rig.peer.tick()
        #expect(await rig.next(Self.isLost))
        _ = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        #expect(await rig.peer.statistics.losses == 1)
        await rig.end()
    }

    @Test("a frame larger than the broker takes is refused here, and the link lives on")
    func oversize() async throws {
        let rig = try await Rig("inproc://broker")
        let heard = await rig.broker.next(.hello)
        await rig.broker.send(
            Header(.welcome), body: Welcome(frameByteCountMaximum: 1_000).encoded(), to: heard.peer)
        #expect(await rig.next(Self.isReady))
        let failure = Failure(.limitExceeded, "a tensor frame has 1001 bytes, the limit is 1000")
        await #expect(throws: failure) {
            try await rig.peer.send(Header(.submit), body: [1], frames: [.whole(Storage(byteCount: 1_001))])
        }
        await #expect(throws: Failure(.limitExceeded, "a message body has 1001 bytes, the limit is 1000")) {
            try await rig.peer.send(Header(.submit), body: [UInt8](repeating: 1, count: 1_001))
        }
        #expect(
            try await rig.peer.send(Header(.submit), body: [1], frames: [.whole(Storage(byteCount: 1_000))])
                == .sent)
        _ = await rig.broker.next(.submit)
        await rig.end()
    }

    @Test("an answer nobody can read is told with the job it was for")
    func damaged() async throws {
        let rig = try await Rig("inproc://broker")
        let (peer, _) = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        let job = JobID(high: 1, low: 2)
        let frames = [TensorFrame](repeating: .packed([1]), count: ProtocolLimits.frameCountMaximum)
        for (body, frames, code) in [
            (nil, [], FailureCode.malformed), ([7] as [UInt8], frames, .limitExceeded),
        ] as [([UInt8]?, [TensorFrame], FailureCode)] {
            await rig.broker.send(
                Header(.result, job: job, attempt: 3, epoch: 77), body: body, frames: frames, to: peer)
            for await event in rig.events {
                guard case .damaged(let header, let failure) = event else { continue }
                #expect(header.job == job && header.attempt == 3 && failure.code == code)
                break
            }
        }
        // And what the broker would not take is not sent.
        await #expect(throws: Failure.self) {
            try await rig.peer.send(Header(.submit), body: [1], frames: frames)
        }
        await rig.end()
    }

    @Test("many resets bring one new hello")
    func resets() async throws {
        let rig = try await Rig("inproc://broker")
        let (peer, _) = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        for _ in 0..<100 { await rig.broker.send(Header(.reset), to: peer) }
        #expect(await rig.next(Self.isLost))
        _ = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        #expect(try await rig.peer.send(Header(.catalogueQuery)) == .sent)
        // Nothing but the query follows the hello.
        #expect(await rig.broker.heardNext().header.command == .catalogueQuery)
        await rig.end()
    }

    @Test("a broker's goodbye is a loss that tells its reason")
    func goodbye() async throws {
        let rig = try await Rig("inproc://broker")
        let (peer, _) = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        await rig.broker.send(Header(.goodbye), body: Goodbye(reason: "the broker stops").encoded(), to: peer)
        for await event in rig.events {
            guard case .lost(let reason) = event else { continue }
            #expect(reason == "the broker said goodbye: the broker stops")
            break
        }
        #expect(await rig.peer.isReady == false)
        await rig.end()
    }

    @Test("leaving says goodbye")
    func leave() async throws {
        let rig = try await Rig("tcp://127.0.0.1:*")
        _ = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        await rig.peer.leave()
        #expect(try Goodbye(decoding: await rig.broker.next(.goodbye).body).reason == "done")
        await rig.end()
    }
}
