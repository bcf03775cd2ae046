import Foundation
import TestSupport
import Testing

@Suite("Bad input to real processes", .timeLimit(.minutes(5)))
struct BadInputTests {
    @Test("nobody listens: it waits, says so, and gives up with 69", arguments: ["trainer", "worker"])
    func noBroker(_ program: String) async throws {
        let data = program == "worker" ? ["--dataset", "toy"] : []
        let lonely = try RunningProgram(program, ["--broker", "tcp://127.0.0.1:1", "--timeout", "1"] + data)
        #expect(await lonely.end() == 69)
        #expect(lonely.errors.contains("tcp://127.0.0.1:1"), "\(lonely.errors)")
    }

    @Test("the port is taken")
    func portTaken() async throws {
        let fleet = try await Fleet()
        let second = try RunningProgram("broker", ["--bind", fleet.endpoint])
        #expect(await second.end() == 69)
        #expect(second.errors.contains(fleet.endpoint), "\(second.errors)")
        await fleet.stop()
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let arguments: [String]
        let status: Int32
        let says: [String]
        var testDescription: String { name }
    }

    @Test(
        "a worker says what is wrong with its data",
        arguments: [
            Case(
                name: "unknown data set", arguments: ["--dataset", "mnist-3"], status: 65,
                says: ["mnist-3", "fashion-mnist", "digits", "toy"]),
            Case(
                name: "shard out of range", arguments: ["--dataset", "toy", "--shard", "4/4"], status: 64,
                says: ["4 of 4"]),
            Case(
                name: "not a shard", arguments: ["--dataset", "toy", "--shard", "one"], status: 64,
                says: ["one"]),
            Case(
                name: "missing folder",
                arguments: ["--dataset", "fashion-mnist", "--data-folder", "/nowhere"],
                status: 65, says: ["/nowhere"]),
            Case(
                name: "missing file",
                arguments: ["--data", "/nowhere.csv", "--label", "y", "--site", "here"],
                status: 65, says: ["/nowhere.csv"]),
            Case(
                name: "unknown partition", arguments: ["--dataset", "toy", "--partition", "zig"], status: 64,
                says: ["zig", "iid", "contiguous"]),
        ])
    func badData(_ row: Case) async throws {
        let worker = try RunningProgram(
            "worker", ["--broker", "tcp://127.0.0.1:1", "--timeout", "1"] + row.arguments)
        #expect(await worker.end() == row.status, "\(worker.errors)")
        for word in row.says { #expect(worker.errors.contains(word), "\(word) in \(worker.errors)") }
    }

    @Test(
        "a schema that cannot be read is bad data to a worker and a trainer",
        arguments: ["worker", "trainer"])
    func badSchema(_ program: String) async throws {
        let folder = try TemporaryFolder()
        try "features: [".write(toFile: folder["broken.yaml"], atomically: true, encoding: .utf8)
        let data = ["--data", Fixtures.fieldCase("sites/north/patients.csv")]
        let others = program == "worker" ? ["--site", "north"] : ["--embedded", "1"]
        for schema in [folder["broken.yaml"], folder["nowhere.yaml"], "/dev/zero"] {
            let running = try RunningProgram(program, data + others + ["--schema", schema])
            #expect(await running.end() == 65, "\(running.errors)")
            #expect(running.errors.contains(schema) && !running.errors.contains("Usage"))
        }
    }

    @Test("flags that make no sense come with the usage of their command, data with none")
    func usage() async throws {
        let folder = try TemporaryFolder()
        try "a,b,y\n1,2,yes\n1,3,no\n".write(toFile: folder["x.csv"], atomically: true, encoding: .utf8)
        let describe = ["describe", folder["x.csv"], "--label"]
        let cases: [(program: String, arguments: [String], status: Int32, says: String, usage: String?)] = [
            ("trainer", ["predict"], 64, "--model is missing", "Usage: trainer predict"),
            ("trainer", ["predict", "--model", folder.path, "--data", "x"], 65, "is a folder", nil),
            ("trainer", ["status", "--timeout", "-1"], 64, "--timeout is '-1'", "Usage: trainer status"),
            ("trainer", ["--learning-rate", "-1"], 64, "--learning-rate is '-1'", "Usage: trainer train"),
            ("trainer", ["--learning-rate=0x10"], 64, "--learning-rate is '0x10'", "Usage: trainer train"),
            ("trainer", ["--schedule", "step:1:0x1p-1"], 64, "--schedule is", "Usage: trainer train"),
            (
                "worker", describe + ["y", "--label-kind", "x"], 64, "--label-kind is 'x'",
                "Usage: worker describe"
            ),
            ("worker", describe + ["y", "--label-kind", "number"], 65, "x.csv:2: column 3 (y)", nil),
            ("worker", describe + ["Y"], 65, "did you mean 'y'?", nil),
            ("trainer", ["--learning-rate", "1e-400"], 64, "too small", "Usage: trainer train"),
            ("trainer", ["--ignore", "id"], 64, "--ignore is for", "Usage: trainer train"),
            ("worker", ["check", "--slots", "-3"], 64, "--slots is '-3'", "Usage: worker check"),
        ]
        for (program, arguments, status, says, usage) in cases {
            let running = try RunningProgram(program, arguments)
            #expect(await running.end() == status, "\(arguments): \(running.errors)")
            #expect(running.errors.contains(says), "\(arguments): \(running.errors)")
            if let usage {
                #expect(running.errors.contains(usage), "\(arguments): \(running.errors)")
            } else {
                #expect(!running.errors.contains("Usage"), "\(arguments): \(running.errors)")
            }
        }
    }

    @Test("help lists what a command needs, and the built-in defaults")
    func help() async throws {
        func help(_ program: String, _ arguments: [String] = []) async throws -> String {
            let running = try RunningProgram(
                program, arguments + ["--help"], environment: ["FAGURE_BIND": "tcp://127.0.0.1:7"])
            #expect(await running.end() == 0)
            return running.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
        }
        let describe = try await help("worker", ["describe"])
        for flag in ["--label-kind", "--classes", "--delimiter", "--dataset"] {
            #expect(describe.contains(flag))
        }
        for flag in ["--broker", "--slots", "--site", "--release"] {
            #expect(!describe.contains(flag), "\(flag)")
        }
        let check = try await help("worker", ["check"])
        for flag in ["--broker", "--site", "--label", "--timeout"] {
            #expect(check.contains(flag), "\(flag)")
        }
        for flag in ["--slots", "--drain-seconds", "--memory"] { #expect(!check.contains(flag), "\(flag)") }
        #expect(try await help("worker").contains("--slots"))
        #expect(try await help("broker").contains("By default tcp://127.0.0.1:5555"))
    }

    @Test("a text cell, a missing label and a ragged row are named with file, line and column")
    func badRows() async throws {
        let folder = try TemporaryFolder()
        let rows = [
            ("text", "a,b,y\n\((0..<21).map { "1,\($0),0\n" }.joined())1,two,1\n", ["text.csv", "23", "b"]),
            ("label", "a,b,y\n1,2,0\n1,2,\n", ["label.csv", "3", "y"]),
            ("ragged", "a,b,y\n1,2,0\n1,2\n", ["ragged.csv", "3"]),
        ]
        for (name, text, says) in rows {
            try text.write(toFile: folder["\(name).csv"], atomically: true, encoding: .utf8)
            let worker = try RunningProgram(
                "worker",
                [
                    "--broker", "tcp://127.0.0.1:1", "--timeout", "1", "--site", "here",
                    "--data", folder["\(name).csv"], "--label", "y",
                ])
            #expect(await worker.end() == 65, "\(worker.errors)")
            for word in says { #expect(worker.errors.contains(word), "\(word) in \(worker.errors)") }
        }
    }

    @Test("the trainer asks for a data set nobody serves")
    func datasetNobodyServes() async throws {
        let fleet = try await Fleet()
        try await fleet.addWorker("alice", ["--dataset", "toy"])
        let trainer = try await fleet.train(["--dataset", "digits", "--epochs", "1", "--timeout", "1"])
        #expect(await trainer.end() != 0)
        #expect(trainer.errors.contains("digits"), "\(trainer.errors)")
        await fleet.stop()
    }

    @Test("noise to the broker's port is dropped, and the work goes on")
    func noise() async throws {
        let fleet = try await Fleet()
        for seed in 0..<20 { try Noise.send(to: fleet.endpoint, seed: UInt64(seed)) }
        try await fleet.addWorker("alice", ["--dataset", "digits"])
        let trainer = try await fleet.train(["--epochs", "2", "--hidden", "16"])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        for seed in 20..<40 { try Noise.send(to: fleet.endpoint, seed: UInt64(seed)) }
        let again = try await fleet.train(["--epochs", "1", "--hidden", "16"])
        #expect(await again.end() == 0, "\(again.errors)")
        await fleet.stop()
    }

    @Test("a worker asked to end finishes what it has and leaves with 0")
    func drain() async throws {
        let fleet = try await Fleet()
        let worker = try await fleet.addWorker("alice", ["--dataset", "toy"])
        worker.signal(SIGTERM)
        #expect(await worker.end() == 0, "\(worker.errors)")
        await fleet.stop()
    }

    @Test("a loss that is not a number stops the training, unless told otherwise")
    func notANumber() async throws {
        let fleet = try await Fleet()
        try await fleet.addWorker("alice", ["--dataset", "digits"])
        let wild = ["--epochs", "4", "--learning-rate", "1e30", "--hidden", "16"]
        let stops = try await fleet.train(wild)
        #expect(await stops.end() != 0)
        #expect(
            stops.errors.lowercased().contains("nan") || stops.errors.contains("not finite"),
            "\(stops.errors)")
        let goesOn = try await fleet.train(wild + ["--allow-nan"])
        #expect(await goesOn.end() == 0, "\(goesOn.errors)")
        await fleet.stop()
    }
}

/// Bytes that mean nothing, over a plain TCP connection.
enum Noise {
    static func send(to endpoint: String, seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var bytes = random.bytes(count: 2_000)
        // Every other time a true ZMTP greeting first, so that the noise reaches the frame decoder.
        if seed % 2 == 0 {
            let greeting: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8)
            bytes.replaceSubrange(0..<64, with: greeting + [UInt8](repeating: 0, count: 64 - greeting.count))
        }
        try #require(RawPeer(endpoint)).write(bytes)
    }
}
