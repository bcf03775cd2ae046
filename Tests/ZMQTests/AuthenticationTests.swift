import TestSupport
import Testing

@testable import ZMQ

@Suite("Who is let in", .timeLimit(.minutes(1)))
struct AuthenticationTests {
    /// Opens a CURVE server on a loop; what it hears goes on with the key it came under.
    private func serve(
        _ loop: Loop, _ keys: CurveKeyPair, _ heard: Events<[String?]>,
        _ decide: @escaping @Sendable (Applicant) -> Admission
    ) async throws -> String {
        try await loop.perform {
            try loop.authenticate(decide)
            let router = try loop.open(.router, options: .router(SocketLimits()) + [.curveServer(keys)]) {
                heard.source.yield([String(decoding: $0.bytes(at: 1), as: UTF8.self), $0.userID])
            }
            return try loop.bind(router, to: "tcp://127.0.0.1:0")
        }
    }

    /// Connects and says a word.
    private func greet(
        _ loop: Loop, _ endpoint: String, _ word: String, _ options: [SocketOption],
        _ events: Events<MonitorEvent>
    ) async throws {
        try await loop.perform {
            let dealer = try loop.open(.dealer, options: [.linger(milliseconds: 0)] + options) { _ in }
            try loop.monitor(dealer) { events.source.yield($0) }
            try loop.connect(dealer, to: endpoint)
            var greeting = message(word)
            #expect(loop.send(&greeting, on: dealer) == .sent)
        }
    }

    /// Whether a handshake was refused, and the connection not merely closed before the reason could be read: then
    /// libzmq tries again.
    private static func isRefusal(_ event: MonitorEvent) -> Bool {
        if case .handshakeFailed(_, let failure) = event { !failure.isHangUp } else { false }
    }

    @Test("a listed key gets in and is on its messages; another, and none, do not and hear why")
    func listed() async throws {
        let (server, north, stranger) = (
            try CurveKeyPair.generate(), try CurveKeyPair.generate(), try CurveKeyPair.generate()
        )
        let serverKey = try CurvePublicKey(server.publicKey), northKey = try CurvePublicKey(north.publicKey)
        try await withLoop { loop in
            let (heard, applicants) = (Events<[String?]>(), Events<Applicant>())
            let endpoint = try await serve(loop, server, heard) { applicant in
                applicants.source.yield(applicant)
                return applicant.key == northKey ? .allowed : .refused
            }
            let refusals = Events<MonitorEvent>(), mismatches = Events<MonitorEvent>()
            let strange = CurveCredentials(keys: stranger, serverKey: serverKey)
            try await greet(loop, endpoint, "stranger", [strange.option], refusals)
            let refusal = await refusals.first(where: Self.isRefusal)
            #expect(refusal == .handshakeFailed(endpoint: endpoint, .authentication(status: 400)))
            try await greet(loop, endpoint, "nobody", [], mismatches)
            let mismatch = await mismatches.first(where: Self.isRefusal)
            #expect(mismatch == .handshakeFailed(endpoint: endpoint, .mechanismMismatch))
            let known = CurveCredentials(keys: north, serverKey: serverKey)
            try await greet(loop, endpoint, "north", [known.option], Events())
            #expect(await heard.next(1) == [["north", north.publicKey]])
            var asked = [await applicants.next(1)[0]]
            while asked.last?.key.text == stranger.publicKey { asked += await applicants.next(1) }
            #expect(asked.first?.key.text == stranger.publicKey && asked.last?.key.text == north.publicKey)
            #expect(asked.allSatisfy { $0.address.hasSuffix("127.0.0.1") })
        }
    }

    @Test("a server that would let everybody in is not opened, and there is one authenticator")
    func failsClosed() async throws {
        let keys = try CurveKeyPair.generate()
        try await withLoop { loop in
            try await loop.perform {
                let error = #expect(throws: ZMQError.self) {
                    _ = try loop.open(.router, options: [.curveServer(keys)]) { _ in }
                }
                #expect(error?.description.contains("without an authenticator") == true)
                #expect(error?.description.contains(keys.secretKey) == false)
                try loop.authenticate { _ in .refused }
                _ = try loop.open(.router, options: [.curveServer(keys)]) { _ in }
                let second = #expect(throws: ZMQError.self) { try loop.authenticate { _ in .allowed } }
                #expect(second?.code == .addressInUse)
            }
        }
    }

    @Test("a public key has one text, and begins with what is shown of it")
    func publicKeys() throws {
        let key = try CurvePublicKey("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7")
        #expect(try CurvePublicKey(bytes: key.bytes) == key && key.bytes.count == 32)
        #expect(key.beginning == "rq:rM>}U" && "\(key)" == key.text)
        for text in ["", "short", String(repeating: "\"", count: 40), String(repeating: "#", count: 40)] {
            #expect(throws: ZMQError.self) { _ = try CurvePublicKey(text) }
        }
        #expect(throws: ZMQError.self) { _ = try CurvePublicKey(bytes: [1]) }
    }

    @Test(
        "what only this machine reaches is local",
        arguments: [
            ("tcp://127.0.0.1:5555", true), ("tcp://127.8.9.10:*", true), ("tcp://[::1]:5555", true),
            ("tcp://[0:0:0:0:0:0:0:1]:1", true), ("tcp://[::ffff:127.0.0.1]:1", true),
            ("tcp://[::1%lo]:1", true),
            ("tcp://localhost:1", true), ("ipc:///tmp/fagure", true), ("inproc://a", true),
            ("tcp://*:5555", false), ("tcp://0.0.0.0:5555", false), ("tcp://[::]:5555", false),
            ("tcp://10.0.0.7:5555", false), ("tcp://eth0:5555", false), ("tcp://[fe80::1%eth0]:1", false),
            ("tcp://[::ffff:10.0.0.1]:1", false), ("tcp://128.0.0.1:1", false),
            ("tcp://broker.example:1", false),
            ("tcp://127.0.0.1.example.org:1", false),
        ])
    func local(_ text: String, _ isLocal: Bool) throws {
        #expect(try Endpoint(text, for: .bind).isLocal == isLocal)
    }

    @Test("what is bound everywhere is reached at the loopback address")
    func here() throws {
        for (bound, here) in [
            ("tcp://0.0.0.0:5555", "tcp://127.0.0.1:5555"), ("tcp://[::]:5555", "tcp://127.0.0.1:5555"),
            ("tcp://10.0.0.7:5555", "tcp://10.0.0.7:5555"), ("ipc:///tmp/x", "ipc:///tmp/x"),
        ] {
            #expect(try Endpoint(bound, for: .bind).here == here)
        }
    }
}
