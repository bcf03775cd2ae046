import Foundation
import TestSupport
import Testing

@Suite("trainer predict", .serialized, .timeLimit(.minutes(3)))
struct PredictionProcessTests {
    /// The rows of east with an identifier in front, columns swapped, and no label.
    private func unlabelled(_ path: String) throws {
        let text = try String(contentsOfFile: SitesTests.file("east"), encoding: .utf8)
        var lines = text.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
        let names = lines.removeFirst()
        let order = try ["chol", "age", "bp"].map { try #require(names.firstIndex(of: $0)) }
        let rows = lines.enumerated().map { number, cells in
            (["P\(number)"] + order.map { cells[$0] }).joined(separator: ",")
        }
        try (["id,chol,age,bp"] + rows).joined(separator: "\n").write(
            toFile: path, atomically: true, encoding: .utf8)
    }

    @Test("what three hospitals learned says of new rows what it says of the same rows with labels")
    func threeSites() async throws {
        let folder = try TemporaryFolder()
        let fleet = try await Fleet()
        for name in ["north", "south", "west"] {
            try await fleet.addWorker(
                name, ["--data", SitesTests.file(name), "--label", "outcome", "--site", name])
        }
        let trainer = try await fleet.train([
            "--model", "logistic", "--rounds", "10", "--workers-min", "3", "--output", folder["run"],
        ])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        await fleet.stop()
        let model = folder["run/model.safetensors"]

        let labelled = try RunningProgram(
            "trainer", ["predict", "--model", model, "--data", SitesTests.file("east")])
        #expect(await labelled.end() == 0, "\(labelled.errors)")
        #expect(labelled.lines.first == "row,class,probability:sick,probability:well")
        #expect(labelled.lines.count == 301)
        let accuracy = try #require(
            labelled.errors.firstMatch(of: /accuracy (0\.[0-9]+)/).flatMap { Double($0.1) })
        #expect(accuracy > 0.9)

        try unlabelled(folder["new.csv"])
        let other = try RunningProgram(
            "trainer",
            ["predict", "--model", model, "--data", folder["new.csv"], "--output", folder["out.csv"]])
        #expect(await other.end() == 0, "\(other.errors)")
        #expect(other.errors.contains("id") && other.lines.isEmpty)
        let written = try String(contentsOfFile: folder["out.csv"], encoding: .utf8)
        #expect(written.split(separator: "\n").map(String.init) == labelled.lines)

        let again = try RunningProgram(
            "trainer",
            ["predict", "--model", model, "--data", folder["new.csv"], "--output", folder["out.csv"]])
        #expect(await again.end() == 65)
        #expect(again.errors.contains("--overwrite"))
    }

    @Test("what cannot be read or written ends with a sentence and the status of its kind")
    func faults() async throws {
        let folder = try TemporaryFolder()
        let training = try RunningProgram(
            "trainer",
            [
                "--embedded", "2", "--data", SitesTests.file("north"), "--label", "outcome", "--model",
                "logistic",
                "--rounds", "1", "--output", folder["run"],
            ])
        #expect(await training.end() == 0, "\(training.errors)")
        let model = folder["run/model.safetensors"]
        try "no model".write(toFile: folder["damaged"], atomically: true, encoding: .utf8)
        let cases: [(arguments: [String], status: Int32, says: [String])] = [
            ([], 64, ["--model"]),
            (["--model", model], 64, ["--data"]),
            (["--model", folder["none"], "--data", SitesTests.file("east")], 65, ["none"]),
            (["--model", folder["damaged"], "--data", SitesTests.file("east")], 65, ["damaged"]),
            (["--model", model, "--data", folder["none.csv"]], 65, ["none.csv"]),
            (["--model", model, "--data", SitesTests.file("renamed")], 65, ["weight", "age"]),
            (["--model", model, "--data", SitesTests.file("three")], 65, ["'unknown'"]),
            (
                ["--model", model, "--data", SitesTests.file("east"), "--delimiter", "ab"], 64,
                ["--delimiter"]
            ),
            (
                ["--model", model, "--data", SitesTests.file("east"), "--output", "/nowhere/out.csv"], 74,
                ["/nowhere/out.csv"]
            ),
        ]
        for one in cases {
            let program = try RunningProgram("trainer", ["predict"] + one.arguments)
            #expect(await program.end() == one.status, "\(one.arguments): \(program.errors)")
            for word in one.says { #expect(program.errors.contains(word), "\(word) in \(program.errors)") }
            #expect(program.lines.isEmpty)
        }
        let full = try RunningProgram(
            "trainer", ["predict", "--model", model, "--data", SitesTests.file("east")],
            shell: "\"$@\" >/dev/full")
        #expect(await full.end() == 74, "\(full.errors)")
    }

    @Test("a program of a clinic's own serves its rows as a worker would")
    func ownSite() async throws {
        let fleet = try await Fleet()
        let clinic = try RunningProgram("own-site", [fleet.endpoint])
        let trainer = try await fleet.train(["--model", "logistic", "--rounds", "5", "--json"])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        let start = try #require(try events(trainer.lines).first)
        #expect(start["examples"] as? Int == 160 && start["dataset"] as? String == "patients")
        await clinic.stop()
        await fleet.stop()
    }
}
