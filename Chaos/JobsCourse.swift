import Fagure
import Foundation
import Ground
import Jobs
import Protocol
import Tensor
import ZMQ

/// Jobs whose broker and workers are killed and stopped: each is answered once, and right.
struct JobsCourse {
    /// What was seen of it.
    struct Report {
        var violations: [String] = []
        var kills = 0
        var answers = 0
        /// Answers that nobody was there, after which a job was submitted as another.
        var absences = 0
        var history: [String] = []
    }

    /// What was asked and answered, shared by those who ask.
    private final class Tally: Sendable {
        struct Counts {
            var next = 0
            var answered: [Int: Int] = [:]
            var absences = 0
            var faults: [String] = []
            /// Whether nothing is done to anybody any more.
            var isCalm = false
        }

        private let counts = Lock(Counts())

        func change<Result: Sendable>(_ body: (inout Counts) -> Result) -> Result {
            counts.withLock { body(&$0) }
        }
    }

    let programs: URL
    let folder: URL
    let seed: UInt64
    let jobs: Int
    let kills: Int

    /// Jobs that wait at once.
    private static let parallel = 32

    /// Lets it happen.
    func run() async throws -> Report {
        let workers = (0..<4).map { ["--dataset", "toy", "--shard", "\($0 % 2)/2"] }
        let fleet = try ProcessFleet(programs: programs, folder: folder, workers: workers)
        try await fleet.start()
        let session = try await Session.connect(await fleet.endpoint)
        let graph = try JobsCourse.doubling()
        let tally = Tally()
        var report = Report()
        let killed = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<JobsCourse.parallel {
                group.addTask {
                    while let number = tally.change({ next(&$0) }) {
                        await ask(number, graph, session, tally)
                    }
                    return 0
                }
            }
            group.addTask {
                let killed = try await strike(fleet)
                tally.change { $0.isCalm = true }
                return killed
            }
            return try await group.reduce(0, +)
        }
        report.kills = killed
        report.history = await fleet.history
        await session.close()
        await fleet.end()
        let counts = tally.change { $0 }
        report.answers = counts.answered.count
        report.absences = counts.absences
        report.violations = counts.faults
        for number in 0..<counts.next where counts.answered[number] != 1 {
            report.violations.append("job \(number) was answered \(counts.answered[number] ?? 0) times")
        }
        return report
    }

    /// The next job's number, until there were enough and all is calm.
    private func next(_ counts: inout Tally.Counts) -> Int? {
        guard counts.next < jobs || !counts.isCalm else { return nil }
        defer { counts.next += 1 }
        return counts.next
    }

    private func strike(_ fleet: ProcessFleet) async throws -> Int {
        var randomness = SimulatedRandomness(seed: seed ^ 0x10B5)
        var killed = 0
        while killed < kills {
            try await Task.sleep(for: .milliseconds(Int.random(in: 20..<250, using: &randomness)))
            let fault = Fault.random(workerCount: fleet.workerCount, hasTrainer: false, using: &randomness)
            if await fleet.suffer(fault), fault.isKill { killed += 1 }
        }
        return killed
    }

    /// Asks until somebody was there to answer.
    private func ask(
        _ number: Int, _ graph: SealedGraph, _ session: Session, _ tally: Tally
    ) async {
        let shard = ShardReference(dataset: "toy", partition: "iid:0", index: number % 2, count: 2)
        // Every eighth is large enough to travel in pieces.
        let count = number.isMultiple(of: 8) ? 20_000 : 3
        while true {
            do {
                let value = try TensorValue([Float](repeating: Float(number), count: count))
                let result = try await session.run(
                    TensorJob(graph: graph, bindings: [value]), on: .shard(shard), timeout: .seconds(120))
                let numbers = try result.outputs.first?.value.floats ?? []
                tally.change { counts in
                    counts.answered[number, default: 0] += 1
                    if numbers.count != count || numbers.contains(where: { $0 != 2 * Float(number) }) {
                        counts.faults.append("job \(number) was answered with \(numbers.first ?? .nan)")
                    }
                }
                return
            } catch let failure as Failure where failure.code.isAbsence && failure.code != .deadlineExceeded {
                tally.change { $0.absences += 1 }
                try? await Task.sleep(for: .milliseconds(50))
            } catch {
                tally.change { counts in
                    counts.answered[number, default: 0] += 1
                    counts.faults.append("job \(number) failed: \(error)")
                }
                return
            }
        }
    }

    /// Twice what comes in, whatever its length.
    private static func doubling() throws -> SealedGraph {
        var builder = GraphBuilder()
        let x = builder.input(Graph.Input(name: "x", elementType: .float32, dimensions: [nil]))
        let twice = builder.append(.add, [x, x])
        return try SealedGraph(builder.finish(outputs: [twice]))
    }
}
