import Fagure
import Jobs
import Protocol
import Tensor

/// A program that gives back the state it was given.
struct IdleRound {
    private let program: (ShardReference) -> Program
    private let state: [TensorValue]
    /// What travels to a worker and back, in bytes each way.
    let byteCount: Int

    /// Parameters of these sizes, all 1; those of the 2NN, 0.8 MB, unless given.
    init(_ sizes: [[Int]] = [[200, 784], [200], [200, 200], [200], [10, 200], [10]]) throws {
        // Not zeros: the system keeps no memory for what was never written.
        state = try sizes.map { try TensorValue([Float](repeating: 1, count: $0.reduce(1, *)), shape: $0) }
        byteCount = state.reduce(0) { $0 + $1.type.byteCount }
        func inputs(_ prefix: String) -> [Graph.Input] {
            sizes.enumerated().map {
                Graph.Input(name: "\(prefix)\($0)", elementType: .float32, dimensions: $1)
            }
        }
        let label = Graph.Input(name: "label", elementType: .int32, dimensions: [nil])
        let examples = Graph.Input(name: "examples", elementType: .float32, dimensions: [])
        let count = sizes.count
        let step = try SealedGraph(
            Graph(inputs: inputs("w") + [label], constants: [], nodes: [], outputs: Array(0..<count)))
        let finish = try SealedGraph(
            Graph(
                inputs: inputs("first") + inputs("last") + [examples], constants: [], nodes: [],
                outputs: Array(count..<2 * count)))
        program = { shard in
            Program(
                step: step, finish: finish, stateCount: count, constantCount: 0, columns: ["label"],
                shard: shard,
                part: .train, schedule: Program.Schedule(batchSize: 1, batchLimit: 1),
                outputs: (0..<count).map { "w\($0)" })
        }
    }

    func seconds(_ session: Session, _ shards: [ShardReference]) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for shard in shards {
                let job = ProgramJob(program: program(shard), bindings: state)
                group.addTask { _ = try await session.run(job) }
            }
            try await group.waitForAll()
        }
        return (clock.now - start) / .seconds(1)
    }
}
