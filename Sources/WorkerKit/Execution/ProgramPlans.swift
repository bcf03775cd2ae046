import Jobs
import Tensor

/// The plans of one program, with its constants bound: everything wrong with its graphs is found by making
/// them.
struct ProgramPlans {
    /// The step graph for each size of batch that occurs; at most two.
    let steps: [(rowCount: Int, execution: Execution)]
    /// The shapes of the step graph's metrics, the same for every size of batch.
    let metricShapes: [Shape]
    /// The finish graph.
    let finish: Execution

    private let job: ProgramJob

    /// Compiles what is not in the cache.
    ///
    /// - Parameters:
    ///   - columns: a value per column of the program; only the shape of a row counts.
    ///   - sizes: the sizes of batches that occur; where none does, the graphs are checked for full batches
    ///     all the same.
    /// - Throws: `JobError.invalid` or `limitExceeded`, naming the graph.
    init(
        _ job: ProgramJob, columns: [ValueType], sizes: [Int], cache: inout PlanCache
    ) throws(JobError) {
        self.job = job
        do throws(TensorError) {
            (steps, metricShapes) = try ProgramPlans.steps(job, columns, sizes, &cache)
        } catch {
            throw Release.error(preparing: "the step graph", error)
        }
        do throws(TensorError) {
            finish = try ProgramPlans.finish(job, metricShapes, &cache)
        } catch {
            throw Release.error(preparing: "the finish graph", error)
        }
    }

    /// The plan for a batch of so many rows.
    ///
    /// - Precondition: `rowCount` is one of the sizes given to `init`.
    func step(rowCount: Int) -> Execution {
        guard let step = steps.first(where: { $0.rowCount == rowCount }) else {
            preconditionFailure("a batch has a size its schedule does not make")
        }
        return step.execution
    }

    private static func steps(
        _ job: ProgramJob, _ columns: [ValueType], _ sizes: [Int], _ cache: inout PlanCache
    ) throws(TensorError) -> ([(rowCount: Int, execution: Execution)], [Shape]) {
        let program = job.program
        var steps: [(rowCount: Int, execution: Execution)] = []
        var metricShapes: [Shape]?
        for size in sizes {
            let step = try cache.execution(
                of: program.step, inputs: inputs(job, columns, rowCount: size), stateCount: program.stateCount
            )
            for (index, constant) in job.bindings.enumerated().dropFirst(program.stateCount) {
                try step.bind(constant, to: index)
            }
            let shapes = step.plan.outputTypes.dropFirst(program.stateCount).map(\.shape)
            guard shapes == metricShapes ?? shapes else {
                throw .invalidGraph(reason: "the shape of a metric depends on the number of rows in a batch")
            }
            metricShapes = shapes
            steps.append((size, step))
        }
        if let metricShapes { return (steps, metricShapes) }
        let types = try program.step.graph.types(
            binding: inputs(job, columns, rowCount: program.schedule.batchSize))
        return (steps, program.step.graph.outputs.dropFirst(program.stateCount).map { types[$0].shape })
    }

    static func inputs(
        _ job: ProgramJob, _ columns: [ValueType], rowCount: Int
    ) throws(TensorError) -> [ValueType] {
        var inputs = job.bindings.map(\.type)
        for column in columns {
            let row = column.shape.dimensions.dropFirst()
            inputs.append(ValueType(column.elementType, try Shape([rowCount] + row)))
        }
        return inputs
    }

    private static func finish(
        _ job: ProgramJob, _ metricShapes: [Shape], _ cache: inout PlanCache
    ) throws(TensorError) -> Execution {
        try cache.execution(of: job.program.finish, inputs: finishInputs(job, metricShapes))
    }

    static func finishInputs(_ job: ProgramJob, _ metricShapes: [Shape]) -> [ValueType] {
        let program = job.program
        let state = job.bindings.prefix(program.stateCount).map(\.type)
        let constants = job.bindings.dropFirst(program.stateCount).map(\.type)
        let metrics = metricShapes.map { ValueType(.float32, $0) }
        let examples = ValueType(.float32, .scalar)
        return state + state + constants + metrics + [examples]
    }
}
