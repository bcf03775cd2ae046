public import Jobs
public import Protocol
public import Tensor

/// Sums over a shard that say where its features lie and how far they spread: nothing else leaves the worker.
public struct StatisticsProgram: Sendable {
    /// Rows in a batch.
    public static let batchSize = 500

    /// The column described.
    public let task: LearningTask
    private let step: SealedGraph
    private let finish: SealedGraph

    /// Builds and encodes the program's graphs.
    public init(_ task: LearningTask) throws(TensorError) {
        self.task = task
        let column = Tensor.input(
            "column.\(task.feature.name)", task.feature.type, dimensions: [nil] + task.feature.dimensions)
        let x = column.flattened().cast(to: .float32)
        let axes: [Int]? = Scaling.statisticsCount(of: task) == 1 ? nil : [0]
        let sums = [x.sum(axes: axes), (x ** 2).sum(axes: axes)]
        step = try SealedGraph(Graph(inputs: [column], outputs: sums))
        let type = ValueType(.float32, try Shape(Scaling.dimensions(for: task)))
        finish = try SealedGraph(
            .releasing(state: [], constants: [], metricTypes: [type, type], releasedState: 0))
    }

    /// The program for one shard.
    public func job(for shard: ShardReference) -> ProgramJob {
        let program = Program(
            step: step, finish: finish, stateCount: 0, constantCount: 0, columns: [task.feature.name],
            shard: shard,
            part: .train, schedule: Program.Schedule(batchSize: StatisticsProgram.batchSize),
            outputs: StatisticsProgram.outputs)
        return ProgramJob(program: program, bindings: [])
    }

    private static let outputs = ["sums", "sumsOfSquares"]

    /// Reads the sums a shard released.
    ///
    /// - Throws: `Failure` with code `malformed` for a result that is not what the program asked for.
    public func statistics(from result: JobResult) throws(Failure) -> Statistics {
        let count = Scaling.statisticsCount(of: task)
        var sums: [[Double]] = []
        for name in StatisticsProgram.outputs {
            guard let floats = try? result[name]?.floats, floats.count == count else {
                throw Failure(.malformed, "\(ResultError(missing: name))")
            }
            sums.append(floats.map(Double.init))
        }
        return Statistics(examples: result.examples, sums: sums[0], sumsOfSquares: sums[1])
    }
}
