import Fagure
import Jobs
import Protocol
import Tensor
import ZMQ

/// A trainer that asks workers to double numbers, many jobs at once, until it has had enough answers.
///
/// It lives on one simulated loop, and dies with it.
final class Asker: @unchecked Sendable {
    // Proof: everything is touched in the turns of one simulated loop, which one thread runs.

    /// How often each job was answered, by number.
    private(set) var answers: [Int]
    /// Answers that were wrong, and failures that say more than that nobody was there.
    private(set) var faults: [String] = []

    private let loop: SimulatedLoop
    private let shards: [ShardReference]
    private let graph: SealedGraph
    private var next = 0
    private var isStopped = false

    /// Jobs that wait at once.
    static let parallel = 12
    /// Every so manieth job has more bytes than fit a record.
    private static let longInterval = 6
    private static let longCount = 20_000
    /// Bytes of such a job.
    static let longByteCount = 4 * longCount

    /// An asker of so many jobs, of so many of which one at a time goes to each shard.
    ///
    /// - Throws: `GraphError`, for a graph that is none.
    init(on loop: SimulatedLoop, jobs: Int, shards: [ShardReference]) throws {
        self.loop = loop
        self.shards = shards
        answers = Array(repeating: 0, count: jobs)
        var builder = GraphBuilder()
        let x = builder.input(Graph.Input(name: "x", elementType: .float32, dimensions: [nil]))
        let twice = builder.append(.add, [x, x])
        graph = try SealedGraph(builder.finish(outputs: [twice]))
    }

    /// Whether all is answered.
    var isDone: Bool { !answers.contains(0) }

    /// Asks no more, and takes no notice of what comes.
    func stop() { isStopped = true }

    /// Begins to ask.
    func ask(_ session: Session) {
        for _ in 0..<Asker.parallel {
            Task(executorPreference: loop.taskExecutor) { [self] in
                while let number = take() { await ask(number, session) }
            }
        }
    }

    private func take() -> Int? {
        guard next < answers.count, !isStopped else { return nil }
        defer { next += 1 }
        return next
    }

    /// Asks until somebody was there to answer.
    private func ask(_ number: Int, _ session: Session) async {
        let count = number.isMultiple(of: Asker.longInterval) ? Asker.longCount : 3
        while !isStopped {
            do {
                let value = try TensorValue([Float](repeating: Float(number), count: count))
                let result = try await session.run(
                    TensorJob(graph: graph, bindings: [value]), on: .shard(shards[number % shards.count]),
                    timeout: .seconds(300))
                let doubled = try result.outputs.first?.value.floats ?? []
                guard !isStopped else { return }
                answers[number] += 1
                if doubled != [Float](repeating: 2 * Float(number), count: count) {
                    faults.append(
                        "job \(number) was answered with \(doubled.count) numbers, \(doubled.first ?? .nan)")
                }
                return
            } catch let failure as Failure where failure.code.isAbsence && failure.code != .deadlineExceeded {
                await pause()
            } catch {
                guard !isStopped else { return }
                answers[number] += 1
                faults.append("job \(number) failed: \(error)")
                return
            }
        }
    }

    private func pause() async {
        await withCheckedContinuation { continuation in
            _ = loop.schedule(afterMilliseconds: 100) { continuation.resume() }
        }
    }
}
