import TestSupport
import Testing

@testable import HTTP

@Suite("Requests of HTTP")
struct HTTPRequestTests {
    private static func read(_ text: String) throws(HTTPFault) -> HTTPRequest {
        try HTTPRequest(head: Array(text.utf8))
    }

    @Test(
        "are read with and without what they need not have",
        arguments: [
            (
                "GET /metrics HTTP/1.1\r\nHost: localhost:8080\r\nAccept: */*\r\n\r\n", "GET", "/metrics",
                "localhost"
            ),
            ("HEAD / HTTP/1.0\n\n", "HEAD", "/", ""),
            ("GET /v1/status?a=b#c HTTP/1.1\r\nhost:[::1]:8080\r\n\r\n", "GET", "/v1/status", "::1"),
            ("GET /x HTTP/1.1\r\nHOST: \t127.0.0.1 \r\n\r\n", "GET", "/x", "127.0.0.1"),
        ])
    func good(_ text: String, method: String, path: String, host: String) throws {
        let request = try Self.read(text)
        #expect(request.method == method && request.path == path && request.host == host)
    }

    @Test(
        "that are none are refused",
        arguments: [
            "", "\r\n\r\n", "GET /", "GET / SMTP/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
            "GET metrics HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\nnothing\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /\u{0} HTTP/1.1\r\n\r\n",
            "GET /ä HTTP/1.1\r\n\r\n",
        ])
    func bad(_ text: String) { #expect(throws: HTTPFault.self) { try Self.read(text) } }

    @Test("of any bytes are read or refused")
    func anyBytes() {
        var random = SplitMix64(seed: 11)
        let good = Array("GET /metrics HTTP/1.1\r\nHost: localhost:8080\r\n\r\n".utf8)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            if (try? HTTPRequest(head: bytes)) == nil { refused += 1 }
        }
        #expect(refused > 5_000 && refused < 20_000)
    }

    @Test("addresses are an IP address, or a word for one, and a port")
    func addresses() throws {
        #expect(try HTTPAddress("127.0.0.1:8080").description == "127.0.0.1:8080")
        #expect(try HTTPAddress("[::1]:0").description == "[::1]:0")
        #expect(try HTTPAddress("localhost:1").host == "127.0.0.1")
        #expect(try HTTPAddress("*:65535").host == "0.0.0.0")
        for text in [
            "", "8080", ":8080", "host.example:80", "::1:80", "[127.0.0.1]:80", "1.2.3.4:", "1.2.3.4:65536",
            "1.2.3.4:+1",
        ] {
            #expect(throws: HTTPFault.address(text)) { try HTTPAddress(text) }
        }
    }
}
