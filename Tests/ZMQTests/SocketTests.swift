import CZMQ
import Testing

@testable import ZMQ

/// Sockets on the test's own thread, without a loop.
@Suite struct SocketTests {
    /// Makes libzmq look at what its threads have told a socket.
    private func settle(_ socket: borrowing Socket) throws {
        _ = try socket.integer(ZMQ_EVENTS)
    }

    private func text(_ socket: borrowing Socket) -> [String]? {
        guard case .message(let message) = socket.receive() else { return nil }
        return (0..<message.frameCount).map { String(decoding: message.bytes(at: $0), as: UTF8.self) }
    }

    @Test(
        "a connection that dies within a message costs that message and not the next one",
        .timeLimit(.minutes(1)))
    func lateDeath() throws {
        let context = try Context(ioThreads: 1)
        var attempt = 0
        // When the sender learns of the death is up to libzmq's threads: try until it is within the message.
        while true {
            attempt += 1
            let sender = try Socket(.dealer, options: [.immediate(true)], in: context)
            if try dieWithinMessage(sender, "inproc://first-\(attempt)", in: context) != .lost { continue }
            let second = try Socket(.dealer, options: [], in: context)
            _ = try second.bind(to: "inproc://second")
            try sender.connect(to: "inproc://second")
            var next = message("four", "five")
            #expect(sender.send(&next) == .sent)
            #expect(text(second) == ["four", "five"])
            #expect(text(second) == nil)
            return
        }
    }

    /// Sends one frame of three, closes the peer, and sends the others.
    private func dieWithinMessage(
        _ sender: borrowing Socket, _ endpoint: String, in context: Context
    ) throws -> SendOutcome {
        var peer = try Socket(.dealer, options: [], in: context)
        _ = try peer.bind(to: endpoint)
        try sender.connect(to: endpoint)
        try settle(peer)
        var outgoing = message("one", "two", "three")
        #expect(sender.sendFrame(0, of: &outgoing) >= 0)
        peer.close(lingerMilliseconds: 0)
        for _ in 0..<1000 { try settle(sender) }
        let outcome = sender.sendRest(of: &outgoing)
        #expect(outgoing.frameCount == 0)
        return outcome
    }

    @Test("a message beyond the limits is dropped whole, the next one is whole")
    func limits() throws {
        let context = try Context(ioThreads: 1)
        let options: [SocketOption] = [.frameCountMaximum(3), .messageByteCountMaximum(10)]
        let receiver = try Socket(.pair, options: options, in: context)
        _ = try receiver.bind(to: "inproc://limits")
        let sender = try Socket(.pair, options: [], in: context)
        try sender.connect(to: "inproc://limits")
        let cases: [([String], Bool)] = [
            (["a", "b", "c"], true), (["a", "b", "c", "d"], false), (["a", "b", "c", "d", "e", "f"], false),
            (["12345", "67890"], true), (["12345", "678901"], false), (["12345678901", "x"], false),
            (["", ""], true),
        ]
        for (frames, isKept) in cases {
            var message = Message()
            for frame in frames { message.append(Array(frame.utf8)) }
            #expect(sender.send(&message) == .sent)
            switch receiver.receive() {
            case .message(let message):
                #expect(isKept && message.frameCount == frames.count)
            case .tooLarge(let head):
                let isLong = frames.count > 3
                #expect(!isKept && head.excess == (isLong ? .frames(read: 4) : .bytes(read: 11)))
                // All that was read before it was seen to be too large, and no more than two frames.
                let first = frames.prefix(2).map { Array($0.utf8) }
                #expect(head.frames == first || head.frames == [first[0]])
            case .dropped: Issue.record("the connection did not end")
            case .empty: Issue.record("nothing came")
            }
            #expect(text(receiver) == nil)
        }
    }

    @Test("a full socket leaves the message with the caller, a closed one too")
    func full() throws {
        let context = try Context(ioThreads: 1)
        var socket = try Socket(.dealer, options: [.immediate(true)], in: context)
        var message = message("a", "b")
        #expect(socket.send(&message) == .full)
        #expect(message.frameCount == 2)
        socket.close(lingerMilliseconds: 0)
        #expect(socket.isOpen == false)
        #expect(socket.send(&message) == .unreachable)
        #expect(message.bytes(at: 1) == Array("b".utf8))
        #expect(text(socket) == nil)
        #expect(throws: ZMQError(.notASocket, function: "socket")) { try socket.connect(to: "inproc://x") }
    }

    @Test(
        "a bound address is named as people write it",
        arguments: [
            ("tcp://[::ffff:127.0.0.1]:5555", "tcp://127.0.0.1:5555"),
            ("tcp://[::1]:5555", "tcp://[::1]:5555"),
            ("tcp://[::ffff:1]:5", "tcp://[::ffff:1]:5"), ("tcp://[::ffff:", "tcp://[::ffff:"),
            ("inproc://[::ffff:1.2.3.4]", "inproc://[::ffff:1.2.3.4]"), ("", ""),
        ])
    func plain(endpoint: String, expected: String) {
        #expect(Socket.plain(endpoint) == expected)
    }

    @Test("a ROUTER gives a different first id in each program, as the generator is seeded")
    func seeded() throws {
        let context = try Context(ioThreads: 1)
        let router = try Socket(.router, options: [.mandatory(true)], in: context)
        let endpoint = try router.bind(to: "tcp://127.0.0.1:0")
        let dealer = try Socket(.dealer, options: [], in: context)
        try dealer.connect(to: endpoint)
        var greeting = message("hello")
        #expect(dealer.send(&greeting) == .sent)
        var id: [UInt8]?
        while id == nil {
            if case .message(let message) = router.receive() { id = message.bytes(at: 0) }
        }
        #expect(id?.count == 5)
        // What every unseeded libzmq on glibc hands out first.
        #expect(id != [0x00, 0x6B, 0x8B, 0x45, 0x67])
    }
}
