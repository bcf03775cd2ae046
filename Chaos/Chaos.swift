import ArgumentParser
import Foundation

/// Kills and stops real processes on a seeded schedule, and says what does not hold.
@main
struct Chaos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Kills and stops a real broker, workers and trainer while they work.",
        discussion: """
            A training run must end with the bytes of a calm one, with one holder of each shard and with two; every \
            job must be answered once, and right. Ends with 1 where something does not hold, and says where its logs are. \
            A seed is the same schedule again; what meets what is the machine's.
            """)

    @Option(help: "The folder of the programs.")
    var programs: String
    @Option(help: "How many training runs, for one holder and for two each.")
    var seeds = 1
    @Option(help: "The first seed.")
    var first: UInt64 = 1
    @Option(help: "How many processes are killed in a training run.")
    var kills = 30
    @Option(help: "How many jobs, at least.")
    var jobs = 2_000
    @Option(help: "How many processes are killed while jobs run.")
    var jobKills = 40
    @Option(help: "How many processes do nothing but keep the machine busy.")
    var busy = 0
    @Flag(help: "Say what was done to whom.")
    var verbose = false

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "fagure-chaos-\(UUID().uuidString.prefix(8))")
        let spinning = try (0..<busy).map { _ in try Chaos.spin() }
        defer { for process in spinning { process.terminate() } }
        var violations = 0
        for holders in [1, 2] {
            let calm = try await course(holders, seed: 0, kills: 0, folder).run()
            guard let model = calm.model else {
                throw ValidationError("a calm run gave no model: \(calm.violations), logs in \(folder.path)")
            }
            for seed in first..<first + UInt64(seeds) {
                var report = try await course(holders, seed: seed, kills: kills, folder).run()
                if report.violations.isEmpty, report.model != model {
                    report.violations.append("the model is not that of a calm run")
                }
                say(
                    "training, seed \(seed), \(holders) holder\(holders == 1 ? "" : "s"): \(report.kills) killed in "
                        + "\(Int(report.seconds)) s", report.violations, report.history)
                violations += report.violations.count
            }
        }
        let report = try await JobsCourse(
            programs: URL(filePath: programs), folder: folder.appending(path: "jobs"), seed: first,
            jobs: jobs,
            kills: jobKills
        ).run()
        say(
            "jobs, seed \(first): \(report.kills) killed, \(report.answers) jobs answered, \(report.absences) times "
                + "nobody was there", report.violations, report.history)
        violations += report.violations.count
        guard violations == 0 else {
            print("\(violations) violations, logs in \(folder.path)")
            throw ExitCode(1)
        }
        try? FileManager.default.removeItem(at: folder)
    }

    private func course(_ holders: Int, seed: UInt64, kills: Int, _ folder: URL) -> TrainingCourse {
        TrainingCourse(
            programs: URL(filePath: programs), folder: folder.appending(path: "training-\(holders)-\(seed)"),
            seed: seed, holders: holders, kills: kills)
    }

    private func say(_ line: String, _ violations: [String], _ history: [String]) {
        print("\(line): \(violations.isEmpty ? "all is well" : violations.prefix(8).joined(separator: "; "))")
        if verbose || !violations.isEmpty { for fault in history { print("    \(fault)") } }
    }

    private static func spin() throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "while :; do :; done"]
        try process.run()
        return process
    }
}
