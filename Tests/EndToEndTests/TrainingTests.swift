import Foundation
import TestSupport
import Testing

@Suite("Training with real processes", .serialized, .timeLimit(.minutes(10)))
struct TrainingTests {
    static let digits = ["--dataset", "digits"]

    @Test("the main job: a broker, four workers, a trainer, Fashion-MNIST")
    func mainJob() async throws {
        let fleet = try await Fleet()
        for index in 0..<4 {
            try await fleet.addWorker(
                "worker-\(index)", ["--dataset", "fashion-mnist", "--shard", "\(index)/4"])
        }
        let folder = try TemporaryFolder()
        let trainer = try await fleet.train(
            ["--epochs", "2", "--hidden", "32", "--workers-min", "4", "--json", "--output", folder["run"]])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        await fleet.stop()

        let lines = try events(trainer.lines)
        let epochs = lines.filter { $0["event"] as? String == "epoch" }
        #expect(epochs.map { $0["epoch"] as? Int } == [1, 2])
        for epoch in epochs {
            for key in ["loss", "accuracy", "testAccuracy", "seconds", "bytesSent", "bytesReceived"] {
                #expect(epoch[key] is NSNumber, "\(key)")
            }
            #expect(epoch["shards"] as? Int == 4)
            #expect(epoch["workers"] as? Int == 4)
        }
        #expect(try #require(epochs.last?["testAccuracy"] as? Double) > 0.7)
        let done = try #require(lines.last)
        #expect(done["event"] as? String == "done")
        let model = try #require(done["model"] as? String)
        #expect(model == folder["run/model.safetensors"])
        #expect(FileManager.default.fileExists(atPath: model))
        let history = String(decoding: try folder.bytes("run/history.jsonl"), as: UTF8.self)
        let recorded = history.split(separator: "\n").map(String.init)
        #expect(
            recorded.filter { $0.contains("\"epoch\"") } == trainer.lines.filter { $0.contains("\"epoch\"") })
    }

    @Test("the same four shards give the same bytes from 1, 2 or 4 workers, and embedded")
    func sameBits() async throws {
        let folder = try TemporaryFolder()
        let layouts = [["0/4,1/4,2/4,3/4"], ["0/4,2/4", "1/4,3/4"], ["0/4", "1/4", "2/4", "3/4"]]
        for (number, layout) in layouts.enumerated() {
            let fleet = try await Fleet()
            for (index, shards) in layout.enumerated() {
                try await fleet.addWorker("worker-\(index)", Self.digits + ["--shard", shards])
            }
            let trainer = try await fleet.train(
                [
                    "--epochs", "3", "--hidden", "24", "--seed", "5", "--momentum", "0.9",
                    "--workers-min", "\(layout.count)", "--output", folder["run-\(number)"],
                ])
            #expect(await trainer.end() == 0, "\(trainer.errors)")
            await fleet.stop()
        }
        let embedded = try RunningProgram(
            "trainer",
            [
                "--embedded", "4", "--dataset", "digits", "--epochs", "3", "--hidden", "24", "--seed", "5",
                "--momentum", "0.9", "--output", folder["run-3"],
            ])
        #expect(await embedded.end() == 0, "\(embedded.errors)")

        let models = try (0..<4).map { try folder.bytes("run-\($0)/model.safetensors") }
        #expect(models[0].count > 1_000)
        for model in models { #expect(model == models[0]) }
    }

    @Test("a worker killed and one added while it runs: training goes on")
    func workersComeAndGo() async throws {
        let fleet = try await Fleet()
        for index in 0..<3 {
            try await fleet.addWorker("stays-\(index)", Self.digits + ["--shard", "\(index)/4"])
        }
        let victim = try await fleet.addWorker("victim", Self.digits + ["--shard", "3/4"])
        let trainer = try fleet.trainer([
            "--epochs", "4000", "--hidden", "64", "--workers-min", "3", "--json", "--patience", "0",
        ])

        try await trainer.line { Self.shards(of: $0) == 4 }
        victim.signal(SIGKILL)
        try await trainer.line { Self.shards(of: $0) == 3 }
        try await fleet.addWorker("newcomer", Self.digits + ["--shard", "3/4"])
        let seen = trainer.lines.count
        try await trainer.line { line in
            Self.shards(of: line) == 4 && (trainer.lines.firstIndex(of: line) ?? 0) >= seen
        }
        trainer.signal(SIGINT)
        #expect(await trainer.end() == 130, "\(trainer.errors)")
        await fleet.stop()
    }

    @Test(
        "the only worker of a shard, killed and started again in the middle: no round without it, same bytes")
    func onlyHolderRestarts() async throws {
        let fleet = try await Fleet()
        let folder = try TemporaryFolder()
        try await fleet.addWorker("stays", Self.digits + ["--shard", "0/2"])
        var victim = try await fleet.addWorker("victim", Self.digits + ["--shard", "1/2"])
        let arguments = ["--epochs", "40", "--hidden", "128", "--seed", "3", "--json", "--strict"]
        let trainer = try fleet.trainer(arguments + ["--output", folder["broken"]])
        for round in [3, 9, 15] {
            try await trainer.line(containing: "\"epoch\":\(round),")
            victim.signal(SIGKILL)
            await victim.end()
            victim = try await fleet.addWorker("victim", Self.digits + ["--shard", "1/2"])
        }
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        #expect(trainer.lines.compactMap(Self.shards(of:)) == [Int](repeating: 2, count: 40))
        #expect(trainer.lines.last?.contains("\"incompleteRounds\":0") == true)
        let calm = try await fleet.train(arguments + ["--output", folder["calm"]])
        #expect(await calm.end() == 0, "\(calm.errors)")
        #expect(try folder.bytes("broken/model.safetensors") == folder.bytes("calm/model.safetensors"))
        await fleet.stop()
    }

    @Test("a shard that stays away is named in the round, the summary and the history; --strict ends with 1")
    func goesOnWithout() async throws {
        let fleet = try await Fleet()
        let folder = try TemporaryFolder()
        try await fleet.addWorker("alone", Self.digits + ["--shard", "0/2"])
        let arguments = ["--epochs", "2", "--model", "logistic", "--patience", "1"]
        let lax = try await fleet.train(arguments + ["--output", folder["run"]])
        #expect(await lax.end() == 0, "\(lax.errors)")
        #expect(lax.errors.contains("goes on without digits 1/2"), "\(lax.errors)")
        #expect(
            lax.lines.first { $0.hasPrefix("epoch 1/2") }?.hasSuffix("1 shard without 1/2") == true,
            "\(lax.lines)")
        #expect(lax.lines.last?.contains("2 rounds without all shards") == true, "\(lax.lines)")
        let history = try String(decoding: folder.bytes("run/history.jsonl"), as: UTF8.self)
        #expect(history.contains("\"missing\":[\"1/2\"]") && history.contains("\"incompleteRounds\":2"))
        let strict = try await fleet.train(arguments + ["--strict"])
        #expect(await strict.end() == 1)
        #expect(strict.errors.contains("lacks digits 1/2"), "\(strict.errors)")
        await fleet.stop()
    }

    @Test("a wait with an end ends with 69 and says for what it waited")
    func boundedWait() async throws {
        let fleet = try await Fleet()
        try await fleet.addWorker("idle", [])
        let trainer = try await fleet.train(["--epochs", "1", "--wait", "1"])
        #expect(await trainer.end() == 69)
        #expect(
            trainer.errors.contains("waited 1 s for 1 worker, 0 present (idle has no data)"),
            "\(trainer.errors)")
        await fleet.stop()
    }

    @Test("two workers with the same shard: one dies, the other serves it, and no epoch goes without")
    func spareWorker() async throws {
        let fleet = try await Fleet()
        try await fleet.addWorker("first", Self.digits + ["--shard", "0/2"])
        try await fleet.addWorker("spare", Self.digits + ["--shard", "1/2"])
        let victim = try await fleet.addWorker("victim", Self.digits + ["--shard", "1/2"])
        let trainer = try fleet.trainer(["--epochs", "60", "--hidden", "128", "--json"])
        try await trainer.line(containing: "\"epoch\":2")
        victim.signal(SIGKILL)
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        let counts = trainer.lines.compactMap(Self.shards(of:))
        #expect(counts == [Int](repeating: 2, count: 60))
        await fleet.stop()
    }

    @Test("a broker killed and started again while it runs: the run finishes")
    func brokerRestarts() async throws {
        let fleet = try await Fleet()
        for index in 0..<2 {
            try await fleet.addWorker("worker-\(index)", Self.digits + ["--shard", "\(index)/2"])
        }
        let folder = try TemporaryFolder()
        let arguments = ["--epochs", "30", "--hidden", "128", "--seed", "3", "--workers-min", "2", "--json"]
        let trainer = try fleet.trainer(arguments + ["--output", folder["broken"]])
        try await trainer.line(containing: "\"epoch\":3")
        fleet.broker.signal(SIGKILL)
        await fleet.broker.end()
        let second = try RunningProgram("broker", ["--bind", fleet.endpoint])
        try await second.line(containing: "listening on ")
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        #expect(trainer.lines.compactMap(Self.shards(of:)) == [Int](repeating: 2, count: 30))

        // Same seed, same bits: the broker's death left no trace in the model.
        let whole = try await fleet.train(arguments + ["--output", folder["whole"]])
        #expect(await whole.end() == 0, "\(whole.errors)")
        #expect(try folder.bytes("broken/model.safetensors") == folder.bytes("whole/model.safetensors"))
        for worker in fleet.workers { await worker.stop() }
        await second.stop()
    }

    @Test("three hospitals: a CSV file in three shards, a logistic model, held-out rows at the workers")
    func hospitals() async throws {
        let file = Fixtures.project.appending(path: "Examples/data/breast-cancer.csv").path
        let fleet = try await Fleet()
        for (index, name) in ["north", "south", "west"].enumerated() {
            try await fleet.addWorker(
                name, ["--data", file, "--label", "diagnosis", "--shard", "\(index)/3"])
        }
        let trainer = try await fleet.train([
            "--model", "logistic", "--epochs", "10", "--workers-min", "3", "--json",
        ])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        let last = try #require(try events(trainer.lines).last { $0["event"] as? String == "epoch" })
        #expect(try #require(last["testAccuracy"] as? Double) > 0.9)
        await fleet.stop()
    }

    @Test("status shows workers, shards and queue, for people and for programs")
    func status() async throws {
        let fleet = try await Fleet()
        try await fleet.addWorker("alice", Self.digits + ["--shard", "0/2"])
        try await fleet.addWorker("bob", Self.digits + ["--shard", "1/2"])
        let people = try RunningProgram("trainer", ["status", "--broker", fleet.endpoint])
        #expect(await people.end() == 0, "\(people.errors)")
        for word in ["alice", "bob", "digits", "0/2", "1/2"] {
            #expect(people.lines.contains { $0.contains(word) }, "\(word) in \(people.lines)")
        }
        let programs = try RunningProgram("trainer", ["status", "--json", "--broker", fleet.endpoint])
        #expect(await programs.end() == 0)
        let status = try #require(try events([programs.lines.joined()]).first)
        #expect((status["workers"] as? [Any])?.count == 2)
        #expect(status["queue"] != nil)
        await fleet.stop()
    }

    private static func shards(of line: String) -> Int? {
        guard line.contains("\"event\":\"epoch\"") else { return nil }
        return (try? events([line]))?.first?["shards"] as? Int
    }
}
