import Testing

@Suite("Programs under tight limits", .timeLimit(.minutes(5)))
struct ProcessLimitTests {
    /// A program by the words that start it; none of them finds a broker, and none but the broker needs long.
    struct Start: Sendable, CustomTestStringConvertible {
        let program: String
        let arguments: [String]
        var testDescription: String { ([program] + arguments).joined(separator: " ") }

        init(_ words: String) {
            let words = words.split(separator: " ").map(String.init)
            (program, arguments) = (words[0], Array(words.dropFirst()))
        }
    }

    static let lonely = "--broker tcp://127.0.0.1:1 --timeout 0"
    static let starts = [
        "broker --bind tcp://127.0.0.1:*", "worker --dataset toy \(lonely)",
        "worker check --dataset toy \(lonely)",
        "trainer --model linear \(lonely)", "trainer --embedded 2 --dataset toy --model linear --epochs 1",
        "trainer status \(lonely)", "trainer --version",
    ].map(Start.init)

    private func run(_ start: Start, _ limit: String) async throws -> (status: Int32, errors: String) {
        let running = try RunningProgram(
            start.program, start.arguments, shell: "ulimit -c 0; ulimit \(limit); exec \"$@\"")
        let status = await running.end()
        #expect(running.lines.isEmpty, "\(running.lines)")
        return (status, running.errors)
    }

    @Test(
        "too few open files end a program with one line that says how many it needs",
        arguments: starts, [4, 5, 6, 8, 9, 12, 16, 18, 20, 31])
    func openFiles(_ start: Start, _ limit: Int) async throws {
        let (status, errors) = try await run(start, "-n \(limit)")
        #expect(status == 71)
        let says = "\(start.program): needs at least 32 open files, the limit here is \(limit): "
        #expect(errors == says + "raise it with `ulimit -n 32`\n")
    }

    @Test("workers of one's own need more files, and say so")
    func openFilesOfWorkers() async throws {
        let (status, errors) = try await run(Self.starts[4], "-n 37")
        #expect(status == 71)
        #expect(errors.contains("needs at least 38 open files, the limit here is 37"), "\(errors)")
    }

    @Test("files somebody left open count as taken")
    func inherited() async throws {
        let limit = "-n 40; for i in {10..20}; do eval \"exec $i</dev/null\"; done"
        let (status, errors) = try await run(Self.starts[0], limit)
        #expect(status == 71)
        #expect(
            errors.contains(
                "needs at least 32 open files, the limit here is 40, of which 11 are taken already: "
                    + "raise it with `ulimit -n 43`"), "\(errors)")
    }

    #if os(Linux)
        // Below some 150,000 the system's own loader ends a program, and says why. Only Linux limits addresses.
        @Test(
            "too few addresses end a program with one line that says how many it needs",
            arguments: starts, [200_000, 300_000, 400_000, 600_000, 1_000_000])
        func addresses(_ start: Start, _ limit: Int) async throws {
            let (status, errors) = try await run(start, "-v \(limit)")
            #expect(status == 71)
            let says = "needs at least 1024 MiB of address space, the limit here is \(limit >> 10) MiB: "
            #expect(
                errors
                    == "\(start.program): \(says)raise it with `ulimit -v 1048576`, or `ulimit -v unlimited`\n"
            )
        }

        @Test("threads need addresses, and a worker asked for many says so")
        func threads() async throws {
            let start = Start("worker --dataset toy --slots 11 \(Self.lonely)")
            let (status, errors) = try await run(start, "-v 1100000")
            #expect(status == 71)
            #expect(errors.contains("needs at least 1744 MiB of address space"), "\(errors)")
        }
    #endif

    @Test(
        "what a program says it needs is enough, and a soft limit is raised",
        arguments: ["ulimit -n 38", "ulimit -v 1048576", "ulimit -Sn 8"])
    func enough(_ limit: String) async throws {
        let shell = "\(limit); exec \"$@\""
        let broker = try RunningProgram("broker", ["--bind", "tcp://127.0.0.1:*"], shell: shell)
        let endpoint = try await Fleet.endpoint(of: broker)
        let worker = try RunningProgram("worker", ["--broker", endpoint, "--dataset", "toy"], shell: shell)
        try await worker.line(containing: "registered")
        for others in [["--broker", endpoint], ["--embedded", "2", "--dataset", "toy"]] {
            let trainer = try RunningProgram(
                "trainer", others + ["--model", "linear", "--epochs", "2"], shell: shell)
            #expect(await trainer.end() == 0, "\(trainer.errors)")
        }
        await worker.stop()
        await broker.stop()
    }
}
