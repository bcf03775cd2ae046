import Jobs
import Tensor

/// One compute thread's plans with their buffers, so that a repeated job allocates nothing but its result.
struct PlanCache {
    private struct Key: Hashable {
        let graph: GraphHash
        let inputs: [ValueType]
        let stateCount: Int
    }

    private var executions = RecencyCache<Key, Execution>(
        countMaximum: WorkerLimits.planCountMaximum, byteCountMaximum: WorkerLimits.planByteCountMaximum)
    private let memoryLimit: Int

    /// How many plans were compiled: what is found here is not.
    private(set) var compiledCount = 0

    /// - Parameter memoryLimit: the bytes one plan may take.
    init(memoryLimit: Int = JobLimits.planByteCountMaximum) {
        self.memoryLimit = memoryLimit
    }

    /// The plan of a graph for inputs of these types, with memory to run it in.
    ///
    /// - Parameter stateCount: how many of the first outputs become the values of the first inputs after each
    ///   run.
    /// - Throws: what is wrong with graph or types; `TensorError.limitExceeded` before any memory is taken.
    mutating func execution(
        of graph: SealedGraph, inputs: [ValueType], stateCount: Int = 0
    ) throws(TensorError) -> Execution {
        let key = Key(graph: graph.hash, inputs: inputs, stateCount: stateCount)
        if let known = executions.use(key) { return known }
        let updates = (0..<stateCount).map { Plan.Update(output: $0, input: $0) }
        let plan = try Plan(graph.graph, inputs: inputs, updates: updates, memoryLimit: memoryLimit)
        compiledCount += 1
        let execution = Execution(plan)
        // What is bound to a plan lives until the next run, so it counts as the plan's own.
        let boundByteCount = inputs.reduce(0) { $0 + $1.byteCount }
        executions.insert(execution, for: key, byteCount: plan.byteCount + boundByteCount)
        return execution
    }
}
