public import Federation
public import Jobs
public import Protocol
public import Tensor

/// Evaluation: the losses and right answers of a model over rows it has not learned from, as sums.
///
/// There is no state; the parameters are constants, so a model is judged batch by batch without being
/// changed.
public struct EvaluationProgram: Sendable {
    /// Rows in a batch: large, since nothing depends on it.
    public static let batchSize = 500

    /// The column the model reads and the one it is to say.
    public let task: LearningTask
    let step: SealedGraph
    private let finish: SealedGraph
    private let constantCount: Int
    let metricNames: [String]

    /// Builds and encodes the program's graphs.
    ///
    /// - Throws: `TensorError` for a model that does not fit the task.
    public init(
        _ task: LearningTask, model: some Module, objective: Objective = Objective()
    ) throws(TensorError) {
        self.task = task
        let inputs = ProgramInputs(task)
        let parameters = model.parameters
        let objective = ObjectiveGraph(
            objective, task, outputs: model(inputs.modelInput), label: inputs.label)
        let graph = try Graph(
            inputs: inputs.constants + inputs.columns, parameters: parameters, outputs: objective.metrics
        ).rotatingInputs(by: parameters.count)
        constantCount = parameters.count + inputs.constants.count
        step = try SealedGraph(graph)
        finish = try SealedGraph(
            .releasing(
                state: [], constants: Array(graph.inputs[..<(parameters.count + inputs.constants.count)]),
                metricTypes: objective.metrics.map { _ in ValueType(.float32, .scalar) }, releasedState: 0))
        metricNames = objective.names
    }

    /// The program for one shard's held-out rows, or another part of it.
    public func job(
        for shard: ShardReference, of model: ModelState, scaling: Scaling, part: Program.Part = .heldOut
    ) -> ProgramJob {
        let program = Program(
            step: step, finish: finish, stateCount: 0, constantCount: constantCount,
            columns: [task.feature.name, task.label.name], shard: shard, part: part,
            schedule: Program.Schedule(batchSize: EvaluationProgram.batchSize), outputs: metricNames)
        return ProgramJob(program: program, bindings: EvaluationProgram.constants(model, scaling))
    }

    /// Reads the sums a shard released.
    ///
    /// - Throws: `Failure` with code `malformed` for a result that is not what the program asked for.
    public func metrics(from result: JobResult) throws(Failure) -> Metrics {
        do {
            return try result.metrics(metricNames)
        } catch {
            throw Failure(.malformed, "\(error)")
        }
    }

    static func constants(_ model: ModelState, _ scaling: Scaling) -> [TensorValue] {
        model.parameters.map(\.value) + scaling.constants
    }
}
