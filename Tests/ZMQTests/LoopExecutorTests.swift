import TestSupport
import Testing

@testable import ZMQ

@Suite(.timeLimit(.minutes(1))) struct LoopExecutorTests {
    /// An actor that lives on a loop and echoes what its socket hears.
    private actor Echo: LoopActor {
        nonisolated let thread: Loop
        nonisolated var loop: any Reactor { thread }
        private var socket: SocketID?
        private(set) var echoed = 0
        private(set) var turns = 0
        private(set) var isAlwaysOnLoop = true

        init(loop: Loop) { thread = loop }

        func start(at endpoint: String) throws -> String {
            let socket = try loop.open(
                .router, options: .router(SocketLimits()), for: self,
                receive: { echo, message in echo.answer(message) }, endOfTurn: { $0.turns += 1 }
            )
            self.socket = socket
            return try loop.bind(socket, to: endpoint)
        }

        private func answer(_ message: consuming Message) {
            isAlwaysOnLoop = isAlwaysOnLoop && thread.isOnLoop
            guard let socket, loop.send(&message, on: socket) == .sent else { return }
            echoed += 1
        }

        func isOnLoop() -> Bool { thread.isOnLoop }

        func hopAway() async -> Bool {
            await Self.elsewhere()
            return thread.isOnLoop
        }

        @concurrent private static func elsewhere() async {}
    }

    @Test("an actor's methods run on the loop, also after they awaited something elsewhere")
    func methods() async throws {
        try await withLoop { loop in
            let echo = Echo(loop: loop)
            #expect(await echo.isOnLoop())
            for _ in 0..<100 { #expect(await echo.hopAway()) }
        }
    }

    @Test("a socket's closure enters the actor without a hop")
    func isolation() async throws {
        try await withLoop { loop in
            let echo = Echo(loop: loop)
            let endpoint = try await echo.start(at: "inproc://isolated")
            let inbox = Events<Received>()
            try await loop.perform {
                let dealer = try loop.open(.dealer, options: []) { inbox.source.yield(Received($0)) }
                try loop.connect(dealer, to: endpoint)
                for text in ["a", "b", "c"] {
                    var outgoing = message(text)
                    #expect(loop.send(&outgoing, on: dealer) == .sent)
                }
            }
            #expect(await inbox.next(3).map(\.text) == ["a", "b", "c"])
            #expect(await echo.echoed == 3)
            #expect(await echo.turns > 0)
            #expect(await echo.isAlwaysOnLoop)
        }
    }

    @Test("many tasks that await an actor on the loop are all answered")
    func manyTasks() async throws {
        try await withLoop { loop in
            let echo = Echo(loop: loop)
            let answers = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<2000 { group.addTask { await echo.hopAway() } }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(answers == 2000)
        }
    }

    @Test("an actor still answers after its loop has ended, on one thread at a time")
    func lateJobs() async throws {
        let loop = try Loop(name: "late")
        let echo = Echo(loop: loop)
        #expect(await loop.shutdown() == .finished)
        let answers = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<500 { group.addTask { await echo.hopAway() } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(answers == 500)
        let error = await #expect(throws: ZMQError.self) { _ = try await echo.start(at: "inproc://late") }
        #expect(error?.code == .terminated)
    }

    @Test("an actor on the loop can end the loop and wait for it")
    func shutdownFromWithin() async throws {
        let loop = try Loop(name: "within")
        let echo = Echo(loop: loop)
        _ = try await echo.start(at: "tcp://127.0.0.1:0")
        #expect(await Self.end(echo) == .finished)
    }

    private static func end(_ echo: isolated Echo) async -> ShutdownOutcome {
        await echo.thread.shutdown()
    }
}
