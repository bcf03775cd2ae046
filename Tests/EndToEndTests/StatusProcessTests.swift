import Foundation
import TestSupport
import Testing

@Suite("A broker seen from outside", .timeLimit(.minutes(2)))
struct StatusProcessTests {
    /// What is served there, as the shell's own sockets see it.
    private static func fetch(
        _ path: String, at address: String, host: String = "localhost"
    ) async throws -> (status: Int, text: String) {
        let colon = try #require(address.lastIndex(of: ":"))
        let client = try RunningProgram(
            "", [String(address[..<colon]), String(address[address.index(after: colon)...]), path, host],
            shell:
                #"exec 3<>"/dev/tcp/$2/$3"; printf 'GET %s HTTP/1.1\r\nHost: %s\r\n\r\n' "$4" "$5" >&3; cat <&3"#
        )
        #expect(await client.end() == 0, "\(client.errors)")
        let (lines, status) = (client.lines, client.lines.first?.split(separator: " ").dropFirst().first)
        let empty = try #require(lines.firstIndex { $0 == "" || $0 == "\r" })
        return (Int(status ?? "") ?? 0, lines[(empty + 1)...].joined(separator: "\n"))
    }

    /// A broker that shows itself, with a worker.
    private static func withBroker(_ body: (Fleet, _ address: String) async throws -> Void) async throws {
        let fleet = try await Fleet(flags: ["--http", "127.0.0.1:0"])
        let line = try await fleet.broker.line(containing: "shows itself at http://")
        let address = try #require(line.firstMatch(of: /http:\/\/([0-9.:]+)/)).output.1
        try await fleet.addWorker("north", ["--dataset", "toy"])
        try await body(fleet, String(address))
        await fleet.stop()
    }

    @Test("health, metrics and status are served, and what is not there is not")
    func pages() async throws {
        try await Self.withBroker { fleet, address in
            #expect(try await Self.fetch("/healthz", at: address) == (200, "ok"))
            #expect(try await Self.fetch("/readyz", at: address) == (200, "ready"))
            let trainer = try await fleet.train([
                "--dataset", "toy", "--epochs", "2", "--output", try TemporaryFolder()["run"],
            ])
            #expect(await trainer.end() == 0, "\(trainer.errors)")
            let metrics = try await Self.fetch("/metrics", at: address).text
            #expect(metrics.contains("fagure_workers{state=\"ready\"} 1\n"))
            let finished = try #require(metrics.firstMatch(of: /\nfagure_jobs_finished_total ([0-9]+)\n/))
                .output.1
            #expect(Int(finished) ?? 0 >= 2)
            let (status, text) = try await Self.fetch("/v1/status", at: address)
            let json = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let worker = try #require((json["workers"] as? [[String: Any]])?.first)
            #expect(
                status == 200 && worker["name"] as? String == "north" && worker["state"] as? String == "ready"
            )
            #expect((json["readings"] as? [String: [String: Double]])?["fagure_workers"]?["ready"] == 1)
            #expect(try await Self.fetch("/", at: address).status == 404)
        }
    }

    @Test("a page of another name is not shown who is there")
    func rebinding() async throws {
        try await Self.withBroker { _, address in
            let (status, text) = try await Self.fetch("/v1/status", at: address, host: "evil.example")
            #expect(status == 403 && !text.contains("north"))
        }
    }

    @Test("trainer status shows the broker's counts, also as JSON")
    func trainerStatus() async throws {
        try await Self.withBroker { fleet, _ in
            let text = try await fleet.status([])
            #expect(
                text.contains("north  ready") && text.contains("sessions: 1 ready workers; 1 ready trainers"))
            #expect(text.contains("messages dropped: 0"))
            let json =
                try JSONSerialization.jsonObject(with: Data(try await fleet.status(["--json"]).utf8))
                as? [String: Any]
            let broker = try #require(json?["broker"] as? [String: Any])
            #expect((broker["fagure_workers"] as? [String: Double])?["ready"] == 1)
        }
    }

    @Test("trainer status --watch goes on until it is interrupted")
    func watch() async throws {
        try await Self.withBroker { fleet, _ in
            let watcher = try RunningProgram(
                "trainer", ["status", "--broker", fleet.endpoint, "--watch", "--json"])
            var count = 0
            try await watcher.line { _ in
                count += 1
                return count == 2
            }
            watcher.signal(SIGINT)
            #expect(await watcher.end() == 130)
        }
    }

    @Test(
        "an address that is none, or is taken, is named",
        arguments: [
            ("nonsense", 64, "'nonsense' is no address and port"), ("", 69, "cannot listen at 127.0.0.1:"),
        ])
    func bad(_ text: String, status: Int32, words: String) async throws {
        try await Self.withBroker { _, address in
            let broker = try RunningProgram(
                "broker", ["--bind", "tcp://127.0.0.1:*", "--http", text.isEmpty ? address : text])
            #expect(await broker.end() == status)
            #expect(broker.errors.contains(words), "\(broker.errors)")
        }
    }
}

extension Fleet {
    fileprivate func status(_ flags: [String]) async throws -> String {
        let trainer = try RunningProgram("trainer", ["status", "--broker", endpoint] + flags)
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        return trainer.lines.joined(separator: "\n")
    }
}
