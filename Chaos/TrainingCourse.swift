import Foundation
import ZMQ

/// A run whose processes are killed and stopped: it must end with the bytes of a calm one.
struct TrainingCourse {
    /// What was seen of it.
    struct Report {
        var violations: [String] = []
        var kills = 0
        var seconds = 0.0
        var model: Data?
        var history: [String] = []
    }

    let programs: URL
    let folder: URL
    let seed: UInt64
    /// How many workers hold each shard.
    let holders: Int
    /// How many processes are killed; 0 for a calm run.
    let kills: Int

    private static let shardCount = 4
    private static let secondsMaximum = 300.0

    private var workers: [[String]] {
        (0..<TrainingCourse.shardCount).map { worker in
            let shards = (0..<holders).map {
                "\((worker + $0) % TrainingCourse.shardCount)/\(TrainingCourse.shardCount)"
            }
            return ["--dataset", "digits", "--shard", shards.joined(separator: ",")]
        }
    }

    private var trainer: [String] {
        [
            "--dataset", "digits", "--model", "mlp", "--hidden", "200,200", "--rounds", "60",
            "--local-epochs", "10",
            "--workers-min", "4", "--seed", "1", "--output", folder.appending(path: "run").path,
        ]
    }

    /// Lets it happen.
    func run() async throws -> Report {
        let fleet = try ProcessFleet(programs: programs, folder: folder, workers: workers)
        let clock = ContinuousClock()
        let began = clock.now
        var report = Report()
        try await fleet.start()
        try await fleet.startTrainer(trainer)
        var randomness = SimulatedRandomness(seed: seed ^ 0xC405)
        var status = await fleet.trainerStatus
        while status == nil, seconds(since: began) < TrainingCourse.secondsMaximum {
            try await Task.sleep(for: .milliseconds(Int.random(in: 50..<400, using: &randomness)))
            let fault = Fault.random(workerCount: fleet.workerCount, hasTrainer: true, using: &randomness)
            if report.kills < kills, await fleet.suffer(fault), fault.isKill { report.kills += 1 }
            status = await fleet.trainerStatus
        }
        report.seconds = seconds(since: began)
        report.history = await fleet.history
        await fleet.end()
        switch status {
        case nil: report.violations.append("the run has not ended in \(Int(TrainingCourse.secondsMaximum)) s")
        case 0: report.model = try Data(contentsOf: folder.appending(path: "run/model.safetensors"))
        case let status?: report.violations.append("the trainer ended with \(status)")
        }
        return report
    }

    private func seconds(since began: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = began.duration(to: .now).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
