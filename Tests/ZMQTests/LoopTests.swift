import Ground
import Synchronization
import TestSupport
import Testing

@testable import ZMQ

@Suite(.timeLimit(.minutes(1))) struct LoopTests {
    /// Opens a ROUTER that sends every message back.
    private static func openEcho(_ loop: Loop, at endpoint: String) throws -> String {
        let id = Lock<SocketID?>(nil)
        let box = Shared(id)
        let router = try loop.open(.router, options: .router(SocketLimits(sendHighWater: 200_000))) {
            message in
            var message = message
            guard let router = box.value.withLock({ $0 }) else { return }
            #expect(loop.send(&message, on: router) == .sent)
        }
        box.value.withLock { $0 = router }
        return try loop.bind(router, to: endpoint)
    }

    @Test("closures of one thread run in order, on the loop")
    func order() async throws {
        try await withLoop { loop in
            let seen = Events<Int>()
            #expect(!loop.isOnLoop)
            for number in 0..<1000 {
                loop.execute { seen.source.yield(loop.isOnLoop ? number : -1) }
            }
            #expect(await seen.next(1000) == Array(0..<1000))
        }
    }

    @Test("closures of many threads all run")
    func manyThreads() async throws {
        try await withLoop { loop in
            let count = Shared(Atomic(0))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<5000 { loop.execute { count.value.wrappingAdd(1, ordering: .relaxed) } }
                    }
                }
            }
            let total = try await loop.perform { count.value.load(ordering: .relaxed) }
            #expect(total == 40_000)
        }
    }

    @Test(
        "a thousand messages each of two peers come back to their own senders",
        arguments: ["tcp://127.0.0.1:0", "inproc://echo"])
    func twoPeers(endpoint: String) async throws {
        try await withLoop { loop in
            let inboxes = [Events<Received>(), Events<Received>()]
            try await loop.perform {
                let resolved = try Self.openEcho(loop, at: endpoint)
                for (number, inbox) in inboxes.enumerated() {
                    let limits = SocketLimits(sendHighWater: 2000, receiveHighWater: 2000)
                    let dealer = try loop.open(.dealer, options: limits.options) {
                        inbox.source.yield(Received($0))
                    }
                    try loop.connect(dealer, to: resolved)
                    for count in 0..<1000 {
                        var outgoing = message("peer \(number)", "\(count)")
                        #expect(loop.send(&outgoing, on: dealer) == .sent)
                    }
                }
            }
            for (number, inbox) in inboxes.enumerated() {
                let frames = await inbox.next(1000).map(\.frames)
                #expect(frames == (0..<1000).map { [Array("peer \(number)".utf8), Array("\($0)".utf8)] })
            }
            let statistics = loop.statistics
            #expect(statistics.messagesSent == 4000)
            #expect(statistics.messagesReceived == 4000)
            // Each message has two frames; the ROUTER's own have the routing id before them, coming and
            // going.
            #expect(statistics.framesSent == 2 * 4000 + 2000)
            #expect(statistics.framesReceived == 2 * 4000 + 2000)
            #expect(statistics.bytesSent == statistics.bytesReceived)
            #expect(statistics.messagesDropped == 0)
        }
    }

    @Test("a hundred thousand messages make a round trip, a window at a time")
    func manyMessages() async throws {
        let (total, window) = (100_000, 512)
        try await withLoop { loop in
            let done = Events<Int>()
            let client = Shared(Lock<(SocketID?, sent: Int, received: Int)>((nil, 0, 0)))
            let sendOne: @Sendable () -> Void = {
                let socket = client.value.withLock { state in
                    defer { state.sent += 1 }
                    return state.sent < total ? state.0 : nil
                }
                guard let socket else { return }
                var outgoing = message("header", "payload")
                #expect(loop.send(&outgoing, on: socket) == .sent)
            }
            try await loop.perform {
                let endpoint = try Self.openEcho(loop, at: "inproc://many")
                let options = SocketLimits(sendHighWater: 1000, receiveHighWater: 1000).options
                let dealer = try loop.open(.dealer, options: options) { message in
                    let received = client.value.withLock { state in
                        state.received += 1
                        return state.received
                    }
                    if received == total { done.source.yield(message.frameCount) }
                    sendOne()
                }
                client.value.withLock { $0.0 = dealer }
                try loop.connect(dealer, to: endpoint)
                for _ in 0..<window { sendOne() }
            }
            #expect(await done.next(1) == [2])
            #expect(loop.statistics.messagesReceived == 2 * total)
        }
    }

    @Test("the end of a turn is told once for a batch, after its messages")
    func endOfTurn() async throws {
        try await withLoop { loop in
            let log = Events<String>()
            try await loop.perform {
                let receiver = try loop.open(
                    .pair, options: [], receive: { log.source.yield(Received($0).text) },
                    endOfTurn: { log.source.yield("end") }
                )
                _ = try loop.bind(receiver, to: "inproc://turn")
                let sender = try loop.open(.pair, options: []) { _ in }
                try loop.connect(sender, to: "inproc://turn")
                for text in ["a", "b", "c"] {
                    var outgoing = message(text)
                    #expect(loop.send(&outgoing, on: sender) == .sent)
                }
            }
            #expect(await log.next(4) == ["a", "b", "c", "end"])
        }
    }

    @Test("one socket with much to say does not keep another from being heard")
    func fairness() async throws {
        try await withLoop { loop in
            let log = Events<String>()
            try await loop.perform {
                for name in ["loud", "quiet"] {
                    let options = SocketLimits(sendHighWater: 4000, receiveHighWater: 4000).options
                    let receiver = try loop.open(.pair, options: options) { _ in log.source.yield(name) }
                    _ = try loop.bind(receiver, to: "inproc://\(name)")
                    let sender = try loop.open(.pair, options: options) { _ in }
                    try loop.connect(sender, to: "inproc://\(name)")
                    for _ in 0..<(name == "loud" ? 3000 : 1) {
                        var outgoing = message(name)
                        #expect(loop.send(&outgoing, on: sender) == .sent)
                    }
                }
            }
            let names = await log.next(3001)
            #expect(names.firstIndex(of: "quiet") == Loop.messagesPerTurn)
        }
    }

    @Test("a closure may close its own socket, and nothing more is heard of it")
    func closeWhileReceiving() async throws {
        try await withLoop { loop in
            let log = Events<String>()
            let own = Shared(Lock<SocketID?>(nil))
            try await loop.perform {
                let receiver = try loop.open(
                    .pair, options: [],
                    receive: { incoming in
                        log.source.yield(Received(incoming).text)
                        if let socket = own.value.withLock({ $0 }) {
                            loop.close(socket, lingerMilliseconds: 0)
                        }
                    }, endOfTurn: { log.source.yield("end") })
                own.value.withLock { $0 = receiver }
                _ = try loop.bind(receiver, to: "inproc://closing")
                let sender = try loop.open(.pair, options: []) { _ in }
                try loop.connect(sender, to: "inproc://closing")
                for text in ["a", "b"] {
                    var outgoing = message(text)
                    #expect(loop.send(&outgoing, on: sender) == .sent)
                }
            }
            _ = await log.next(1)
            try await loop.perform {
                guard let socket = own.value.withLock({ $0 }) else { return }
                loop.close(socket, lingerMilliseconds: 0)
                var outgoing = message("late")
                #expect(loop.send(&outgoing, on: socket) == .unreachable)
                #expect(outgoing.frameCount == 1)
                #expect(throws: ZMQError.self) { try loop.connect(socket, to: "inproc://closing") }
                // The slot is used again, the name is not.
                let other = try loop.open(.pair, options: []) { _ in }
                #expect(other != socket)
                log.source.yield("done")
            }
            #expect(await log.next(1) == ["done"])
        }
    }

    @Test("timers run in order and cancelled ones not")
    func timers() async throws {
        try await withLoop { loop in
            let log = Events<Int>()
            try await loop.perform {
                loop.schedule(afterMilliseconds: 30) { log.source.yield(3) }
                loop.schedule(afterMilliseconds: 10) { log.source.yield(1) }
                let cancelled = loop.schedule(afterMilliseconds: 20) { log.source.yield(-1) }
                loop.schedule(afterMilliseconds: 10) { log.source.yield(2) }
                loop.schedule(afterMilliseconds: .max) { log.source.yield(-2) }
                loop.cancel(cancelled)
                loop.schedule(afterMilliseconds: -5) { log.source.yield(loop.isOnLoop ? 0 : -3) }
            }
            #expect(await log.next(4) == [0, 1, 2, 3])
        }
    }

    @Test("a timer is never early")
    func timerDelay() async throws {
        try await withLoop { loop in
            let delays = Events<Int64>()
            try await loop.perform {
                let start = loop.now()
                loop.schedule(afterMilliseconds: 25) { delays.source.yield(loop.now() - start) }
            }
            let delay = try #require(await delays.next(1).first)
            #expect(delay >= 25)
        }
    }
}

/// Carries something noncopyable into closures.
final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value
    init(_ value: consuming Value) { self.value = value }
}
