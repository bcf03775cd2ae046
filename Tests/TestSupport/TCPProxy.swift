import FlyingSocks
import Foundation
import Ground

/// Stands between peers and a server on this machine, and does to their bytes what lines in the field do.
///
/// Bytes are passed on in their order or not at all. What is changed holds for connections that are there and for new
/// ones.
package final class TCPProxy: Sendable {
    /// How a line is.
    package struct Line: Sendable, Hashable {
        /// Bytes a second, each way and of each connection; `nil` for as many as there are.
        package var bytesPerSecond: Int?
        /// How long a byte takes, each way.
        package var delayMilliseconds = 0
        /// Whether nothing passes for now; connections stay, and nobody is told.
        package var isStalled = false
        /// Whether what the server says is lost, though connections stay: half of each is there.
        package var isHalfOpen = false

        /// A line that does nothing.
        package init() {}

        /// A line of a rate.
        package init(bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }
    }

    private struct State {
        var line = Line()
        var connections: [Int: Task<Void, Never>] = [:]
        var accepted = 0
        var passed = 0
    }

    private static let chunkByteCount = 16 << 10
    /// How far a line may fall behind its rate and make up for it, in milliseconds.
    private static let burstMilliseconds = 50
    /// How long a stalled or slow line waits until it looks again, in milliseconds.
    private static let grainMilliseconds = 5

    /// Where peers connect to.
    package let endpoint: String
    private let serverPort: UInt16
    private let listener: Socket
    private let pool: any AsyncSocketPool = .make()
    private let state = Lock(State())
    private let accepted: (counts: AsyncStream<Int>, source: AsyncStream<Int>.Continuation)
    private let running = Lock<Task<Void, Never>?>(nil)

    /// Listens on a port of its own for a server at `tcp://127.0.0.1:PORT`.
    package init(to server: String) async throws {
        guard let port = server.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw SocketError.unsupportedAddress
        }
        serverPort = port
        let (counts, source) = AsyncStream.makeStream(of: Int.self)
        accepted = (counts, source)
        listener = try Socket(domain: Int32(sockaddr_in.family))
        try listener.bind(to: .inet(ip4: "127.0.0.1", port: 0))
        try listener.listen()
        guard case .ip4(_, let own) = try listener.sockname() else { throw SocketError.unsupportedAddress }
        endpoint = "tcp://127.0.0.1:\(own)"
        try await pool.prepare()
        let socket = try AsyncSocket(socket: listener, pool: pool)
        let task = Task { await self.run(socket) }
        running.withLock { $0 = task }
    }

    /// How many bytes have passed, both ways.
    package var passedByteCount: Int { state.withLock { $0.passed } }

    /// How many connections there have been.
    package var connectionCount: Int { state.withLock { $0.accepted } }

    /// Waits until there have been so many connections; by one task at a time.
    package func connections(atLeast count: Int) async {
        guard connectionCount < count else { return }
        for await now in accepted.counts where now >= count { return }
    }

    /// Changes the line.
    package func become(_ change: (inout Line) -> Void) { state.withLock { change(&$0.line) } }

    /// Ends all connections there are; peers may connect again at once.
    package func cut() {
        let connections = state.withLock { state in
            defer { state.connections.removeAll() }
            return Array(state.connections.values)
        }
        // Each closes its sockets once nobody waits for them any more: their numbers are soon another's.
        for connection in connections { connection.cancel() }
    }

    /// Ends all connections, and listens no more.
    package func stop() {
        running.withLock { $0?.cancel() }
        try? listener.close()
        cut()
    }

    private func run(_ listener: AsyncSocket) async {
        await withDiscardingTaskGroup { group in
            group.addTask { try? await self.pool.run() }
            while !Task.isCancelled {
                guard let client = try? await listener.accept() else { break }
                begin(client)
            }
            group.cancelAll()
        }
    }

    private func begin(_ client: AsyncSocket) {
        let number = state.withLock { state in
            state.accepted += 1
            let number = state.accepted
            state.connections[number] = Task {
                await self.serve(client)
                self.state.withLock { _ = $0.connections.removeValue(forKey: number) }
            }
            return number
        }
        accepted.source.yield(number)
    }

    private func serve(_ client: AsyncSocket) async {
        defer { try? client.close() }
        guard let local = try? sockaddr_in.inet(ip4: "127.0.0.1", port: serverPort),
            let server = try? await AsyncSocket.connected(to: local, pool: pool)
        else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.pass(from: client, to: server, isFromServer: false) }
            group.addTask { await self.pass(from: server, to: client, isFromServer: true) }
            // One side that has left ends both, as a router that forgets a connection does.
            await group.next()
            group.cancelAll()
        }
        try? server.close()
    }

    /// Passes bytes on in one direction until either side is gone.
    private func pass(from source: AsyncSocket, to destination: AsyncSocket, isFromServer: Bool) async {
        let clock = ContinuousClock()
        let (chunks, queue) = AsyncStream.makeStream(of: (bytes: [UInt8], due: ContinuousClock.Instant).self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { queue.finish() }
                var pace = clock.now
                // What is not passed on is not read, but for what is on its way: the sender is to notice.
                while await self.untilItMoves(), let bytes = try? await source.read(atMost: self.chunk),
                    !bytes.isEmpty
                {
                    let line = self.state.withLock { $0.line }
                    queue.yield((bytes, clock.now + .milliseconds(line.delayMilliseconds)))
                    guard await self.spend(bytes.count, &pace) else { return }
                }
            }
            group.addTask {
                var hasLost = false
                for await chunk in chunks {
                    if chunk.due > clock.now { try? await clock.sleep(until: chunk.due) }
                    guard await self.untilItMoves() else { return }
                    if isFromServer, self.state.withLock({ $0.line.isHalfOpen }) {
                        hasLost = true
                        continue
                    }
                    // No TCP connection goes on behind a gap.
                    guard !hasLost else { return }
                    guard (try? await destination.write(Data(chunk.bytes))) != nil else { return }
                    self.state.withLock { $0.passed += chunk.bytes.count }
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Bytes of a chunk: what the line takes for a twentieth of a second.
    private var chunk: Int {
        let rate = state.withLock { $0.line.bytesPerSecond } ?? .max
        return Swift.max(1, Swift.min(Self.chunkByteCount, rate / 20))
    }

    /// Takes the time so many bytes take.
    ///
    /// - Parameter pace: when the bytes before were through. Who sleeps wakes late: what was lost is made up for.
    private func spend(_ count: Int, _ pace: inout ContinuousClock.Instant) async -> Bool {
        guard let rate = state.withLock({ $0.line.bytesPerSecond }) else { return !Task.isCancelled }
        let clock = ContinuousClock()
        pace =
            max(pace, clock.now - .milliseconds(Self.burstMilliseconds))
            + .seconds(Double(count) / Double(rate))
        return (try? await clock.sleep(until: pace)) != nil
    }

    /// Waits while the line is stalled.
    private func untilItMoves() async -> Bool {
        while state.withLock({ $0.line.isStalled }) {
            guard (try? await Task.sleep(for: .milliseconds(Self.grainMilliseconds))) != nil else {
                return false
            }
        }
        return !Task.isCancelled
    }
}
