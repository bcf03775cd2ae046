import Jobs
import Tensor

/// The plans of one fold: everything wrong with its graphs is found by making them.
struct FoldPlans {
    /// The step graph for each size of batch that occurs; at most two.
    let steps: [(rowCount: Int, execution: Execution)]
    /// The shapes of the step graph's metrics, the same for every size of batch.
    let metricShapes: [Shape]
    /// The finish graph.
    let finish: Execution
    /// Whether the step plans are this fold's alone: they were too large to be kept for another job.
    let areOwn: Bool

    /// Compiles what is not in the cache, and takes memory for it once `grant` has said that there is so much.
    ///
    /// - Parameters:
    ///   - columns: a value per column of the fold; only the shape of a row counts.
    ///   - sizes: the sizes of batches that occur; where none does, the graphs are checked for full batches
    ///     all the same.
    ///   - grant: told the bytes, and the types of the outputs.
    /// - Throws: `JobError.invalid` or `limitExceeded`, naming the graph; `.cancelled`; whatever `grant`
    ///   throws.
    init(
        _ fold: BoundFold, columns: [ValueType], sizes: [Int], cache: inout PlanCache, _ flag: CancelFlag,
        grant: (_ byteCount: Int, _ outputs: [ValueType]) throws(JobError) -> Void
    ) throws(JobError) {
        let prepared: [(rowCount: Int, plan: PreparedPlan)]
        let ending: PreparedPlan
        do throws(TensorError) {
            (prepared, metricShapes) = try FoldPlans.steps(fold, columns, sizes, &cache, flag)
        } catch {
            throw Release.error(preparing: "the step graph", error)
        }
        do throws(TensorError) {
            ending = try cache.prepared(
                fold.fold.finish, inputs: FoldPlans.finishInputs(fold, metricShapes), flag)
        } catch {
            throw Release.error(preparing: "the finish graph", error)
        }
        try grant(
            FoldPlans.byteCount(fold, prepared.map(\.plan.plan), ending.plan, metricShapes),
            ending.plan.outputTypes)
        finish = cache.execution(of: ending)
        steps = prepared.map { ($0.rowCount, cache.execution(of: $0.plan)) }
        areOwn = prepared.allSatisfy { !cache.isKept($0.plan) }
    }

    /// Lets go of all values the job brought along: plans are kept for the next job, which brings its own.
    func unbind() {
        for step in steps { step.execution.unbind() }
        finish.unbind()
    }

    /// The bytes the plans take, and what is made beside them: sums of metrics, states for the finish graph,
    /// and what comes of it.
    private static func byteCount(
        _ fold: BoundFold, _ steps: [Plan], _ finish: Plan, _ metricShapes: [Shape]
    ) -> Int {
        let states = fold.states.reduce(0) { $0 + $1.type.byteCount }
        // A sum in double and its float32.
        let sums = metricShapes.reduce(0) { $0 + 12 * $1.elementCount }
        let outputs = finish.outputTypes.reduce(0) { $0 + $1.byteCount }
        return steps.reduce(finish.ownByteCount + states + sums + outputs) {
            $0.addingSaturated($1.byteCount)
        }
    }

    private static func steps(
        _ fold: BoundFold, _ columns: [ValueType], _ sizes: [Int], _ cache: inout PlanCache,
        _ flag: CancelFlag
    ) throws(TensorError) -> ([(rowCount: Int, plan: PreparedPlan)], [Shape]) {
        let graph = fold.fold.step, bindings = fold.bindingTypes
        var steps: [(rowCount: Int, plan: PreparedPlan)] = []
        var metricShapes: [Shape]?
        for size in sizes {
            let inputs = try BatchFold.inputTypes(bindings: bindings, columns: columns, rowCount: size)
            let step = try cache.prepared(graph, inputs: inputs, stateCount: fold.stateCount, flag)
            let shapes = step.plan.outputTypes.dropFirst(fold.stateCount).map(\.shape)
            guard shapes == metricShapes ?? shapes else {
                throw .invalidGraph(reason: "the shape of a metric depends on the number of rows in a batch")
            }
            metricShapes = shapes
            steps.append((size, step))
        }
        if let metricShapes { return (steps, metricShapes) }
        let inputs = try BatchFold.inputTypes(
            bindings: bindings, columns: columns, rowCount: fold.rows.batchSize)
        let types = try graph.graph.types(binding: inputs, flag: flag)
        return (steps, graph.graph.outputs.dropFirst(fold.stateCount).map { types[$0].shape })
    }

    /// The types of the finish graph's inputs.
    static func finishInputs(_ fold: BoundFold, _ metricShapes: [Shape]) -> [ValueType] {
        let states = fold.states
        return fold.endings.map { ending in
            switch ending {
            case .found(let input): input.type
            case .lastState(let index): states[index].type
            case .metric(let index): ValueType(.float32, metricShapes[index])
            case .examples: ValueType(.float32, .scalar)
            }
        }
    }
}
