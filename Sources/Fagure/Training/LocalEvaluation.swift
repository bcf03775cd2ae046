import Datasets
import Federation
import Ground
import Jobs
import Protocol
import Tensor

/// Evaluation at the trainer, on a table it has itself: the evaluation program's fold, on a thread of its
/// own.
///
/// Batches and sums are the workers' (in order, in double precision, released as float32), so the numbers are
/// those a worker with the same rows would give.
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

    /// Judges a model over all rows.
    func metrics(of model: ModelState, _ scaling: Scaling) async throws(TensorError) -> Metrics {
        let (program, table) = (program, table)
        let result: Result<Metrics, TensorError> = await withCheckedContinuation { continuation in
            queue.run {
                continuation.resume(
                    returning: Result { () throws(TensorError) in
                        try LocalEvaluation.fold(program, EvaluationProgram.constants(model, scaling), table)
                    })
            }
        }
        return try result.get()
    }

    private static func fold(
        _ program: EvaluationProgram, _ constants: [TensorValue], _ table: Table
    ) throws(TensorError) -> Metrics {
        let columns = [
            try column(program.task.feature.name, of: table), try column(program.task.label.name, of: table),
        ]
        var sums = [[Double]](repeating: [0], count: program.metricNames.count)
        var execution: Execution?
        let rows = [Int32](0..<Int32(table.rowCount))
        for start in stride(from: 0, to: rows.count, by: EvaluationProgram.batchSize) {
            let batch = rows[start..<min(start + EvaluationProgram.batchSize, rows.count)]
            let step: Execution
            if let execution {
                step = execution
            } else {
                step = try plan(program, constants, columns, rowCount: batch.count)
            }
            for (index, column) in columns.enumerated() {
                try step.gather(rows: batch, of: column, into: constants.count + index)
            }
            try step.run()
            for index in sums.indices { try step.accumulate(output: index, into: &sums[index]) }
            execution = start + 2 * EvaluationProgram.batchSize <= rows.count ? step : nil
        }
        var metrics = Metrics(examples: rows.count, loss: Double(Float(sums[0][0])))
        if sums.count > 1 { metrics.correct = Double(Float(sums[1][0])) }
        return metrics
    }

    private static func column(_ name: String, of table: Table) throws(TensorError) -> TensorValue {
        guard let value = table[name] else {
            throw .valueMismatch(name: "column \(name)", expected: "a column of the test data", got: "none")
        }
        return value
    }

    private static func plan(
        _ program: EvaluationProgram, _ constants: [TensorValue], _ columns: [TensorValue], rowCount: Int
    ) throws(TensorError) -> Execution {
        var inputs = constants.map(\.type)
        for column in columns {
            let shape = try Shape([rowCount] + column.shape.dimensions.dropFirst())
            inputs.append(ValueType(column.elementType, shape))
        }
        let execution = Execution(try Plan(program.step.graph, inputs: inputs))
        for (index, constant) in constants.enumerated() { try execution.bind(constant, to: index) }
        return execution
    }
}
