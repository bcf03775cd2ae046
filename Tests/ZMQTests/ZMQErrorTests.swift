import TestSupport
import Testing

@testable import ZMQ

@Suite struct ZMQErrorTests {
    @Test("an error names the function, what it was applied to and the reason")
    func description() {
        let error = ZMQError(.addressInUse, function: "zmq_bind", detail: "tcp://127.0.0.1:5555")
        #expect(error.description == "zmq_bind tcp://127.0.0.1:5555: address already in use")
        #expect(
            ZMQError(.terminated, function: "zmq_poll").description
                == "zmq_poll: context or loop was shut down")
    }

    @Test("a number without a text of ours is described by libzmq")
    func unknown() {
        #expect(ZMQError.Code(rawValue: 2).description == "no such file or directory")
    }

    @Test("a port that is taken, an endpoint that is no endpoint and an unknown transport are told apart")
    func endpoints() async throws {
        try await withLoop { loop in
            let codes = try await loop.perform {
                let socket = try loop.open(.router, options: .router(SocketLimits())) { _ in }
                let endpoint = try loop.bind(socket, to: "tcp://127.0.0.1:0")
                return [endpoint, "nonsense", "carrier-pigeon://x", "tcp://no.such.host.invalid:1"].map {
                    endpoint in
                    do {
                        let other = try loop.open(.router, options: []) { _ in }
                        _ = try loop.bind(other, to: endpoint)
                        return ZMQError.Code(rawValue: 0)
                    } catch let error as ZMQError {
                        return error.code
                    } catch {
                        return ZMQError.Code(rawValue: -1)
                    }
                }
            }
            #expect(codes == [.addressInUse, .invalidArgument, .protocolNotSupported, .noSuchDevice])
        }
    }
}
