import Testing

@testable import ZMQ

@Suite("Endpoints")
struct EndpointTests {
    @Test(
        "what libzmq reads is let through",
        arguments: [
            "tcp://127.0.0.1:5555", "tcp://localhost:1", "tcp://broker.example.org:65535",
            "tcp://[::1]:5555", "tcp://[::ffff:127.0.0.1]:5555", "tcp://10.0.0.1:0;10.0.0.2:5555",
            "ipc:///tmp/fagure", "ipc://@abstract", "inproc://broker",
        ])
    func connects(_ text: String) throws {
        #expect(try Endpoint(text, for: .connect).description == text)
    }

    @Test(
        "wildcards are for listening",
        arguments: ["tcp://*:5555", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://lo:5555", "ipc://*"])
    func binds(_ text: String) throws {
        #expect(try Endpoint(text, for: .bind).description == text)
        guard text != "tcp://lo:5555" else { return }
        #expect(throws: Endpoint.Fault.self) { _ = try Endpoint(text, for: .connect) }
    }

    @Test(
        "what is wrong is said, with an example",
        arguments: [
            ("tcp://localhost", "the port is missing"), ("tcp://localhost:", "the port is missing"),
            ("tcp://[::1]", "the port is missing"), ("tcp://", "the port is missing"),
            ("tcp://:5555", "the host before the port is missing"),
            ("tcp://host:notaport", "the port 'notaport' is no number"),
            ("tcp://host:-1", "the port '-1' is no number"), ("tcp://host:65536", "there is no port 65536"),
            ("tcp://host:0", "there is no port 0"), ("tcp://host:99999999999999999999", "there is no port"),
            ("tcp://::1:5555", "goes in brackets"), ("tcp://host/path:5", "cannot be read"),
            ("udp://host:5555", "there is no transport 'udp'"),
            ("localhost:5555", "does not begin with tcp://"),
            ("", "does not begin with tcp://"), ("ipc://", "the path after ipc:// is missing"),
            ("inproc://", "the name after inproc:// is missing"), ("tcp://a b:1", "a blank"),
            ("tcp://a\u{1B}:1", "a control character"),
        ])
    func refuses(_ text: String, _ reason: String) {
        let fault = #expect(throws: Endpoint.Fault.self) { _ = try Endpoint(text, for: .connect) }
        #expect(fault?.description.contains(reason) == true, "\(fault?.description ?? "")")
        #expect(fault?.description.contains("tcp://127.0.0.1:5555") == true)
    }

    @Test("a path longer than the system takes is refused")
    func longPath() throws {
        _ = try Endpoint("ipc://" + String(repeating: "a", count: 107), for: .bind)
        #expect(throws: Endpoint.Fault.self) {
            _ = try Endpoint("ipc://" + String(repeating: "a", count: 108), for: .bind)
        }
    }
}
