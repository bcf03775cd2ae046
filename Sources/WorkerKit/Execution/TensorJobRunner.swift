import Jobs
import Tensor

/// Runs one graph once, on values the job brought along.
enum TensorJobRunner {
    /// Computes the outputs.
    ///
    /// - Parameter operationMaximum: what the caller has time for, as `Plan.operationEstimate` counts.
    /// - Returns: the outputs, or `nil` for a job that takes more.
    /// - Throws: `JobError`: `invalid` for a graph or values that do not fit, `limitExceeded`, `executionFailed`,
    ///   `cancelled`.
    static func run(
        _ job: TensorJob, plans: inout PlanCache, operationMaximum: Int = .max, isCancelled: () -> Bool
    ) throws(JobError) -> [TensorValue]? {
        let execution: Execution
        do {
            execution = try plans.execution(of: job.graph, inputs: job.bindings.map(\.type))
            guard execution.plan.operationEstimate <= operationMaximum else { return nil }
            for (index, value) in job.bindings.enumerated() { try execution.bind(value, to: index) }
        } catch {
            throw Release.error(preparing: "the graph", error)
        }
        do {
            guard try execution.run(isCancelled: isCancelled) else { throw JobError.cancelled }
        } catch let error as TensorError {
            // Nothing here comes from a data set: the values are the trainer's own, and so may be the text.
            throw .executionFailed("the graph failed while it ran: \(error)")
        } catch {
            throw .cancelled
        }
        return job.graph.graph.outputs.indices.map { execution.output($0) }
    }
}
