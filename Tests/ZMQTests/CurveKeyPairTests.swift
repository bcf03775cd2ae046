import TestSupport
import Testing

@testable import ZMQ

@Suite struct CurveKeyPairTests {
    @Test("a pair can be made again from its secret key, and is never the same twice")
    func generate() throws {
        let pair = try CurveKeyPair.generate()
        #expect(try CurveKeyPair(secretKey: pair.secretKey) == pair)
        #expect(try CurveKeyPair.generate() != pair)
        #expect(CurveKeyPair.isKey(pair.publicKey))
    }

    @Test("the pair of rfc.zeromq.org/spec/26's example key is derived")
    func known() throws {
        let pair = try CurveKeyPair(secretKey: "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6")
        #expect(pair.publicKey == "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7")
    }

    @Test(
        "a text that is no key is refused",
        arguments: [
            "", "short", String(repeating: "0", count: 39), String(repeating: "0", count: 41),
            String(repeating: "\"", count: 40), String(repeating: "ä", count: 20),
            String(repeating: "\0", count: 40),
        ])
    func refused(text: String) {
        #expect(!CurveKeyPair.isKey(text))
        #expect(throws: ZMQError.self) { _ = try CurveKeyPair(secretKey: text) }
    }

    @Test("a printed pair does not show the secret key")
    func printing() throws {
        let pair = try CurveKeyPair.generate()
        var dumped = ""
        dump(pair, to: &dumped)
        for text in ["\(pair)", String(reflecting: pair), dumped] {
            #expect(text.contains(pair.publicKey))
            #expect(!text.contains(pair.secretKey))
        }
    }

    @Test(
        "an encrypted round trip works, and a client with another server's key is not heard",
        .timeLimit(.minutes(1)))
    func roundTrip() async throws {
        try #require(CurveKeyPair.isSupported)
        let (server, right, stranger) = (
            try CurveKeyPair.generate(), try CurveKeyPair.generate(), try CurveKeyPair.generate()
        )
        try await withLoop { loop in
            let heard = Events<Received>()
            let failures = Events<MonitorEvent>()
            try await loop.perform {
                try loop.authenticate { _ in .allowed }
                let router = try loop.open(.router, options: .router(SocketLimits()) + [.curveServer(server)])
                {
                    heard.source.yield(Received($0))
                }
                try loop.monitor(router) { failures.source.yield($0) }
                let endpoint = try loop.bind(router, to: "tcp://127.0.0.1:0")
                for (keys, serverKey, text) in [
                    (stranger, stranger.publicKey, "wrong"), (right, server.publicKey, "right"),
                ] {
                    let options: [SocketOption] = [
                        .linger(milliseconds: 0), .curveClient(keys, serverPublicKey: serverKey),
                    ]
                    let dealer = try loop.open(.dealer, options: options) { _ in }
                    try loop.connect(dealer, to: endpoint)
                    var greeting = message(text)
                    #expect(loop.send(&greeting, on: dealer) == .sent)
                }
            }
            #expect(await heard.next(1).map(\.text) == ["right"])
            let failure = await failures.first { event in
                if case .handshakeFailed(_, .protocolError) = event { true } else { false }
            }
            #expect(failure != nil)
        }
    }
}
