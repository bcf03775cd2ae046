import Synchronization
import TestSupport
import Testing

@testable import ZMQ

@Suite(.timeLimit(.minutes(1))) struct LoopShutdownTests {
    @Test("after shutdown closures are refused and not kept")
    func refused() async throws {
        let loop = try Loop(name: "refused")
        #expect(await loop.shutdown() == .finished)
        let freed = Events<Int>()
        do {
            let owner = OwnedBytes(count: 5, freed: freed.source)
            #expect(!loop.execute { _ = owner.byteCount })
        }
        freed.source.finish()
        #expect(await freed.next(2) == [5])
    }

    @Test("what was accepted before shutdown is done")
    func accepted() async throws {
        let loop = try Loop(name: "accepted")
        let count = Shared(Atomic(0))
        var taken = 0
        for _ in 0..<10_000 where loop.execute({ count.value.wrappingAdd(1, ordering: .relaxed) }) {
            taken += 1
        }
        await loop.shutdown()
        #expect(taken == 10_000)
        #expect(count.value.load(ordering: .relaxed) == taken)
    }

    @Test("messages nobody takes do not keep a loop from ending")
    func unsent() async throws {
        let loop = try Loop(name: "unsent")
        try await loop.perform {
            let dealer = try loop.open(.dealer, options: []) { _ in }
            try loop.connect(dealer, to: "tcp://127.0.0.1:1")
            for _ in 0..<100 {
                var outgoing = message("never")
                #expect(loop.send(&outgoing, on: dealer) == .sent)
            }
        }
        #expect(await loop.shutdown() == .finished)
    }

    @Test("with time to linger, messages on their way still arrive")
    func linger() async throws {
        try await withLoop("receiver") { receiver in
            let inbox = Events<Received>()
            let endpoint = try await receiver.perform {
                let router = try receiver.open(.router, options: .router(SocketLimits())) {
                    inbox.source.yield(Received($0))
                }
                return try receiver.bind(router, to: "tcp://127.0.0.1:0")
            }
            let sender = try Loop(name: "sender")
            try await sender.perform {
                let dealer = try sender.open(.dealer, options: []) { _ in }
                try sender.connect(dealer, to: endpoint)
                var outgoing = message("goodbye")
                #expect(sender.send(&outgoing, on: dealer) == .sent)
            }
            #expect(await sender.shutdown(lingerMilliseconds: 20_000) == .finished)
            #expect(await inbox.next(1).map(\.text) == ["goodbye"])
        }
    }

    @Test("everyone who asks for the end is told, in whatever way they wait")
    func manyWaiters() async throws {
        let loop = try Loop(name: "waiters")
        let outcomes = try await withThrowingTaskGroup(of: ShutdownOutcome.self) { group in
            for number in 0..<10 {
                group.addTask { number < 9 ? await loop.shutdown() : try loop.shutdownAndWait() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes == [ShutdownOutcome](repeating: .finished, count: 10))
        #expect(try loop.shutdownAndWait() == .finished)
    }

    @Test("timers that were not due are dropped with what they hold, and so are sockets' closures")
    func released() async throws {
        let freed = Events<Int>()
        let loop = try Loop(name: "released")
        try await loop.perform {
            let owners = [1, 2, 3, 4].map { OwnedBytes(count: $0, freed: freed.source) }
            loop.schedule(afterMilliseconds: 1_000_000) { _ = owners[0].byteCount }
            let socket = try loop.open(.pair, options: [], receive: { _ in _ = owners[1].byteCount }) {
                _ = owners[2].byteCount
            }
            loop.onWritable(socket) { _ = owners[3].byteCount }
        }
        await loop.shutdown()
        freed.source.finish()
        #expect(await freed.next(10).sorted() == [1, 2, 3, 4])
    }

    @Test("loops come and go without leaving descriptors behind")
    func manyLoops() async throws {
        for number in 0..<20 {
            try await withLoop("loop \(number)") { loop in
                try await loop.perform {
                    let router = try loop.open(.router, options: .router(SocketLimits())) { _ in }
                    try loop.monitor(router) { _ in }
                    _ = try loop.bind(router, to: "tcp://127.0.0.1:0")
                }
            }
        }
    }
}
