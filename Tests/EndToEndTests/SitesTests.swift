import Foundation
import TestSupport
import Testing

@Suite("Hospitals with a file each", .serialized, .timeLimit(.minutes(5)))
struct SitesTests {
    /// A file of the cases from the field.
    static func file(_ site: String) -> String {
        Fixtures.fieldCase("sites/\(site)/patients.csv")
    }

    private static func site(_ name: String, _ file: String? = nil) -> [String] {
        ["--data", Self.file(file ?? name), "--label", "outcome", "--site", name]
    }

    private static let training = [
        "--model", "logistic", "--rounds", "20", "--learning-rate", "0.5", "--json", "--test", file("east"),
    ]

    /// The accuracy of one worker's model that has all rows, on the rows of east.
    private func pooledAccuracy() async throws -> Double {
        let folder = try TemporaryFolder()
        let texts = try ["north", "south", "west"].map {
            try String(contentsOfFile: Self.file($0), encoding: .utf8)
        }
        let header = try #require(texts[0].split(separator: "\n").first)
        let rows = texts.flatMap { $0.split(separator: "\n").dropFirst() }
        try ([header] + rows).joined(separator: "\n").write(
            toFile: folder["patients.csv"], atomically: true, encoding: .utf8)
        let fleet = try await Fleet()
        try await fleet.addWorker(
            "pool", ["--data", folder["patients.csv"], "--label", "outcome", "--site", "pool"])
        let trainer = try await fleet.train(Self.training)
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        await fleet.stop()
        return try #require(try events(trainer.lines).last?["testAccuracy"] as? Double)
    }

    @Test("three sites train on all their rows together, as well as if they were pooled")
    func threeSites() async throws {
        let fleet = try await Fleet()
        for name in ["north", "south", "west"] { try await fleet.addWorker(name, Self.site(name)) }
        let trainer = try await fleet.train(Self.training + ["--workers-min", "3"])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        await fleet.stop()
        let lines = try events(trainer.lines)
        let start = try #require(lines.first)
        #expect(start["event"] as? String == "started" && start["examples"] as? Int == 792)
        #expect(start["shards"] as? Int == 3 && start["judge"] as? String == "file")
        #expect(start["testRows"] as? Int == 300)
        let accuracy = try #require(lines.last?["testAccuracy"] as? Double)
        #expect(abs(accuracy - (try await pooledAccuracy())) <= 0.01)
        #expect(accuracy > 0.85)
    }

    @Test(
        "with Adam, too, every site takes part, whatever its rows leave over", arguments: ["adam", "adamw"])
    func adaptive(optimizer: String) async throws {
        let fleet = try await Fleet()
        for name in ["north", "south", "west"] { try await fleet.addWorker(name, Self.site(name)) }
        let trainer = try await fleet.train([
            "--model", "logistic", "--rounds", "5", "--optimizer", optimizer, "--learning-rate", "0.05",
            "--workers-min", "3", "--json", "--test", Self.file("east"),
        ])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        await fleet.stop()
        #expect(!trainer.errors.contains("not-permitted"), "\(trainer.errors)")
        let lines = try events(trainer.lines)
        let rounds = lines.filter { $0["event"] as? String == "epoch" }
        #expect(rounds.count == 5 && rounds.allSatisfy { $0["shards"] as? Int == 3 })
        #expect(try #require(lines.last?["testAccuracy"] as? Double) > 0.85)
    }

