public import Federation
public import Jobs
public import Protocol
public import Tensor

/// Local training: stochastic gradient descent over a shard's batches, from the model sent to the model sent
/// back.
///
/// The state is the parameters and, with momentum, a velocity each, which starts at zeros every round and
/// stays at the worker. The constants are shift and scale of the feature. Released are the last parameters
/// and the sums of losses and of right answers, counted while the model learns.
public struct TrainingProgram: Sendable {
    /// How a shard is learned from.
    public struct Settings: Sendable, Hashable {
        /// Passes over the shard in one round.
        public var localEpochs = 1
        /// Rows in a batch.
        public var batchSize = 32
        /// The step's size.
        public var learningRate: Float = 0.1
        /// The share of the last step that is kept.
        public var momentum: Float = 0
        /// The share of a parameter added to its gradient.
        public var weightDecay: Float = 0
        /// Batches a shard stops after; `nil` for no limit.
        public var batchLimit: Int?

        /// One pass in batches of 32 at rate 0.1.
        public init() {}
    }

    /// The column the model learns from and the one it learns.
    public let task: LearningTask
    /// How a shard is learned from.
    public let settings: Settings
    private let step: SealedGraph
    private let finish: SealedGraph
    private let names: [String]
    private let metricNames: [String]
    private let velocity: [TensorValue]

    /// Builds and encodes the program's graphs.
    ///
    /// - Throws: `TensorError` for a model that does not fit the task.
    public init(_ task: LearningTask, model: some Module, settings: Settings) throws(TensorError) {
        self.task = task
        self.settings = settings
        let inputs = ProgramInputs(task)
        let parameters = model.parameters
        let tensors = parameters.map(\.parameter.tensor)
        let objective = Objective(task, outputs: model(inputs.modelInput), label: inputs.label)
        let gradients = gradient(of: objective.meanLoss, withRespectTo: tensors)
        let optimizer = SGDRule(momentum: settings.momentum, weightDecay: settings.weightDecay)
        velocity = optimizer.initialState(for: parameters.map(\.parameter.type))
        let velocities = zip(parameters, velocity).map { named, value in
            Tensor.input("velocity.\(named.name)", dimensions: value.shape.dimensions)
        }
        let new = try optimizer.step(
            parameters: tensors, gradients: gradients, state: velocities, learningRate: settings.learningRate)
        let graph = try Graph(
            inputs: velocities + inputs.constants + inputs.columns, parameters: parameters,
            outputs: new.parameters + new.state + objective.metrics
        ).rotatingInputs(by: parameters.count)
        let stateCount = parameters.count + velocities.count
        let constants = graph.inputs[stateCount..<stateCount + inputs.constants.count]
        step = try SealedGraph(graph)
        finish = try SealedGraph(
            .releasing(
                state: Array(graph.inputs[..<stateCount]), constants: Array(constants),
                metricTypes: objective.metrics.map { _ in ValueType(.float32, .scalar) },
                releasedState: parameters.count))
        names = parameters.map(\.name)
        metricNames = objective.names
    }

    /// The program for one shard, starting from a model.
    ///
    /// - Parameter shuffleSeed: What the order of the rows is drawn from; `nil` for the order they are stored
    ///   in.
    public func job(
        for shard: ShardReference, from model: ModelState, scaling: Scaling, shuffleSeed: UInt64?
    ) -> ProgramJob {
        let program = Program(
            step: step, finish: finish, stateCount: names.count + velocity.count, constantCount: 2,
            columns: [task.feature.name, task.label.name], shard: shard, part: .train,
            schedule: Program.Schedule(
                epochs: settings.localEpochs, batchSize: settings.batchSize, shuffleSeed: shuffleSeed,
                batchLimit: settings.batchLimit),
            outputs: names + metricNames)
        return ProgramJob(
            program: program,
            bindings: model.parameters.map(\.value) + velocity + [scaling.shift, scaling.scale])
    }

    /// Reads what training on a shard released; it weighs as much as the examples it saw.
    ///
    /// - Throws: `Failure` with code `malformed` for a result that is not what the program asked for.
    public func update(from result: JobResult, shard: Int, baseVersion: Int) throws(Failure) -> Update {
        do {
            let metrics = try result.metrics(metricNames)
            let values = result.outputs.prefix(names.count).map { NamedValue(name: $0.name, value: $0.value) }
            return Update(
                shard: shard, baseVersion: baseVersion, weight: Double(result.examples), values: values,
                metrics: metrics)
        } catch {
            throw Failure(.malformed, "\(error)")
        }
    }

    /// What the order of a shard's rows is drawn from in one round of a run.
    public static func shuffleSeed(seed: UInt64, round: Int, shard: Int) -> UInt64 {
        var random = Philox(
            seed: seed, round: UInt32(truncatingIfNeeded: round), shard: UInt32(truncatingIfNeeded: shard),
            purpose: .shuffle)
        return random.next()
    }
}
