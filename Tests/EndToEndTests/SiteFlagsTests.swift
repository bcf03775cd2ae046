import Foundation
import TestSupport
import Testing

@Suite("What a site says of its files", .serialized, .timeLimit(.minutes(3)))
struct SiteFlagsTests {
    private func status(_ fleet: Fleet) async throws -> [String: Any] {
        let status = try RunningProgram("trainer", ["status", "--json", "--broker", fleet.endpoint])
        #expect(await status.end() == 0, "\(status.errors)")
        return try #require(try events([status.lines.joined()]).first)
    }

    private func shards(_ status: [String: Any]) throws -> [[String: Any]] {
        try #require(status["workers"] as? [[String: Any]]).flatMap { $0["shards"] as? [[String: Any]] ?? [] }
    }

    @Test("several files are several data sets of one worker, each with its schema")
    func severalFiles() async throws {
        let folder = try TemporaryFolder()
        for name in ["num_lat", "num_year"] {
            let described = try RunningProgram(
                "worker", ["describe", Fixtures.fieldCase("numbers/\(name).csv"), "--label", "outcome"])
            #expect(await described.end() == 0, "\(described.errors)")
            #expect(described.errors.contains("named after the file"))
            try described.lines.joined(separator: "\n").write(
                toFile: folder["\(name).yaml"], atomically: true, encoding: .utf8)
        }
        let fleet = try await Fleet()
        try await fleet.addWorker(
            "north",
            ["num_lat", "num_year"].flatMap {
                ["--data", Fixtures.fieldCase("numbers/\($0).csv"), "--schema", folder["\($0).yaml"]]
            } + ["--site", "north"])
        let status = try await status(fleet)
        #expect(
            try shards(status).compactMap { $0["dataset"] as? String }.sorted() == ["num_lat", "num_year"])
        for name in ["num_lat", "num_year"] {
            let trainer = try await fleet.train(["--dataset", name, "--model", "logistic", "--rounds", "2"])
            #expect(await trainer.end() == 0, "\(trainer.errors)")
        }
        let unsaid = try await fleet.train(["--model", "logistic", "--rounds", "2"])
        #expect(await unsaid.end() == 64)
        for name in ["num_lat", "num_year"] { #expect(unsaid.errors.contains(name), "\(unsaid.errors)") }
        await fleet.stop()
    }

    @Test("of two copies of a site that differ, the first stays and the other is named with both counts")
    func copies() async throws {
        let fleet = try await Fleet()
        func site(_ file: String) -> [String] {
            ["--data", SitesTests.file(file), "--label", "outcome", "--site", "north"]
        }
        try await fleet.addWorker("first", site("north"))
        try await fleet.addWorker("second", site("south"))
        let reasons = try shards(try await status(fleet)).compactMap { $0["leftOut"] as? String }
        #expect(reasons.count { $0.isEmpty } == 1)
        let reason = try #require(reasons.first { !$0.isEmpty })
        for word in ["600", "300"] { #expect(reason.contains(word), "\(reason)") }
        let trainer = try await fleet.train(["--model", "logistic", "--rounds", "2", "--json"])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        #expect(try events(trainer.lines).first?["examples"] as? Int == 480)
        await fleet.stop()
    }

    @Test("a site with one class of two says --classes; whole numbers are numbers where it says so")
    func labels() async throws {
        let folder = try TemporaryFolder()
        let rows = (0..<60).map { "\($0 % 17),\($0 % 5),well" }
        try (["age,bp,outcome"] + rows).joined(separator: "\n").write(
            toFile: folder["well.csv"], atomically: true, encoding: .utf8)
        let both = (0..<60).map { "\($0 % 17),\($0 % 5),\($0 % 2 == 0 ? "well" : "sick")" }
        try (["age,bp,outcome"] + both).joined(separator: "\n").write(
            toFile: folder["both.csv"], atomically: true, encoding: .utf8)
        let flags = ["--label", "outcome", "--dataset", "patients", "--classes", "well,sick"]
        let fleet = try await Fleet()
        try await fleet.addWorker("south", ["--data", folder["well.csv"], "--site", "south"] + flags)
        try await fleet.addWorker("north", ["--data", folder["both.csv"], "--site", "north"] + flags)
        let trainer = try await fleet.train(
            ["--model", "logistic", "--rounds", "2", "--workers-min", "2", "--json"])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        #expect(try events(trainer.lines).first?["shards"] as? Int == 2)
        await fleet.stop()

        let letters = (0..<260).map { "\($0 % 17),\($0 % 5),\($0 % 26)" }
        try (["a,b,letter"] + letters).joined(separator: "\n").write(
            toFile: folder["letters.csv"], atomically: true, encoding: .utf8)
        for (kind, line) in [("classes", "kind: classes"), ("number", "kind: number}")] {
            let described = try RunningProgram(
                "worker", ["describe", folder["letters.csv"], "--label", "letter", "--label-kind", kind])
            #expect(await described.end() == 0, "\(described.errors)")
            #expect(
                described.lines.contains { $0.hasPrefix("label:") && $0.contains(line) }, "\(described.lines)"
            )
        }
    }

