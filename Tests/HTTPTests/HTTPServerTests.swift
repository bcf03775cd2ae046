import FlyingSocks
import Foundation
import Testing

@testable import HTTP

@Suite("The server of small pages", .timeLimit(.minutes(1)))
struct HTTPServerTests {
    private static var free: HTTPAddress { get throws { try HTTPAddress("127.0.0.1:0") } }

    /// Serves, says bytes to the server by one connection for each, and gives back all that comes.
    private static func answers(to requests: [[UInt8]]) async throws -> [String] {
        let server = try HTTPServer(at: Self.free) { request, client in
            HTTPResponse("\(request.method) \(request.path) \(request.host) \(client.isLocal)")
        }
        let serving = Task { try? await server.run() }
        defer { serving.cancel() }
        var answers: [String] = []
        for request in requests {
            let socket = try await AsyncSocket.connected(
                to: .inet(ip4: "127.0.0.1", port: server.address.port))
            // A server that has heard enough answers, and takes no more.
            try? await socket.write(Data(request))
            var bytes: [UInt8] = []
            while let more = try? await socket.read(atMost: 65_536) { bytes += more }
            answers.append(String(decoding: bytes, as: UTF8.self))
            try socket.close()
        }
        return answers
    }

    @Test("answers requests, each by a connection of its own")
    func answersRequests() async throws {
        let answers = try await Self.answers(to: [
            Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8),
            Array("HEAD / HTTP/1.1\r\n\r\n".utf8),
            Array("POST / HTTP/1.1\r\n\r\nbody".utf8), Array("nonsense\r\n\r\n".utf8),
        ])
        #expect(
            answers[0].hasPrefix("HTTP/1.1 200 OK\r\n")
                && answers[0].hasSuffix("\r\n\r\nGET /metrics localhost true"))
        #expect(answers[1].contains("Content-Length: 12\r\n") && answers[1].hasSuffix("\r\n\r\n"))
        #expect(answers[2].hasPrefix("HTTP/1.1 405 ") && answers[2].contains("Allow: GET, HEAD"))
        #expect(answers[3].hasPrefix("HTTP/1.1 400 "))
    }

    @Test("takes a head as long as it says, and none that is longer")
    func headLimit() async throws {
        let (line, end) = ("GET / HTTP/1.1\r\nX: ", "\r\n\r\n")
        let padding = HTTPLimits.headByteCountMaximum - line.utf8.count - end.utf8.count
        let answers = try await Self.answers(to: [
            Array((line + String(repeating: "x", count: padding) + end).utf8),
            [UInt8](repeating: 0x41, count: HTTPLimits.headByteCountMaximum),
        ])
        #expect(answers[0].hasPrefix("HTTP/1.1 200 "))
        #expect(answers[1].hasPrefix("HTTP/1.1 431 "))
    }

    @Test("goes on after a megabyte without an end")
    func longHeads() async throws {
        let answers = try await Self.answers(to: [
            [UInt8](repeating: 0x41, count: 1 << 20), Array("GET / HTTP/1.1\r\n\r\n".utf8),
        ])
        #expect(answers[1].hasPrefix("HTTP/1.1 200 "))
    }

    @Test("keeps room: silent connections beyond the limit are closed at once")
    func manyConnections() async throws {
        let server = try HTTPServer(at: Self.free) { _, _ in HTTPResponse("") }
        let serving = Task { try? await server.run() }
        defer { serving.cancel() }
        var silent: [AsyncSocket] = []
        for _ in 0..<HTTPLimits.connectionsMaximum {
            silent.append(
                try await AsyncSocket.connected(to: .inet(ip4: "127.0.0.1", port: server.address.port)))
        }
        let late = try await AsyncSocket.connected(to: .inet(ip4: "127.0.0.1", port: server.address.port))
        // The end of the connection, and no answer; the server must not wait for a word first.
        await #expect(throws: SocketError.self) { try await late.read(atMost: 1) }
        for socket in silent { try socket.close() }
    }

    @Test("an address that is taken is named")
    func taken() async throws {
        let server = try HTTPServer(at: Self.free) { _, _ in HTTPResponse("") }
        let address = server.address
        do {
            _ = try HTTPServer(at: address) { _, _ in HTTPResponse("") }
            Issue.record("two servers at one address")
        } catch HTTPFault.unavailable(let name, _) {
            #expect(name == "\(address)")
        }
        let serving = Task { try? await server.run() }
        serving.cancel()
        await serving.value
    }
}
