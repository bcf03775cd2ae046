import Foundation
import TestSupport
import Testing

@Suite("Output that is closed or full", .timeLimit(.minutes(5)))
struct OutputTests {
    static let train = ["--embedded", "2", "--dataset", "toy", "--model", "linear", "--epochs", "3"]

    @Test(
        "a run is written to its folder whatever becomes of what it prints",
        arguments: [
            #""$@" >/dev/full"#, #""$@" 2>/dev/full"#, #""$@" >/dev/full 2>&1"#, #""$@" >&-"#,
            #""$@" 2>&-"#, #""$@" <&- >&- 2>&-"#, #"set -o pipefail; "$@" | true"#,
            #"set -o pipefail; "$@" 2>&1 | true"#,
        ], [[], ["--json"]])
    func run(_ shell: String, _ more: [String]) async throws {
        let folder = try TemporaryFolder()
        let trainer = try RunningProgram(
            "trainer", Self.train + more + ["--output", folder["run"]], shell: shell)
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        let lines = String(decoding: try folder.bytes("run/history.jsonl"), as: UTF8.self).split(
            separator: "\n")
        #expect(
            try events(lines.map(String.init)).map { $0["event"] as? String } == [
                "started", "epoch", "epoch", "epoch", "done",
            ])
        #expect(try folder.bytes("run/model.safetensors").count > 100)
    }

    @Test(
        "results that reached nobody are a failure, and said",
        arguments: [#""$@" >/dev/full"#, #""$@" >&-"#], [[], ["--json"]])
    func lost(_ shell: String, _ more: [String]) async throws {
        let trainer = try RunningProgram("trainer", Self.train + more, shell: shell)
        #expect(await trainer.end() == 74)
        #expect(trainer.errors.contains("standard output"), "\(trainer.errors)")
    }

    @Test("a schema that could not be written whole is a failure", arguments: ["describe", "check"])
    func lostSchema(_ command: String) async throws {
        let folder = try TemporaryFolder()
        let broker = try RunningProgram("broker", ["--bind", "ipc://\(folder["broker"])"])
        let endpoint = try await Fleet.endpoint(of: broker)
        let file = Fixtures.fieldCase("sites/north/patients.csv")
        let arguments =
            command == "describe"
            ? [command, file, "--label", "outcome"]
            : [command, "--broker", endpoint, "--site", "north", "--data", file, "--label", "outcome"]
        for shell in [#""$@" >/dev/full"#, #""$@" >&-"#] {
            let lost = try RunningProgram("worker", arguments, shell: shell)
            #expect(await lost.end() == 74)
            #expect(lost.errors.contains("standard output"), "\(lost.errors)")
        }
        let read = try RunningProgram("worker", arguments, shell: #"set -o pipefail; "$@" | head -1"#)
        #expect(await read.end() == 0, "\(read.errors)")
        await broker.stop()
        let alone = try RunningProgram(
            "worker",
            ["check", "--broker", "tcp://127.0.0.1:1", "--timeout", "0", "--dataset", "toy"])
        #expect(await alone.end() == 69)
        #expect(alone.errors.contains("broker --bind tcp://127.0.0.1:1"), "\(alone.errors)")
    }

    @Test("a reader that leaves has read enough")
    func reader() async throws {
        let trainer = try RunningProgram(
            "trainer", Self.train + ["--json"], shell: #"set -o pipefail; "$@" | head -1"#)
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        #expect(trainer.lines.count == 1)
    }

    @Test("help and version end in order", arguments: ["broker", "worker", "trainer"])
    func help(_ program: String) async throws {
        let left = try RunningProgram(program, ["--help"], shell: #"set -o pipefail; "$@" | true"#)
        #expect(await left.end() == 0, "\(left.errors)")
        let full = try RunningProgram(program, ["--help"], shell: #""$@" >/dev/full"#)
        #expect(await full.end() == 74)
        let version = try RunningProgram(program, ["--version"])
        #expect(await version.end() == 0)
        #expect(version.lines == ["fagure 0.1.0"])
        let wrong = try RunningProgram(program, ["--no-such-flag\u{1B}[2J"])
        #expect(await wrong.end() == 64)
        #expect(!wrong.errors.contains("\u{1B}"))
    }

    @Test("a broker and a worker that nobody hears, hung up on, go on with their work")
    func unheard() async throws {
        let folder = try TemporaryFolder()
        let endpoint = "ipc://\(folder["broker"])"
        let broker = try RunningProgram("broker", ["--bind", endpoint], shell: #"exec "$@" >&- 2>/dev/full"#)
        let worker = try RunningProgram(
            "worker", ["--dataset", "toy", "--broker", endpoint], shell: #"exec "$@" >/dev/full 2>&-"#)
        let first = try RunningProgram(
            "trainer", ["--broker", endpoint, "--model", "linear", "--epochs", "1"])
        #expect(await first.end() == 0, "\(first.errors)")
        broker.signal(SIGHUP)
        worker.signal(SIGHUP)
        let second = try RunningProgram(
            "trainer", ["--broker", endpoint, "--model", "linear", "--epochs", "1"])
        #expect(await second.end() == 0, "\(second.errors)")
        worker.signal(SIGTERM)
        #expect(await worker.end() == 0)
        broker.signal(SIGTERM)
        #expect(await broker.end() == 143)
    }

    @Test("a folder that holds a run is refused before training, unless it may be replaced")
    func overwrite() async throws {
        let folder = try TemporaryFolder()
        let arguments = Self.train + ["--output", folder["run"]]
        #expect(try await RunningProgram("trainer", arguments).end() == 0)
        let before = try folder.bytes("run/history.jsonl")
        let second = try RunningProgram("trainer", arguments)
        #expect(await second.end() == 65)
        for word in [folder["run"], "history.jsonl", "--overwrite"] { #expect(second.errors.contains(word)) }
        #expect(second.lines.isEmpty)
        #expect(try folder.bytes("run/history.jsonl") == before)
        #expect(
            try await RunningProgram("trainer", arguments + ["--momentum", "0.5", "--overwrite"]).end() == 0)
        #expect(try folder.bytes("run/history.jsonl") != before)
    }

    @Test("a run that could not begin leaves nothing in the way of the corrected command")
    func failedStart() async throws {
        let folder = try TemporaryFolder()
        let arguments = Self.train + ["--output", folder["run"]]
        let failed = try RunningProgram("trainer", arguments + ["--test", folder["none.csv"], "--json"])
        #expect(await failed.end() == 65, "\(failed.errors)")
        let last = try #require(try events(failed.lines).last)
        #expect(last["end"] as? String == "failed")
        #expect((last["reason"] as? String)?.contains("none.csv") == true, "\(last)")
        let corrected = try RunningProgram("trainer", arguments)
        #expect(await corrected.end() == 0, "\(corrected.errors)")
    }

    @Test("a history that cannot grow costs lines, not the model, and ends with 74")
    func historyFull() async throws {
        let folder = try TemporaryFolder()
        // No file may be longer than 2 KiB: the model of few features fits, the history does not.
        let trainer = try RunningProgram(
            "trainer", Self.train + ["--epochs", "40", "--output", folder["run"], "--json"],
            shell: #"ulimit -f 2; "$@""#)
        #expect(await trainer.end() == 74, "\(trainer.errors)")
        #expect(trainer.errors.contains("history.jsonl"))
        let model = try #require(try events(trainer.lines).last?["model"])
        let isThere = FileManager.default.fileExists(atPath: folder["run/model.safetensors"])
        #expect(isThere == (model is String))
        #expect(trainer.lines.count == 42)
        // Whole lines only.
        let history = String(decoding: try folder.bytes("run/history.jsonl"), as: UTF8.self)
        #expect(history.hasSuffix("}\n") && history.split(separator: "\n").count < 42)
    }

    @Test(
        "an endpoint that is none is refused with what is wrong and an example",
        arguments: ["broker", "worker", "trainer", "trainer status"],
        ["tcp://localhost", "tcp://host:notaport", "udp://host:1", "host:5555"])
    func endpoints(_ program: String, _ endpoint: String) async throws {
        let words = program.split(separator: " ").map(String.init)
        let flag = program == "broker" ? "--bind" : "--broker"
        let running = try RunningProgram(words[0], Array(words.dropFirst()) + [flag, endpoint])
        #expect(await running.end() == 64, "\(running.errors)")
        for word in [endpoint, "tcp://127.0.0.1:5555"] { #expect(running.errors.contains(word)) }
        #expect(!running.errors.contains("would block"))
    }

    @Test("where no broker answers, it says what to start, quiet or not")
    func noBroker() async throws {
        let trainer = try RunningProgram(
            "trainer", ["--broker", "tcp://127.0.0.1:1", "--timeout", "0", "--quiet"])
        #expect(await trainer.end() == 69)
        #expect(trainer.errors.contains("no broker answered at tcp://127.0.0.1:1 within 0 s"))
        #expect(trainer.errors.contains("broker --bind tcp://127.0.0.1:1"))
    }

    @Test(
        "a broker without descriptors for its peers says so now and then, and takes them when there are some")
    func descriptors() async throws {
        let broker = try RunningProgram(
            "broker", ["--bind", "tcp://127.0.0.1:*"], shell: #"ulimit -n 40; exec "$@" 2>&1"#)
        let endpoint = try await Fleet.endpoint(of: broker)
        // While the broker does not listen they are refused, and that is as good.
        var crowd = (0..<64).map { _ in RawPeer(endpoint) }
        try await broker.line(containing: "not accepted")
        crowd.removeAll()
        let worker = try RunningProgram("worker", ["--broker", endpoint, "--dataset", "toy"])
        try await worker.line(containing: "registered")
        await worker.stop()
        await broker.stop()
        #expect(broker.lines.count { $0.contains("not accepted") } < 200)
    }
}
