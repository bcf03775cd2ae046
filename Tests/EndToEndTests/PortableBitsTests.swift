import Foundation
import TestSupport
import Testing

@Suite("Bits of real processes", .timeLimit(.minutes(3)))
struct PortableBitsTests {
    private static let flags = [
        "--dataset", "digits", "--model", "mlp", "--hidden", "32", "--rounds", "2", "--seed", "3", "--json",
    ]

    /// Trains on two workers, each with an environment and flags of its own.
    ///
    /// - Returns: the bytes of the model, and what was said.
    private func train(_ workers: [(environment: String, flags: [String])]) async throws -> (Data, String) {
        let fleet = try await Fleet(), folder = try TemporaryFolder()
        for (number, worker) in workers.enumerated() {
            let shell = "\(worker.environment) exec \"$@\""
            let program = try RunningProgram(
                "worker",
                [
                    "--broker", fleet.endpoint, "--name", "w\(number)", "--dataset", "digits", "--shard",
                    "\(number)/2",
                ]
                    + worker.flags, shell: shell)
            fleet.adopt(program)
            try await program.line(containing: "registered")
        }
        let trainer = try await fleet.train(Self.flags + ["--workers-min", "2", "--output", folder["run"]])
        #expect(trainer.errors.isEmpty || !trainer.errors.contains("Fatal"), "\(trainer.errors)")
        let model = try Data(contentsOf: URL(fileURLWithPath: folder["run"] + "/model.safetensors"))
        await fleet.stop()
        return (model, trainer.errors + trainer.lines.joined(separator: "\n"))
    }

    @Test(
        "a run says that its workers compute with different instructions, and no more where they are held to the same"
    )
    func told() async throws {
        let (mixed, said) = try await train([("DNNL_MAX_CPU_ISA=SSE41", []), ("DNNL_MAX_CPU_ISA=AVX2", [])])
        #expect(
            said.contains("different instructions") && said.contains("sse41, oneDNN") && said.contains("w0"),
            "\(said)")
        let pinned = ["--portable-bits", "sse41"]
        let (one, quiet) = try await train([("DNNL_MAX_CPU_ISA=AVX2", pinned), ("", pinned)])
        #expect(!quiet.contains("different instructions"), "\(quiet)")
        let (other, _) = try await train([("", pinned), ("DNNL_MAX_CPU_ISA=AVX", pinned)])
        #expect(one == other)
        #expect(!mixed.isEmpty)
    }

    @Test("a trainer's own workers are held to what was asked for, whatever the environment")
    func embedded() async throws {
        let folder = try TemporaryFolder()
        var models: [Data] = []
        for (number, environment) in ["DNNL_MAX_CPU_ISA=AVX2", "DNNL_MAX_CPU_ISA=AVX", ""].enumerated() {
            let output = folder["run-\(number)"]
            let program = try RunningProgram(
                "trainer", Self.flags + ["--embedded", "2", "--portable-bits", "sse41", "--output", output],
                shell: "\(environment) exec \"$@\"")
            #expect(await program.end() == 0, "\(program.errors)")
            models.append(try Data(contentsOf: URL(fileURLWithPath: output + "/model.safetensors")))
        }
        #expect(Set(models).count == 1)
    }

    @Test("other words are refused, and named", arguments: ["worker", "trainer"])
    func refused(program: String) async throws {
        let arguments = program == "worker" ? ["--dataset", "toy"] : ["--embedded", "1"]
        let running = try RunningProgram(program, arguments + ["--portable-bits", "mmx"])
        #expect(await running.end() == 64)
        #expect(
            running.errors.contains("--portable-bits is 'mmx', known are avx2, sse41"), "\(running.errors)")
    }
}