    @Test("names found in fewer rows than may be told of are not announced; those of a schema are")
    func fewRows() async throws {
        let folder = try TemporaryFolder()
        let rows = ["Anna,34,sick", "Bob,71,well", "Carl,55,sick", "Dora,41,well", "Eve,29,sick"]
        try (["patient,age,outcome"] + rows).joined(separator: "\n").write(
            toFile: folder["few.csv"], atomically: true, encoding: .utf8)
        let arguments = ["check", "--broker", "tcp://127.0.0.1:1", "--timeout", "0", "--site", "tiny"]
        let inferred = try RunningProgram(
            "worker", arguments + ["--data", folder["few.csv"], "--label", "outcome"])
        #expect(await inferred.end() == 65)
        #expect(inferred.errors.contains("--release-rows-min") && !inferred.errors.contains("Anna"))
        #expect(!inferred.lines.joined().contains("Anna"))
        try """
        dataset: few
        features: [{name: age, kind: number}]
        label: {name: outcome, kind: classes, classes: [sick, well]}
        ignore: [patient]
        """.write(toFile: folder["few.yaml"], atomically: true, encoding: .utf8)
        let told = try RunningProgram(
            "worker", arguments + ["--data", folder["few.csv"], "--schema", folder["few.yaml"]])
        #expect(await told.end() == 69, "\(told.errors)")
        #expect(told.lines.contains { $0.contains("would serve few of tiny") }, "\(told.lines)")
        let reason =
            "no run takes few of tiny: 4 rows to train on, and this worker lets nothing out that is about "
            + "fewer than 32"
        #expect(told.lines.contains(reason), "\(told.lines)")
        let fleet = try await Fleet()
        let flags = [
            "--broker", fleet.endpoint, "--data", folder["few.csv"], "--schema", folder["few.yaml"], "--site",
            "tiny",
        ]
        let useless = try RunningProgram("worker", ["check"] + flags)
        #expect(await useless.end() == 65 && useless.errors.contains("of no use"), "\(useless.errors)")
        #expect(
            useless.lines.contains(reason) && useless.lines.contains { $0.contains("a broker answers at") })
        let fit = try RunningProgram("worker", ["check", "--release-rows-min", "4"] + flags)
        #expect(await fit.end() == 0, "\(fit.errors)")
        let unjudged = "few of tiny trains models and judges none: "
        #expect(fit.lines.contains { $0.contains(unjudged) }, "\(fit.lines)")
        #expect(!useless.lines.contains { $0.contains("judges none") })
        let served = try RunningProgram("worker", flags)
        _ = try await served.line(containing: "registered with")
        await served.stop()
        #expect(served.errors.contains("warning: \(reason)"), "\(served.errors)")
        await fleet.stop()
    }

    @Test("columns that identify are passed over, by the site and by whoever judges")
    func ignoredColumns() async throws {
        let folder = try TemporaryFolder()
        let rows = (0..<200).map { "P\($0),\($0 % 17),\($0 % 5),\($0 % 17 > 8 ? "sick" : "well")" }
        try (["id,age,bp,outcome"] + rows).joined(separator: "\n").write(
            toFile: folder["patients.csv"], atomically: true, encoding: .utf8)
        let refused = try RunningProgram(
            "worker", ["describe", folder["patients.csv"], "--label", "outcome"])
        #expect(await refused.end() == 65)
        #expect(refused.errors.contains("--ignore"), "\(refused.errors)")
        let described = try RunningProgram(
            "worker", ["describe", folder["patients.csv"], "--label", "outcome", "--ignore", "id"])
        #expect(await described.end() == 0, "\(described.errors)")
        #expect(described.lines.contains("ignore: [id]"))
        try described.lines.joined(separator: "\n").write(
            toFile: folder["patients.yaml"], atomically: true, encoding: .utf8)
        let unknown = try RunningProgram(
            "worker", ["describe", folder["patients.csv"], "--label", "outcome", "--ignore", "name"])
        #expect(await unknown.end() == 65 && unknown.errors.contains("name"))
        let fleet = try await Fleet()
        try await fleet.addWorker(
            "north",
            ["--data", folder["patients.csv"], "--schema", folder["patients.yaml"], "--site", "north"])
        let trainer = try await fleet.train([
            "--model", "logistic", "--rounds", "2", "--schema", folder["patients.yaml"],
            "--test", folder["patients.csv"], "--json",
        ])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        #expect(try events(trainer.lines).first?["testRows"] as? Int == 200)
        #expect(!trainer.errors.contains("passed over"), "\(trainer.errors)")
        // Without the schema the trainer does not know what the site passes over.
        let unaware = try await fleet.train([
            "--model", "logistic", "--rounds", "2", "--test", folder["patients.csv"], "--json",
        ])
        #expect(await unaware.end() == 0, "\(unaware.errors)")
        #expect(try events(unaware.lines).first?["testRows"] as? Int == 200)
        #expect(
            unaware.errors.contains(
                "patients.csv: columns the schema does not know are passed over: id"), "\(unaware.errors)")
        let alone = try RunningProgram(
            "trainer",
            [
                "--embedded", "2", "--data", folder["patients.csv"], "--label", "outcome", "--ignore", "id",
                "--model", "logistic", "--rounds", "1",
            ])
        #expect(await alone.end() == 0, "\(alone.errors)")
        let label = try await fleet.train(["--model", "logistic", "--label", "outcomee"])
        #expect(await label.end() == 64 && label.errors.contains("--label"))
        await fleet.stop()
    }

    @Test("who judges is on the first line: the file, or the rows held out and who holds out too few")
    func judges() async throws {
        let folder = try TemporaryFolder()
        let fleet = try await Fleet()
        for name in ["north", "west"] {
            try await fleet.addWorker(
                name, ["--data", SitesTests.file(name), "--label", "outcome", "--site", name])
        }
        let held = try await fleet.train([
            "--model", "logistic", "--rounds", "2", "--workers-min", "2", "--output", folder["held"],
        ])
        #expect(await held.end() == 0, "\(held.errors)")
        #expect(held.errors.contains("120 rows held out") && held.errors.contains("too few in"))
        let history = try String(contentsOfFile: folder["held/history.jsonl"], encoding: .utf8)
        let start = try #require(try events(history.split(separator: "\n").map(String.init)).first)
        #expect(start["judge"] as? String == "held-out" && start["testRows"] as? Int == 120)
        #expect((start["withoutTest"] as? [String])?.first?.contains("west") == true, "\(start)")
        let file = try await fleet.train([
            "--model", "logistic", "--rounds", "2", "--json", "--test", SitesTests.file("east"),
        ])
        let said = try #require(try events(file.lines).first)
        #expect((said["testFile"] as? String)?.hasSuffix("patients.csv") == true)
        try "age,bp,chol,outcome\n".write(toFile: folder["empty.csv"], atomically: true, encoding: .utf8)
        let empty = try await fleet.train(["--model", "logistic", "--test", folder["empty.csv"]])
        #expect(await empty.end() == 65, "\(empty.errors)")
        await fleet.stop()
    }
}
