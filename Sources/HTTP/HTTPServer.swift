import FlyingSocks
import Foundation
import Synchronization

/// Serves small pages: one request a connection, answered by a closure.
///
/// DESIGN. Sockets and their waiting are FlyingSocks'; requests are read here, for FlyingFox, the server above it,
/// reads lines of any length and waits for a client however slow it is. What a client can take is bounded: bytes of a
/// head, seconds of a connection, connections at once (`HTTPLimits`).
package struct HTTPServer: Sendable {
    /// Answers a request.
    package typealias Answer = @Sendable (_ request: HTTPRequest, _ client: HTTPClient) async -> HTTPResponse

    /// Where it listens, with a port of 0 resolved.
    package let address: HTTPAddress

    private let socket: Socket
    private let pool: any AsyncSocketPool
    private let answer: Answer

    /// Listens, and answers nobody before `run`.
    ///
    /// - Throws: `HTTPFault.unavailable` for an address that is taken or is none of this machine's.
    package init(at address: HTTPAddress, answer: @escaping Answer) throws(HTTPFault) {
        do {
            (socket, self.address) = try Self.listen(at: address)
        } catch SocketError.failed(_, _, let message) {
            throw .unavailable(address: "\(address)", reason: message)
        } catch {
            throw .unavailable(address: "\(address)", reason: "\(error)")
        }
        pool = .make()
        self.answer = answer
    }

    private static func listen(at address: HTTPAddress) throws -> (Socket, HTTPAddress) {
        let socket = try Socket(domain: Int32(address.isVersion6 ? sockaddr_in6.family : sockaddr_in.family))
        do {
            try socket.setValue(true, for: .localAddressReuse)
            if address.isVersion6 {
                try socket.bind(to: .inet6(ip6: address.host, port: address.port))
            } else {
                try socket.bind(to: .inet(ip4: address.host, port: address.port))
            }
            try socket.listen()
            switch try socket.sockname() {
            case .ip4(_, let port), .ip6(_, let port):
                return (socket, HTTPAddress(host: address.host, port: port))
            case .unix: throw SocketError.unsupportedAddress
            }
        } catch {
            try? socket.close()
            throw error
        }
    }

    /// Answers until its task is cancelled; then it listens no more.
    ///
    /// - Throws: `HTTPFault.unavailable` where the system gives it nothing to wait for clients with.
    package func run() async throws(HTTPFault) {
        defer { try? socket.close() }
        let listener: AsyncSocket
        do {
            try await pool.prepare()
            listener = try AsyncSocket(socket: socket, pool: pool)
        } catch {
            throw .unavailable(address: "\(address)", reason: "\(error)")
        }
        await withDiscardingTaskGroup { group in
            group.addTask { try? await pool.run() }
            let count = Count()
            while !Task.isCancelled {
                do {
                    let client = try await listener.accept()
                    guard count.enter() else {
                        try? client.close()
                        continue
                    }
                    group.addTask {
                        await serve(client)
                        try? client.close()
                        count.leave()
                    }
                } catch {
                    try? await Task.sleep(for: .seconds(HTTPLimits.pauseSeconds))
                }
            }
            group.cancelAll()
        }
    }

    /// Answers one request, or gives up when its time is over.
    private func serve(_ client: AsyncSocket) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await exchange(with: client) }
            group.addTask { try? await Task.sleep(for: .seconds(HTTPLimits.connectionSeconds)) }
            await group.next()
            group.cancelAll()
        }
    }

    private func exchange(with client: AsyncSocket) async throws {
        let response: HTTPResponse
        var isHead = false
        do throws(HTTPFault) {
            guard let head = try await readHead(of: client) else { return }
            let request = try HTTPRequest(head: head)
            isHead = request.method == "HEAD"
            response =
                isHead || request.method == "GET"
                ? await answer(request, HTTPClient(client.socket))
                : HTTPResponse("there is nothing to \(request.method) here\n", .methodNotAllowed)
        } catch {
            response = HTTPResponse(refusing: error)
        }
        try await client.write(Data(response.bytes(isHead: isHead)))
    }

    /// The bytes before the first empty line; `nil` of a client that has left.
    private func readHead(of client: AsyncSocket) async throws(HTTPFault) -> [UInt8]? {
        var bytes: [UInt8] = []
        while true {
            let room = HTTPLimits.headByteCountMaximum - bytes.count
            guard room > 0 else { throw .tooLong(limit: HTTPLimits.headByteCountMaximum) }
            guard let more = try? await client.read(atMost: room), !more.isEmpty else { return nil }
            let start = max(0, bytes.count - 3)
            bytes += more
            for index in start..<bytes.count where bytes[index] == 0x0A {
                let isEnd =
                    index > 0
                    && (bytes[index - 1] == 0x0A
                        || index > 1 && bytes[index - 1] == 0x0D && bytes[index - 2] == 0x0A)
                if isEnd { return Array(bytes[...index]) }
            }
        }
    }
}

/// Who asks.
package struct HTTPClient: Sendable, Hashable {
    /// Whether it is of this machine.
    package let isLocal: Bool

    init(_ socket: Socket) {
        switch try? socket.remotePeer() {
        case .ip4(let address, _): isLocal = address.hasPrefix("127.")
        case .ip6(let address, _): isLocal = address == "::1" || address.lowercased().hasPrefix("::ffff:127.")
        default: isLocal = false
        }
    }
}

/// How many connections there are.
private final class Count: Sendable {
    private let value = Atomic(0)

    func enter() -> Bool {
        guard value.add(1, ordering: .relaxed).newValue <= HTTPLimits.connectionsMaximum else {
            leave()
            return false
        }
        return true
    }

    func leave() { value.subtract(1, ordering: .relaxed) }
}
