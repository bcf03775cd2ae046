public import Datasets
import Federation
import Protocol
public import Tensor

extension TrainedModel {
    /// What the model says of columns in memory, found by their names; a label may be among them.
    ///
    /// - Parameter module: The layers of a model of one's own; its parameters become the model's.
    /// - Throws: `ModelError` for columns that are not the schema's, naming what differs.
    /// - Complexity: O(cells) beside the model's work.
    public func predict(
        _ columns: [String: ColumnValues], module: (any Module)? = nil
    ) throws(ModelError) -> Predictions {
        let table: Table
        do {
            table = try Table(columns: columns, schema: schema)
        } catch {
            throw .rows(error)
        }
        return try predict(table, module: module)
    }

    /// What the model says of the rows of a file, whose columns are found by their names; it may have labels, and
    /// columns the model does not know.
    ///
    /// - Returns: The predictions, and the rows they are of.
    /// - Throws: `ModelError` for a file that cannot be read or is not the schema's, naming what differs.
    public func predict(
        contentsOf file: DataFile, module: (any Module)? = nil
    ) throws(ModelError) -> (predictions: Predictions, rows: FileTable) {
        let rows: FileTable
        do {
            rows = try Dataset.table(
                file: file, schema: schema, labelIsOptional: true, passesOverOthers: true)
        } catch {
            throw .rows(error)
        }
        return (try predict(rows.table, module: module), rows)
    }

    /// What the model says of a table's rows.
    ///
    /// - Throws: `ModelError` for a table without the column the model reads.
    /// - Complexity: O(rows) times the model's work for one; batches of 500 rows are computed at a time.
    public func predict(_ rows: Table, module: (any Module)? = nil) throws(ModelError) -> Predictions {
        let expected = task.feature
        guard let feature = rows[expected.name], feature.elementType == expected.type,
            Array(feature.shape.dimensions.dropFirst()) == expected.dimensions
        else {
            let got = rows[expected.name].map { "\($0.type)" } ?? "no such column"
            throw .invalid(
                "column \(expected.name): expected \(expected.type) with rows of \(expected.dimensions), got \(got)"
            )
        }
        do throws(TensorError) {
            let outputs = try outputs(for: feature, module: module)
            return Predictions(classes: task.label.classes, width: task.outputCount, values: outputs)
        } catch {
            throw .invalid("\(error)")
        }
    }

    /// What a file must have for the model to read it.
    private var schema: DataSchema {
        get throws(DatasetError) { try DataSchema(describing: dataset) }
    }

    private func outputs(
        for feature: TensorValue, module own: (any Module)?
    ) throws(TensorError) -> [Float] {
        let module: any Module
        if let own {
            module = own.copy()
            try module.update(to: state.parameters.map { ($0.name, $0.value) })
        } else {
            do { module = try self.module } catch { throw .invalidGraph(reason: "\(error)") }
        }
        let graph = try PredictionGraph(task, module)
        var outputs: [Float] = []
        outputs.reserveCapacity(feature.shape[0] * task.outputCount)
        let rows = [Int32](0..<Int32(feature.shape[0]))
        for start in stride(from: 0, to: rows.count, by: EvaluationProgram.batchSize) {
            let batch = rows[start..<min(start + EvaluationProgram.batchSize, rows.count)]
            outputs += try graph.run(batch, of: feature, scaling)
        }
        return outputs
    }
}

/// The graph that makes predictions of feature rows, compiled once for each number of rows.
private final class PredictionGraph {
    private let graph: Graph
    private let outputCount: Int
    private var execution: (rowCount: Int, execution: Execution)?

    init(_ task: LearningTask, _ module: any Module) throws(TensorError) {
        let inputs = ProgramInputs(task)
        let outputs = module(inputs.modelInput)
        graph = try Graph(
            inputs: inputs.constants + [inputs.feature], parameters: module.parameters,
            outputs: [task.isClassification ? outputs.softmax() : outputs])
        outputCount = task.outputCount
        parameters = try module.values.map(\.value)
    }

    private let parameters: [TensorValue]

    func run(
        _ rows: ArraySlice<Int32>, of feature: TensorValue, _ scaling: Scaling
    ) throws(TensorError) -> [Float] {
        let execution = try execution(rowCount: rows.count, feature, scaling)
        try execution.gather(rows: rows, of: feature, into: scaling.constants.count)
        _ = try execution.run()
        let values = execution.output(0)
        guard values.shape.dimensions == [rows.count, outputCount] else {
            throw .valueMismatch(
                name: "the model's output", expected: "float32 [\(rows.count), \(outputCount)]",
                got: "\(values.type)")
        }
        return try values.floats
    }

    private func execution(
        rowCount: Int, _ feature: TensorValue, _ scaling: Scaling
    ) throws(TensorError) -> Execution {
        if let execution, execution.rowCount == rowCount { return execution.execution }
        let constants = scaling.constants
        let shape = try Shape([rowCount] + feature.shape.dimensions.dropFirst())
        let new = Execution(
            try Plan(
                graph,
                inputs: constants.map(\.type) + [ValueType(feature.elementType, shape)]
                    + parameters.map(\.type)))
        for (index, constant) in constants.enumerated() { try new.bind(constant, to: index) }
        for (index, value) in parameters.enumerated() { try new.bind(value, to: constants.count + 1 + index) }
        execution = (rowCount, new)
        return new
    }
}
