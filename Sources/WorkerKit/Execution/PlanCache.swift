import Ground
import Jobs
import Tensor

/// One compute thread's plans with their buffers, so that a repeated job allocates nothing but its result.
struct PlanCache {
    fileprivate struct Key: Hashable {
        let graph: GraphHash
        let inputs: [ValueType]
        let stateCount: Int
    }

    private var executions: RecencyCache<Key, Execution>
    private let memoryLimit: Int

    /// How many plans were compiled: what is found here is not.
    private(set) var compiledCount = 0

    /// - Parameters:
    ///   - memoryLimit: the bytes one plan may take.
    ///   - byteCountMaximum: the bytes all plans may take that are kept for the next job.
    init(
        memoryLimit: Int = JobLimits.planByteCountMaximum,
        byteCountMaximum: Int = WorkerLimits.planByteCountMaximum
    ) {
        self.memoryLimit = memoryLimit
        executions = RecencyCache(
            countMaximum: WorkerLimits.planCountMaximum,
            byteCountMaximum: min(byteCountMaximum, WorkerLimits.planByteCountMaximum))
    }

    /// Lets go of all plans: jobs need their memory.
    mutating func removeAll() { executions.removeAll() }

    /// Lets go of large plans: nothing has run for a while.
    mutating func removeLarge() {
        for (key, execution) in executions.elements
        where execution.plan.byteCount > WorkerLimits.idlePlanByteCountMaximum {
            executions.remove(key)
        }
    }

    /// Whether a graph was compiled for inputs of these types and is kept.
    mutating func isKept(_ graph: SealedGraph, inputs: [ValueType]) -> Bool {
        executions.use(Key(graph: graph.hash, inputs: inputs, stateCount: 0)) != nil
    }

    /// Whether the memory of a plan is kept for another job.
    mutating func isKept(_ prepared: PreparedPlan) -> Bool { executions.use(prepared.key) != nil }

    /// The plan of a graph for inputs of these types; no memory is taken yet.
    ///
    /// - Parameter stateCount: how many of the first outputs become the values of the first inputs after each
    ///   run.
    /// - Throws: what is wrong with graph or types; `TensorError.limitExceeded`, `.cancelled`.
    mutating func prepared(
        _ graph: SealedGraph, inputs: [ValueType], stateCount: Int = 0, _ flag: CancelFlag = .never
    ) throws(TensorError) -> PreparedPlan {
        let key = Key(graph: graph.hash, inputs: inputs, stateCount: stateCount)
        if let known = executions.use(key) { return PreparedPlan(key: key, plan: known.plan, kept: known) }
        let updates = (0..<stateCount).map { Plan.Update(output: $0, input: $0) }
        let plan = try Plan(
            graph.graph, inputs: inputs, updates: updates, memoryLimit: memoryLimit, flag: flag)
        compiledCount += 1
        return PreparedPlan(key: key, plan: plan, kept: nil)
    }

    /// A plan with memory to run it in, kept for the next job if it is not too large.
    mutating func execution(of prepared: PreparedPlan) -> Execution {
        if let kept = prepared.kept { return kept }
        let execution = Execution(prepared.plan)
        // What is bound to a plan lives until the next run, so it counts as the plan's own.
        let boundByteCount = prepared.plan.inputTypes.reduce(0) { $0 + $1.byteCount }
        executions.insert(execution, for: prepared.key, byteCount: prepared.plan.byteCount + boundByteCount)
        return execution
    }
}

/// A plan on its way to memory: nothing is taken for a new one before it is known to fit.
struct PreparedPlan {
    fileprivate let key: PlanCache.Key
    /// The plan.
    let plan: Plan
    fileprivate let kept: Execution?
}
