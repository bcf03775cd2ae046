import Datasets
import Foundation
import Tensor
import TestSupport
import Testing

/// Where an example's workers are.
enum Stage: Sendable, CaseIterable {
    case embedded, tcp, ipc

    /// Runs an example to its end, with a broker and workers of its own unless it is embedded, and gives back
    /// the lines it printed.
    ///
    /// - Parameter workers: names, each with its flags.
    func lines(of example: String, workers: KeyValuePairs<String, [String]>) async throws -> [String] {
        guard let folder = self == .ipc ? try TemporaryFolder() : nil else {
            let bind = self == .tcp ? "tcp://127.0.0.1:0" : nil
            return try await lines(of: example, workers, bind: bind)
        }
        return try await lines(of: example, workers, bind: "ipc://\(folder["broker"])")
    }

    private func lines(
        of example: String, _ workers: KeyValuePairs<String, [String]>, bind: String?
    ) async throws -> [String] {
        guard let bind else { return try await lines(of: RunningProgram(example, [])) }
        let fleet = try await Fleet(bind: bind)
        for (name, flags) in workers { try await fleet.addWorker(name, flags) }
        let lines = try await lines(of: RunningProgram(example, [fleet.endpoint]))
        await fleet.stop()
        return lines
    }

    private func lines(of program: RunningProgram) async throws -> [String] {
        #expect(await program.end() == 0, "\(program.errors)")
        #expect(program.errors.isEmpty, "\(program.errors)")
        return program.lines
    }
}

@Suite("The examples as people run them", .serialized, .timeLimit(.minutes(3)))
struct ExampleTests {
    /// The numbers of a line, whatever is between them.
    private func numbers(_ line: Substring) -> [Float] {
        line.split { !"0123456789.-e+".contains($0) }.compactMap { Float($0) }
    }

    private func numbers(_ line: String) -> [Float] { numbers(line[...]) }

    /// The lines of a part of an example, without its title.
    private func part(_ title: String, of lines: [String], count: Int) throws -> [String] {
        let index = try #require(lines.firstIndex(of: title), "no line '\(title)' in \(lines)")
        return try #require(lines.count > index + count ? Array(lines[(index + 1)...(index + count)]) : nil)
    }

    @Test("Tutorial: the same losses and weights as PyTorch, one job a step", arguments: Stage.allCases)
    func tutorial(_ stage: Stage) async throws {
        let vector = try TutorialVectors.load()
        let lines = try await stage.lines(of: "Tutorial", workers: ["bob": [], "alice": []])
        for (title, run) in [
            ("centralised", vector.centralised), ("federated", vector.descent),
            ("federated, Adam with a state at each worker", vector.adam),
        ] {
            let part = try part(title, of: lines, count: 22)
            #expect(part[20].hasPrefix("weight ") && part[21].hasPrefix("bias "))
            #expect(run.differences(part[..<20].flatMap(numbers), part[20...].map(numbers)) == [], "\(title)")
        }
        #expect(lines.last?.hasPrefix("44 jobs: ") == true, "\(lines.last ?? "")")
        #expect(lines.count == 3 * 23 + 1)
    }

    @Test("TrustedAggregator: the same losses of every round as PyTorch", arguments: Stage.allCases)
    func trustedAggregator(_ stage: Stage) async throws {
        let lines = try await stage.lines(
            of: "TrustedAggregator", workers: ["bob": [], "alice": [], "secure-worker": []])
        try #require(lines.count == 12, "\(lines)")
        var losses: [Float] = []
        for (index, line) in lines[..<10].enumerated() {
            let halves = line.split(separator: ", alice ")
            try #require(halves.count == 2 && line.hasPrefix("round \(index + 1): bob ["), "\(line)")
            losses += numbers(halves[0]).dropFirst() + numbers(halves[1])
        }
        #expect(lines[10].hasPrefix("weight ") && lines[11].hasPrefix("bias "))
        let aggregator = try TutorialVectors.load().aggregator
        #expect(aggregator.differences(losses, lines[10...].map(numbers)) == [])
    }

    @Test("Pointers: what its comments promise", arguments: Stage.allCases)
    func pointers(_ stage: Stage) async throws {
        let lines = try await stage.lines(
            of: "Pointers", workers: ["bob": ["--dataset", "digits"], "alice": []])
        func rest(_ start: String) throws -> String {
            let line = try #require(lines.first { $0.hasPrefix(start) }, "no '\(start)' in \(lines)")
            return String(line.dropFirst(start.count))
        }
        #expect(try rest("x is ").contains("at bob #x with shape [4]"))
        #expect(try rest("y is ") == "float32 [4] at bob")
        #expect(try rest("its value is ") == "[3.0, 5.0, 7.0, 9.0]")
        #expect(try rest("a copy of x is ").contains("at alice #x"))
        #expect(try rest("its sum is ") == "10.0")
        #expect(try rest("slopes: ") == "[10.0, 20.0, 30.0, 40.0]")
        let found = try rest("found: ")
        #expect(found.contains("at bob #x") && found.contains("at alice #x"), "\(found)")
        #expect(try rest("bob keeps ").contains("float32 [4] #x"))
        #expect(try rest("bob's features are ").contains("at bob"))

        let refusals = lines.filter { $0.hasPrefix("refused: ") }
        try #require(refusals.count == 2, "\(lines)")
        for word in ["bob", "alice", "main.swift:"] {
            #expect(refusals[0].contains(word), "\(word) in \(refusals[0])")
        }
        for word in ["not permitted", "digits", "bob"] {
            #expect(refusals[1].contains(word), "\(word) in \(refusals[1])")
        }
        let loss = try #require(numbers(try rest("a model's loss on them is ")).first)
        let expected = try lossOfDigits()
        #expect(abs(loss - expected) <= 1e-4 * expected, "\(loss), expected \(expected)")
    }

    @Test("an example killed in the middle disturbs nobody: the next one prints the same numbers")
    func killed() async throws {
        let fleet = try await Fleet()
        for name in ["bob", "alice"] { try await fleet.addWorker(name) }
        let first = try RunningProgram("Tutorial", [fleet.endpoint])
        // Its tensors are at both workers by then, and nobody lets them go.
        try await first.line { $0 == "federated" }
        first.signal(SIGKILL)
        await first.end()
        let second = try RunningProgram("Tutorial", [fleet.endpoint])
        #expect(await second.end() == 0, "\(second.errors)")
        let embedded = try await Stage.embedded.lines(of: "Tutorial", workers: [:])
        #expect(second.lines == embedded)
        await fleet.stop()
        for worker in fleet.workers { #expect(await worker.end() == 0, "\(worker.errors)") }
    }

    /// What the example computes at bob, computed here.
    private func lossOfDigits() throws -> Float {
        let rows = try Dataset.load(named: "digits").shard(0, of: 1, partition: .iid(seed: 0)).train
        let pixels = Tensor(try #require(rows["pixels"])), labels = Tensor(try #require(rows["label"]))
        let model = try Linear(64, 10, seed: 1)
        return try softmaxCrossEntropy(model(pixels.cast(to: .float32).flattened() / 16), labels).scalar()
    }
}