    @Test(
        "swapped columns give the same bytes; a site that does not fit is left out, and named with what differs"
    )
    func whoFits() async throws {
        let folder = try TemporaryFolder()
        var models: [Data] = []
        for north in ["north", "north_reordered"] {
            let fleet = try await Fleet()
            try await fleet.addWorker("north", Self.site("north", north))
            try await fleet.addWorker("south", Self.site("south"))
            try await fleet.addWorker("renamed", Self.site("renamed"))
            try await fleet.addWorker("west", Self.site("west", "west_yn"))
            let trainer = try await fleet.train(
                ["--model", "logistic", "--rounds", "3", "--workers-min", "2", "--output", folder[north]])
            #expect(await trainer.end() == 0, "\(trainer.errors)")
            await fleet.stop()
            for word in [
                "worker renamed is left out", "age is missing", "weight is new", "worker west is left out",
                "classes n, y",
            ] { #expect(trainer.errors.contains(word), "\(word) in \(trainer.errors)") }
            models.append(try folder.bytes("\(north)/model.safetensors"))
        }
        #expect(models[0] == models[1])
    }

    @Test("a fourth site that comes while it runs counts")
    func newcomer() async throws {
        let fleet = try await Fleet()
        for name in ["north", "south", "west"] { try await fleet.addWorker(name, Self.site(name)) }
        let trainer = try fleet.trainer(
            ["--model", "logistic", "--rounds", "1000000", "--workers-min", "3", "--json"])
        _ = try await trainer.line(containing: "\"event\":\"epoch\"")
        try await fleet.addWorker("east", Self.site("east"))
        let line = try await trainer.line(containing: "\"shards\":4")
        #expect(line.contains("\"workers\":4"))
        trainer.signal(SIGINT)
        #expect(await trainer.end() == 130)
        await fleet.stop()
    }

    @Test("whoever does not fit and comes while it runs is named once with what differs, and the run goes on")
    func misfits() async throws {
        let fleet = try await Fleet()
        for name in ["north", "south"] { try await fleet.addWorker(name, Self.site(name)) }
        let trainer = try fleet.trainer(
            ["--model", "logistic", "--rounds", "1000000", "--workers-min", "2", "--json"])
        _ = try await trainer.line(containing: "\"event\":\"epoch\"")
        let differences = [
            "narrow": "chol is missing", "renamed": "weight is new",
            "three": "one of the classes sick, unknown, well, expected one of the classes sick, well",
            "south_yn": "one of the classes n, y, expected one of the classes sick, well",
        ]
        for name in differences.keys.sorted() { try await fleet.addWorker(name, Self.site(name)) }
        // All have been heard of once one who fits, and came last, counts.
        try await fleet.addWorker("west", Self.site("west"))
        let line = try await trainer.line(containing: "\"shards\":3")
        #expect(line.contains("\"workers\":3"))
        trainer.signal(SIGINT)
        #expect(await trainer.end() == 130)
        await fleet.stop()
        let notices = trainer.errors.split(separator: "\n").filter { $0.contains("is left out of data set") }
        #expect(notices.count == 4)
        for (name, difference) in differences {
            #expect(
                notices.contains { $0.contains("worker \(name) is left out") && $0.contains(difference) },
                "\(trainer.errors)")
        }
    }

    @Test("as many on one side as on the other is 65, both named; a schema decides")
    func tie() async throws {
        let folder = try TemporaryFolder()
        let described = try RunningProgram("worker", ["describe", Self.file("north"), "--label", "outcome"])
        #expect(await described.end() == 0, "\(described.errors)")
        try described.lines.joined(separator: "\n").write(
            toFile: folder["patients.yaml"], atomically: true, encoding: .utf8)
        let fleet = try await Fleet()
        try await fleet.addWorker("north", Self.site("north"))
        try await fleet.addWorker("renamed", Self.site("renamed"))
        let tied = try await fleet.train(["--model", "logistic", "--rounds", "2", "--workers-min", "2"])
        #expect(await tied.end() == 65)
        for word in ["north", "renamed", "--schema"] { #expect(tied.errors.contains(word), "\(tied.errors)") }
        let told = try await fleet.train(
            ["--model", "logistic", "--rounds", "2", "--schema", folder["patients.yaml"]])
        #expect(await told.end() == 0, "\(told.errors)")
        #expect(told.errors.contains("worker renamed is left out"))
        await fleet.stop()
    }

    @Test("what to judge by is refused where it differs; a check serves nothing; a site needs a name")
    func refusals() async throws {
        let fleet = try await Fleet()
        try await fleet.addWorker("north", Self.site("north"))
        let judged = try await fleet.train(["--model", "logistic", "--test", Self.file("renamed")])
        #expect(await judged.end() == 65)
        #expect(
            judged.errors.contains("age is missing") || judged.errors.contains("weight"), "\(judged.errors)")
        let check = try RunningProgram(
            "worker", ["check", "--broker", fleet.endpoint] + Self.site("south"))
        #expect(await check.end() == 0, "\(check.errors)")
        #expect(
            check.lines.contains {
                $0.contains("would serve patients of south: 240 rows to train, 60 held out")
            })
        #expect(check.lines.contains { $0.contains("a broker answers at") })
        #expect(!check.lines.contains { $0.contains("as the broker says") })
        let twin = try RunningProgram(
            "worker", ["check", "--broker", fleet.endpoint] + Self.site("north", "renamed"))
        #expect(await twin.end() == 65, "\(twin.errors)")
        #expect(
            twin.lines.contains { $0.contains("as the broker says, no jobs for patients of north go here") })
        #expect(twin.lines.contains { $0.contains("describes patients otherwise: here") }, "\(twin.lines)")
        await fleet.stop()
        let nameless = try RunningProgram("worker", ["--data", Self.file("north"), "--label", "outcome"])
        #expect(await nameless.end() == 64 && nameless.errors.contains("--site"))
    }
}
