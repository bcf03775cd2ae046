import ArgumentParser
import Datasets
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

    @Flag(help: "End at the first course in which something does not hold.")
    var failFast = false
    @Flag(help: "Say every record that is sent.")
    var letters = false
    @Option(help: "How many jobs are asked for in a course of jobs.")
    var jobs = 100

    func run() throws {
        var violations = 0
        var seconds = 0.0
        let courses = try courses()
        for seed in first..<first + UInt64(seeds / courses.count) {
            for course in courses {
                let report = try course.run(seed)
                seconds += Double(report.milliseconds) / 1_000
                violations += report.violations.count
                if verbose || !report.violations.isEmpty { say(report, seed, course.name) }
                if failFast, violations > 0 { throw ExitCode(1) }
            }
        }
        print("\(seeds) courses, \(Int(seconds)) s of the world: \(violations) violations")
        if violations > 0 { throw ExitCode(1) }
    }

    /// What happens in a course, but for the seed.
    private struct Kind {
        let name: String
        let run: (UInt64) throws -> Course.Report
    }

    /// Runs that train and jobs that are asked for, with one holder of each shard and with two.
    private func courses() throws -> [Kind] {
        var configuration = TrainingConfiguration()
        configuration.model = .logistic
        configuration.rounds = 8
        var kinds: [Kind] = []
        for holders in [1, 2] {
            let shards = try SamplePoints.shards(count: 4, workers: 4, holders: holders)
            let calm = Course(seed: 0, shards: shards, faultCount: 0).train(configuration)
            guard let model = calm.outcome?.model else { throw ValidationError("a calm world gave no model") }
            kinds.append(
                Kind(name: "training, \(holders) holders") {
                    course($0, shards).train(configuration, calm: model)
                })
            kinds.append(
                Kind(name: "jobs, \(holders) holders") {
                    try course($0, shards).ask(jobs: jobs)
                })
        }
        return kinds
    }

    private func course(_ seed: UInt64, _ shards: [[Shard]]) -> Course {
        var course = Course(seed: seed, shards: shards, faultCount: faults)
        if letters { course.letters = { print($0) } }
        return course
    }

    private func say(_ report: Course.Report, _ seed: UInt64, _ kind: String) {
        print(
            "seed \(seed), \(kind): \(report.milliseconds) ms, trace \(String(report.trace, radix: 16))"
        )
        for (milliseconds, fault) in report.faults { print("    \(milliseconds) ms: \(fault)") }
        for violation in report.violations { print("    violation: \(violation)") }
        if !report.violations.isEmpty { for event in report.events.suffix(12) { print("    \(event)") } }
    }
}
