import Fagure
import Simulation
import Testing
import ZMQ

@Suite("Courses of a simulated world", .timeLimit(.minutes(2)))
struct CourseTests {
    private var configuration: TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.model = .logistic
        configuration.rounds = 5
        return configuration
    }

    @Test("whatever goes wrong, the run ends with the model of a calm world")
    func seeds() throws {
        let shards = try SamplePoints.shards(count: 4, workers: 4)
        let calm = Course(seed: 0, shards: shards, faultCount: 0).train(configuration)
        let model = try #require(calm.outcome?.model)
        for seed in 1...50 as ClosedRange<UInt64> {
            let report = Course(seed: seed, shards: shards, faultCount: 12).train(configuration, calm: model)
            #expect(report.violations.isEmpty, "seed \(seed): \(report.faults)")
        }
    }

    @Test("whatever goes wrong, each job is answered once and right, and nothing is left of it")
    func jobs() throws {
        for seed in 1...50 as ClosedRange<UInt64> {
            let shards = try SamplePoints.shards(count: 2, workers: 4, holders: seed % 2 == 0 ? 2 : 1)
            let report = try Course(seed: seed, shards: shards, faultCount: 12).ask(jobs: 100)
            #expect(report.violations.isEmpty, "seed \(seed): \(report.faults)")
        }
    }

    @Test("on lines of 40 kB/s jobs of 80 kB are done, and no heartbeat is more than 2 s behind")
    func slowLines() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let shards = try SamplePoints.shards(count: 2, workers: 2)
            var course = Course(seed: seed, shards: shards, faultCount: 0)
            course.line.bytesPerSecond = 40_000
            let report = try course.ask(jobs: 12)
            #expect(report.violations.isEmpty, "seed \(seed)")
            #expect(report.slowestHeartbeat > 0 && report.slowestHeartbeat <= 2_000, "seed \(seed)")
        }
    }
}
