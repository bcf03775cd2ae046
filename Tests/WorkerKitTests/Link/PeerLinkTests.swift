import Ground
import Jobs
import Protocol
import Tensor
import TestSupport
import Testing
import ZMQ

@testable import Link

@Suite("A peer's link", .timeLimit(.minutes(3)))
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
        var hasUnsent: Bool { link.hasUnsent }

        func start() throws { say(try link.start(for: self) { hello }) }
        func tick() { say(link.tick { hello }) }
        func leave() { link.leave(reason: "done") }

        func send(_ header: Header, body: [UInt8] = [], frames: [TensorFrame] = []) throws -> Delivery {
            try link.send(header, body: body, frames: frames)
        }

        /// Sends numbered progress messages without letting the loop do anything between.
        func flood(_ count: UInt32) throws -> [Delivery] {
            try (0..<count).map { number in
                var header = Header(.progress, job: JobID(high: 0, low: 1), attempt: 1, epoch: 0)
                header.deadlineMilliseconds = number
                return try link.send(header, body: [1])
            }
        }

        func linkDidReceive(_ message: borrowing Message) {
            var events: [LinkEvent] = []
            link.receive(message, &events) { hello }
            for event in events { say(event) }
        }
        func linkDidReceive(_ head: MessageHead) {
            var events: [LinkEvent] = []
            link.receive(head, &events)
            for event in events { say(event) }
        }
        func linkDidObserve(_ event: MonitorEvent) { say(link.observe(event) { hello }) }
        func linkShouldFlush() { link.flush() }
        func linkDidEndTurn() { link.flush() }

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
        #expect(try await rig.peer.send(Header(.catalogueQuery)) == .accepted)
        let query = await rig.broker.next(.catalogueQuery)
        #expect(query.peer == peer && query.header.epoch == 77)
        #expect(await rig.peer.statistics.messagesUnsent == 1)
        await rig.end()
    }

    @Test(
        "frames arrive as they were sent, small ones inline and large ones when they are asked for",
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
        #expect(try await rig.peer.send(header, body: [9, 8], frames: frames) == .accepted)
        let heard = await rig.broker.next(.submit)
        #expect(heard.body == [9, 8])
        #expect(heard.frames == [Storage(copying: [1, 2, 3]), large])
        #expect(await rig.peer.statistics.bytesSent >= 80 + 2 + 3 + 100_000)

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

    @Test("what the line has no room for waits and arrives in order")
    func waiting() async throws {
        let rig = try await Rig("inproc://broker")
        _ = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        let count: UInt32 = 6_000
        #expect(try await rig.peer.flood(count).allSatisfy { $0 == .accepted })
        for number in 0..<count {
            #expect(await rig.broker.next(.progress).header.deadlineMilliseconds == number)
        }
        #expect(await rig.peer.hasUnsent == false)
        await rig.end()
    }

    @Test("more than may wait ends the session, and a new one begins")
    func overflow() async throws {
        let rig = try await Rig("inproc://broker")
        _ = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        // A record takes a header and its byte of body, and no more than 7 bytes between it and the next.
        let most = LinkLimits.waitingByteCountMaximum / (Header.byteCount + 1)
        let deliveries = try await rig.peer.flood(UInt32(most + 2))
        let first = try #require(deliveries.firstIndex(of: .dropped))
        #expect(first > LinkLimits.waitingByteCountMaximum / (Header.byteCount + 8))
        #expect(deliveries[first...].allSatisfy { $0 == .dropped })
        await rig.peer.tick()
        #expect(await rig.next(Self.isLost))
        _ = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        #expect(await rig.peer.statistics.losses == 1)
        await rig.end()
    }

    @Test("what no record can carry is refused here, and the link lives on")
    func oversize() async throws {
        let rig = try await Rig("inproc://broker")
        _ = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        let (body, count) = (ProtocolLimits.attachedBodyByteCountMaximum, ProtocolLimits.attachmentsMaximum)
        let tooLong = Failure(.limitExceeded, "a body has \(body + 1) bytes, the limit is \(body)")
        await #expect(throws: tooLong) {
            try await rig.peer.send(Header(.submit), body: [UInt8](repeating: 1, count: body + 1))
        }
        let frames = [TensorFrame](repeating: .packed([1]), count: count + 2)
        let tooMany = Failure(
            .limitExceeded, "a message has \(count + 1) attachments, the limit is \(count)")
        await #expect(throws: tooMany) {
            try await rig.peer.send(Header(.submit), body: [1], frames: frames)
        }
        var submit = Header(.submit)
        submit.attempt = 1
        #expect(try await rig.peer.send(submit, body: [UInt8](repeating: 1, count: 100_000)) == .accepted)
        #expect(await rig.broker.next(.submit).body.count == 100_000)
        await rig.end()
    }

    @Test("an answer nobody can read is told with the job it was for")
    func damaged() async throws {
        let rig = try await Rig("inproc://broker")
        let (peer, _) = try await rig.broker.welcome()
        #expect(await rig.next(Self.isReady))
        let job = JobID(high: 1, low: 2)
        let whole = Header(.result, job: job, attempt: 3, epoch: 77).frame([7])
        for (offset, byte, code) in [
            (8, 9, FailureCode.malformed), (13, 9, .limitExceeded), (7, 1, .malformed),
        ]
            as [(Int, UInt8, FailureCode)]
        {
            var frame = whole
            frame[offset] = byte
            await rig.broker.send(raw: [frame], to: peer)
            for await event in rig.events {
                guard case .damaged(let header, let failure) = event else { continue }
                #expect(header.job == job && header.attempt == 3 && failure.code == code)
                break
            }
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
        #expect(try await rig.peer.send(Header(.catalogueQuery)) == .accepted)
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
