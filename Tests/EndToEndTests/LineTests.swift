import Foundation
import TestSupport
import Testing

/// Workers behind lines of the field: a proxy stands between them and the broker.
@Suite("Lines that fail", .timeLimit(.minutes(2)))
struct LineTests {
    private func train(
        _ endpoint: String, into folder: String, after fault: @Sendable (String) async throws -> Void
    ) async throws -> Data {
        let trainer = try RunningProgram(
            "trainer",
            [
                "--broker", endpoint, "--dataset", "digits", "--model", "mlp", "--hidden", "64", "--rounds",
                "8",
                "--workers-min", "2", "--seed", "3", "--output", folder,
            ])
        for round in 1...8 {
            try await trainer.line(containing: "epoch \(round)/8")
            try await fault("\(round)")
        }
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        return try Data(contentsOf: URL(filePath: folder).appending(path: "model.safetensors"))
    }

    @Test(
        "a run whose workers' lines are cut, stall, are half open or slow ends with the bytes of a calm one")
    func faults() async throws {
        let folder = try TemporaryFolder()
        let broker = try RunningProgram("broker", ["--bind", "tcp://127.0.0.1:*"])
        let endpoint = try await Fleet.endpoint(of: broker)
        let proxy = try await TCPProxy(to: endpoint)
        defer { proxy.stop() }
        let workers = try (0..<2).map {
            try RunningProgram(
                "worker",
                ["--broker", proxy.endpoint, "--dataset", "digits", "--shard", "\($0)/2", "--name", "w\($0)"])
        }
        for worker in workers { try await worker.line(containing: "registered") }
        let calm = try await train(endpoint, into: folder["calm"]) { _ in }
        let before = proxy.connectionCount
        let faulty = try await train(endpoint, into: folder["faulty"]) { round in
            switch round {
            case "1", "3": proxy.cut()
            case "2":
                // Until both workers have given the broker up and try anew: what the line holds comes later, or never.
                let before = proxy.connectionCount
                proxy.become { $0.isStalled = true }
                await proxy.connections(atLeast: before + 2)
                proxy.become { $0.isStalled = false }
            case "4":
                let before = proxy.connectionCount
                proxy.become { $0.isHalfOpen = true }
                await proxy.connections(atLeast: before + 2)
                proxy.become { $0.isHalfOpen = false }
            case "5": proxy.become { $0.bytesPerSecond = 400_000 }
            case "6": proxy.become { $0.delayMilliseconds = 60 }
            default: break
            }
        }
        #expect(faulty == calm)
        #expect(proxy.connectionCount >= before + 4)
        for worker in workers { await worker.stop() }
        await broker.stop()
    }
}
