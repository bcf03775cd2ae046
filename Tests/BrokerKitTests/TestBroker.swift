import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

/// Runs a test against a broker and ends both.
func withBroker(
    _ endpoint: String = "tcp://127.0.0.1:0", _ body: (Loop, BrokerShell, String) async throws -> Void
) async throws {
    let loop = try Loop(name: "broker-test")
    let shell = BrokerShell(endpoint: endpoint, loop: loop, logger: .silent)
    do {
        let resolved = try await shell.start()
        try await body(loop, shell, resolved)
        await shell.stop()
    } catch {
        await loop.shutdown()
        throw error
    }
    #expect(await loop.shutdown() == .finished)
}
