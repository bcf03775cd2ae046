import Datasets
import Federation
import Ground
import Jobs
import Protocol
import Tensor

/// Evaluation at the trainer, on a table it has itself: the evaluation program's fold, on a thread of its
/// own.
///
/// The fold is the workers', and its sums are rounded as theirs are, so the numbers are those a worker with the
/// same rows would give.
final class LocalEvaluation: Sendable {
    private let program: EvaluationProgram
    private let table: Table
    private let queue: ComputeQueue

    init(_ program: EvaluationProgram, on table: Table) {
        self.program = program
        self.table = table
        queue = ComputeQueue(threadCount: 1)
    }

    deinit { queue.stop() }

    /// Judges a model over all rows, until the task is cancelled.
    ///
    /// - Throws: `TensorError.cancelled`, or whatever is wrong with the model or the table.
    func metrics(of model: ModelState, _ scaling: Scaling) async throws(TensorError) -> Metrics {
        let (program, table, queue) = (program, table, queue)
        let flag = CancelFlag()
        let result: Result<Metrics, TensorError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.run {
                    continuation.resume(
                        returning: Result { () throws(TensorError) in
                            try LocalEvaluation.fold(
                                program, EvaluationProgram.constants(model, scaling), table, flag)
                        })
                }
            }
        } onCancel: {
            flag.set()
        }
        return try result.get()
    }

    private static func fold(
        _ program: EvaluationProgram, _ constants: [TensorValue], _ table: Table, _ flag: CancelFlag
    ) throws(TensorError) -> Metrics {
        let columns = [
            try column(program.task.feature.name, of: table), try column(program.task.label.name, of: table),
        ]
        let schedule = Program.Schedule(batchSize: EvaluationProgram.batchSize)
        var steps: [(rowCount: Int, execution: Execution)] = []
        for size in BatchCounts(schedule, rowCount: table.rowCount).sizes {
            let inputs = try BatchFold.inputTypes(
                bindings: constants.map(\.type), columns: columns.map(\.type), rowCount: size)
            steps.append((size, Execution(try Plan(program.step.graph, inputs: inputs, flag: flag))))
        }
        var fold = try BatchFold(
            schedule, rowCount: table.rowCount, columns: columns, bindings: constants, stateCount: 0,
            steps: steps, metricShapes: program.metricNames.map { _ in .scalar })
        while try fold.advance(flag) {}
        guard fold.isDone else { throw .cancelled }
        var metrics = Metrics(examples: fold.examples, loss: Double(Float(fold.sums[0][0])))
        if fold.sums.count > 1 { metrics.correct = Double(Float(fold.sums[1][0])) }
        return metrics
    }

    private static func column(_ name: String, of table: Table) throws(TensorError) -> TensorValue {
        guard let value = table[name] else {
            throw .valueMismatch(name: "column \(name)", expected: "a column of the test data", got: "none")
        }
        return value
    }
}
