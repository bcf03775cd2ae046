import Jobs
import Tensor

/// The plans of one program: everything wrong with its graphs is found by making them.
struct ProgramPlans {
    /// The step graph for each size of batch that occurs; at most two.
    let steps: [(rowCount: Int, execution: Execution)]
    /// The shapes of the step graph's metrics, the same for every size of batch.
    let metricShapes: [Shape]
    /// The finish graph.
    let finish: Execution

    /// Compiles what is not in the cache, and takes memory for it once `grant` has said that there is so much.
    ///
    /// - Parameters:
    ///   - columns: a value per column of the program; only the shape of a row counts.
    ///   - sizes: the sizes of batches that occur; where none does, the graphs are checked for full batches
    ///     all the same.
    /// - Throws: `JobError.invalid` or `limitExceeded`, naming the graph; `.cancelled`; whatever `grant`
    ///   throws.
    init(
        _ job: ProgramJob, columns: [ValueType], sizes: [Int], cache: inout PlanCache, _ flag: CancelFlag,
        grant: (_ byteCount: Int) throws(JobError) -> Void
    ) throws(JobError) {
        let prepared: [(rowCount: Int, plan: PreparedPlan)]
        let ending: PreparedPlan
        do throws(TensorError) {
            (prepared, metricShapes) = try ProgramPlans.steps(job, columns, sizes, &cache, flag)
        } catch {
            throw Release.error(preparing: "the step graph", error)
        }
        do throws(TensorError) {
            ending = try ProgramPlans.finish(job, metricShapes, &cache, flag)
        } catch {
            throw Release.error(preparing: "the finish graph", error)
        }
        try Release.checkSizes(ending.plan.outputTypes)
        try grant(ProgramPlans.byteCount(job, prepared.map(\.plan.plan), ending.plan, metricShapes))
        finish = cache.execution(of: ending)
        steps = prepared.map { ($0.rowCount, cache.execution(of: $0.plan)) }
    }

    /// Lets go of all values the job brought along: plans are kept for the next job, which brings its own.
    func unbind() {
        for step in steps { step.execution.unbind() }
        finish.unbind()
    }

    /// The bytes the plans take, and what is made beside them: sums of metrics, states for the finish graph,
    /// and what comes of it.
    private static func byteCount(
        _ job: ProgramJob, _ steps: [Plan], _ finish: Plan, _ metricShapes: [Shape]
    ) -> Int {
        let states = job.bindings.prefix(job.program.stateCount).reduce(0) { $0 + $1.type.byteCount }
        // A sum in double and its float32.
        let sums = metricShapes.reduce(0) { $0 + 12 * $1.elementCount }
        let outputs = finish.outputTypes.reduce(0) { $0 + $1.byteCount }
        return steps.reduce(finish.ownByteCount + states + sums + outputs) {
            $0.addingSaturated($1.byteCount)
        }
    }

    private static func steps(
        _ job: ProgramJob, _ columns: [ValueType], _ sizes: [Int], _ cache: inout PlanCache,
        _ flag: CancelFlag
    ) throws(TensorError) -> ([(rowCount: Int, plan: PreparedPlan)], [Shape]) {
        let program = job.program
        var steps: [(rowCount: Int, plan: PreparedPlan)] = []
        var metricShapes: [Shape]?
        for size in sizes {
            let step = try cache.prepared(
                program.step, inputs: inputs(job, columns, rowCount: size), stateCount: program.stateCount,
                flag)
            let shapes = step.plan.outputTypes.dropFirst(program.stateCount).map(\.shape)
            guard shapes == metricShapes ?? shapes else {
                throw .invalidGraph(reason: "the shape of a metric depends on the number of rows in a batch")
            }
            metricShapes = shapes
            steps.append((size, step))
        }
        if let metricShapes { return (steps, metricShapes) }
        let types = try program.step.graph.types(
            binding: inputs(job, columns, rowCount: program.schedule.batchSize), flag: flag)
        return (steps, program.step.graph.outputs.dropFirst(program.stateCount).map { types[$0].shape })
    }

    static func inputs(
        _ job: ProgramJob, _ columns: [ValueType], rowCount: Int
    ) throws(TensorError) -> [ValueType] {
        try BatchFold.inputTypes(
            bindings: job.bindings.map(\.type), columns: columns, rowCount: rowCount)
    }

    private static func finish(
        _ job: ProgramJob, _ metricShapes: [Shape], _ cache: inout PlanCache, _ flag: CancelFlag
    ) throws(TensorError) -> PreparedPlan {
        try cache.prepared(job.program.finish, inputs: finishInputs(job, metricShapes), flag)
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
