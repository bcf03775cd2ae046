import CZMQ
import Testing

@testable import ZMQ

@Suite struct SocketOptionTests {
    private func socket(_ kind: SocketKind, _ options: [SocketOption]) throws -> (Socket) {
        try Socket(kind, options: options, in: Context(ioThreads: 1))
    }

    @Test(
        "integer options are what libzmq then has",
        arguments: [
            (SocketOption.sendHighWater(17), [(ZMQ_SNDHWM, 17)]),
            (.receiveHighWater(18), [(ZMQ_RCVHWM, 18)]),
            (.linger(milliseconds: 19), [(ZMQ_LINGER, 19)]),
            (.immediate(true), [(ZMQ_IMMEDIATE, 1)]),
            (
                .reconnectInterval(milliseconds: 20, maximumMilliseconds: 21),
                [(ZMQ_RECONNECT_IVL, 20), (ZMQ_RECONNECT_IVL_MAX, 21)]
            ),
            (.handshakeInterval(milliseconds: 22), [(ZMQ_HANDSHAKE_IVL, 22)]),
            (.connectTimeout(milliseconds: 23), [(ZMQ_CONNECT_TIMEOUT, 23)]),
            (
                .tcpKeepAlive(idleSeconds: 25, intervalSeconds: 26, probes: 27),
                [
                    (ZMQ_TCP_KEEPALIVE, 1), (ZMQ_TCP_KEEPALIVE_IDLE, 25), (ZMQ_TCP_KEEPALIVE_INTVL, 26),
                    (ZMQ_TCP_KEEPALIVE_CNT, 27),
                ]
            ),
            (.tcpMaximumRetransmission(milliseconds: 24), [(ZMQ_TCP_MAXRT, 24)]),
            (.backlog(28), [(ZMQ_BACKLOG, 28)]),
            (.ipv6(true), [(ZMQ_IPV6, 1)]),
        ])
    func integers(option: SocketOption, expected: [(Int32, Int)]) throws {
        let socket = try socket(.dealer, [option])
        for (number, value) in expected {
            let found = try socket.integer(number)
            #expect(found == value)
        }
    }

    @Test("the limit of a frame and the domain are what libzmq then has")
    func others() throws {
        let socket = try socket(.router, [.frameByteCountMaximum(5_000_000_000), .zapDomain("fagure")])
        let limit = try socket.long(ZMQ_MAXMSGSIZE)
        #expect(limit == 5_000_000_000)
        let domain = try socket.text(ZMQ_ZAP_DOMAIN)
        #expect(domain == "fagure")
    }

    @Test("CURVE keys are what libzmq then has")
    func keys() throws {
        let server = try CurveKeyPair.generate()
        let client = try CurveKeyPair.generate()
        let listening = try socket(.router, [.curveServer(server)])
        let isServer = try listening.integer(ZMQ_CURVE_SERVER)
        #expect(isServer == 1)
        let secret = try listening.binary(ZMQ_CURVE_SECRETKEY)
        #expect(secret == server.secretKey)
        let connecting = try socket(.dealer, [.curveClient(client, serverPublicKey: server.publicKey)])
        let keys = try [ZMQ_CURVE_SERVERKEY, ZMQ_CURVE_PUBLICKEY, ZMQ_CURVE_SECRETKEY].map {
            try connecting.binary($0)
        }
        #expect(keys == [server.publicKey, client.publicKey, client.secretKey])
    }

    @Test(
        "a limit that bounds nothing and a number libzmq cannot hold are refused and named",
        arguments: [
            SocketOption.sendHighWater(0), .receiveHighWater(-1), .frameByteCountMaximum(0),
            .frameCountMaximum(0),
            .messageByteCountMaximum(-5), .backlog(0), .linger(milliseconds: -1), .sendHighWater(1 << 40),
            .tcpKeepAlive(idleSeconds: 1, intervalSeconds: 1 << 40, probes: 1),
            .reconnectInterval(milliseconds: -2, maximumMilliseconds: 0),
        ])
    func refused(option: SocketOption) throws {
        let error = #expect(throws: ZMQError.self) { _ = try socket(.dealer, [option]) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.detail == "\(option)")
    }

    @Test("a bad key is refused without being shown")
    func badKey() throws {
        let pair = try CurveKeyPair.generate()
        let error = #expect(throws: ZMQError.self) {
            _ = try socket(.dealer, [.curveClient(pair, serverPublicKey: "too short")])
        }
        #expect(error?.description == "zmq_setsockopt curveClient: invalid argument")
    }

    @Test("the presets set every limit and open")
    func presets() throws {
        let limits = SocketLimits(sendHighWater: 5, receiveHighWater: 6, frameByteCountMaximum: 7)
        let router = try socket(.router, .router(limits))
        let dealer = try socket(.dealer, .dealer(limits))
        let found = try [
            router.integer(ZMQ_SNDHWM), router.integer(ZMQ_RCVHWM), router.long(ZMQ_MAXMSGSIZE),
            dealer.integer(ZMQ_SNDHWM), dealer.integer(ZMQ_RCVHWM), dealer.long(ZMQ_MAXMSGSIZE),
            dealer.integer(ZMQ_IMMEDIATE), router.integer(ZMQ_LINGER),
        ]
        #expect(found == [5, 6, 7, 5, 6, 7, 1, 0])
    }

    @Test("only a ROUTER can be asked to report unreachable peers")
    func mandatoryNeedsRouter() throws {
        #expect(throws: ZMQError.self) { _ = try socket(.dealer, [.mandatory(true)]) }
    }

    @Test("a context does not wait for sockets by default and needs a thread that exists")
    func context() throws {
        let context = try Context(ioThreads: 2)
        #expect(context.option(ZMQ_IO_THREADS) == 2)
        #expect(context.option(ZMQ_BLOCKY) == 0)
        #expect(throws: ZMQError.self) { _ = try Context(ioThreads: -1) }
        #expect(throws: ZMQError.self) { _ = try Context(ioThreads: 1 << 40) }
    }
}

extension Socket {
    /// A key as libzmq has it, in Z85.
    func binary(_ option: Int32) throws(ZMQError) -> String { try text(option, capacity: 41) }
}
