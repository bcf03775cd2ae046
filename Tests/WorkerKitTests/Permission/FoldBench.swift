import Datasets
import Jobs
import Protocol
import Tensor

@testable import WorkerKit

/// A program put together of tensors, over the forty rows of a lesson.
struct FoldBench {
    /// What a step graph is made of.
    struct Step {
        let states, constants: [Tensor]
        /// Two numbers per row, one number, a target [rows, 1], and a class.
        let features, number, target, label: Tensor

        /// A linear model's guess with parameters of shapes [2, 1] and [1].
        func guess(_ weight: Tensor, _ bias: Tensor) -> Tensor { features.matmul(weight) + bias }
    }

    /// What a finish graph is made of.
    struct Finish {
        let first, last, constants, metrics: [Tensor]
        let examples: Tensor
    }

    var states: [TensorValue] = []
    var constants: [TensorValue] = []
    var metricShapes: [[Int]] = []
    var schedule = Program.Schedule(batchSize: 7)
    var step: (Step) -> (states: [Tensor], metrics: [Tensor])
    var finish: (Finish) -> [Tensor] = { $0.last + $0.metrics }

    static let weight = try? TensorValue([0.5, -0.25] as [Float], shape: [2, 1])
    static let bias = try? TensorValue([0.125] as [Float])

    private func inputs(_ name: String, _ values: [TensorValue]) -> [Tensor] {
        values.enumerated().map { index, value in
            .input("\(name) \(index)", value.elementType, dimensions: value.shape.dimensions.map { $0 })
        }
    }

    /// The program as a job.
    func job() throws -> ProgramJob {
        let step = Step(
            states: inputs("state", states), constants: inputs("constant", constants),
            features: .input("features", dimensions: [nil, 2]), number: .input("number", dimensions: [nil]),
            target: .input("target", dimensions: [nil, 1]), label: .input("label", .int32, dimensions: [nil]))
        let columns = [step.features, step.number, step.target, step.label]
        let made = self.step(step)
        let stepGraph = try Graph(
            inputs: step.states + step.constants + columns, outputs: made.states + made.metrics)
        let finish = Finish(
            first: inputs("first", states), last: inputs("last", states),
            constants: inputs("constant", constants),
            metrics: metricShapes.enumerated().map { .input("metric \($0)", dimensions: $1.map { $0 }) },
            examples: .input("examples", dimensions: []))
        let outputs = self.finish(finish)
        let finishGraph = try Graph(
            inputs: finish.first + finish.last + finish.constants + finish.metrics + [finish.examples],
            outputs: outputs)
        return ProgramJob(
            program: Program(
                step: try SealedGraph(stepGraph), finish: try SealedGraph(finishGraph),
                stateCount: states.count, constantCount: constants.count,
                columns: ["features", "number", "target", "label"], shard: Lessons.reference, part: .train,
                schedule: schedule, outputs: outputs.indices.map { "output \($0)" }),
            bindings: states + constants)
    }

    /// Why a worker refuses it; nothing where it runs.
    func failure(rowCount: Int = 40, rowsMinimum: Int = 32) throws -> Failure? {
        var bench = TestBench(shards: [try Lessons.shard(rowCount: rowCount)], rowsMinimum: rowsMinimum)
        return bench.answer(try job().job.payload(includesGraphs: true)).failure
    }
}
