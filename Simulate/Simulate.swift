import ArgumentParser
import Fagure
import Simulation

/// Runs courses of a simulated world, one for each seed, and says what does not hold.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs the machines, shells and links that ship in a simulated world where things go wrong.",
        discussion:
            "Ends with 1 where something does not hold. A seed shows the same course again: --first SEED --seeds 1 --verbose."
    )

    @Option(help: "How many courses.")
    var seeds = 1_000
    @Option(help: "The first seed.")
    var first: UInt64 = 1
    @Option(help: "How many things go wrong in a course.")
    var faults = 12
    @Flag(help: "Say what went wrong in each course.")
    var verbose = false

    func run() throws {
        var configuration = TrainingConfiguration()
        configuration.model = .logistic
        configuration.rounds = 8
        var violations = 0
        var seconds = 0.0
        for holders in [1, 2] {
            let shards = try SamplePoints.shards(count: 4, workers: 4, holders: holders)
            let calm = Course(seed: 0, shards: shards, faultCount: 0).run(configuration)
            guard let model = calm.outcome?.model else { throw ValidationError("a calm world gave no model") }
            for seed in first..<first + UInt64(seeds) / 2 {
                let report = Course(seed: seed, shards: shards, faultCount: faults).run(
                    configuration, calm: model)
                seconds += Double(report.milliseconds) / 1_000
                violations += report.violations.count
                if verbose || !report.violations.isEmpty { say(report, seed, holders) }
            }
        }
        print("\(seeds) courses, \(Int(seconds)) s of the world: \(violations) violations")
        if violations > 0 { throw ExitCode(1) }
    }

    private func say(_ report: Course.Report, _ seed: UInt64, _ holders: Int) {
        print(
            "seed \(seed), \(holders) holders: \(report.milliseconds) ms, trace \(String(report.trace, radix: 16))"
        )
        for (milliseconds, fault) in report.faults { print("    \(milliseconds) ms: \(fault)") }
        for violation in report.violations { print("    violation: \(violation)") }
        if !report.violations.isEmpty { for event in report.events.suffix(12) { print("    \(event)") } }
    }
}
