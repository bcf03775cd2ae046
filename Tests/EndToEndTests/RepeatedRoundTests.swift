import Fagure
import Foundation
import TestSupport
import Testing

@Suite("Rounds that too few have answered", .serialized, .timeLimit(.minutes(5)))
struct RepeatedRoundTests {
    static let training = ["--epochs", "60", "--hidden", "128", "--seed", "3"]

    private static func arguments(_ shard: Int) -> [String] {
        ["--dataset", "digits", "--shard", "\(shard)/3"]
    }

    @Test("a round that lost one of the workers asked for is repeated once another serves its shard")
    func repeated() async throws {
        let folder = try TemporaryFolder()
        let fleet = try await Fleet()
        for shard in 0..<2 { try await fleet.addWorker("stays-\(shard)", Self.arguments(shard)) }
        let victim = try await fleet.addWorker("victim", Self.arguments(2))
        let trainer = try RunningProgram(
            "trainer",
            [
                "--broker", fleet.endpoint, "--workers-min", "3", "--patience", "0", "--json", "--output",
                folder["run"],
            ]
                + Self.training, shell: #"exec "$@" 2>&1"#)
        try await trainer.line(containing: "\"epoch\":2")
        // Stopped it does not answer, so it has a part of a round long before it is torpid; killed between two rounds
        // it might have none.
        let session = try await Session.connect(fleet.endpoint)
        victim.signal(SIGSTOP)
        await session.waitUntilTorpid("victim")
        victim.signal(SIGKILL)
        await session.close()
        try await trainer.line(
            containing: "only 2 of the 3 workers asked for have answered: the round is repeated")
        try await trainer.line(containing: "waiting for 3 workers, 2 present")
        try await fleet.addWorker("newcomer", Self.arguments(2))
        #expect(await trainer.end() == 0, "\(trainer.lines)")
        await fleet.stop()

        let epochs = try events(trainer.lines.filter { $0.hasPrefix("{") }).filter {
            $0["event"] as? String == "epoch"
        }
        #expect(epochs.compactMap { $0["epoch"] as? Int } == Array(1...60))
        #expect(epochs.allSatisfy { $0["shards"] as? Int == 3 && $0["workers"] as? Int == 3 })
        // Nothing of the round that was given up is in the model.
        let undisturbed = try RunningProgram(
            "trainer",
            ["--embedded", "3", "--dataset", "digits", "--output", folder["undisturbed"]] + Self.training)
        #expect(await undisturbed.end() == 0, "\(undisturbed.errors)")
        #expect(
            try folder.bytes("run/model.safetensors") == folder.bytes("undisturbed/model.safetensors"))
    }
}
