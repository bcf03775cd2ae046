public import Federation
public import Jobs
public import Protocol
public import Tensor

/// Local training: an optimizer's steps over a shard's batches, from the model sent to the model sent
/// back.
///
/// The state is the parameters and what the optimizer keeps beside them, which begins anew every round and stays at
/// the worker. The constants are the learning rate and the feature's scaling. Released are the last parameters
/// and the sums of losses and of right answers, counted while the model learns.
public struct TrainingProgram: Sendable {
    /// How a shard is learned from.
    public struct Settings: Sendable {
        /// Passes over the shard in one round.
        public var localEpochs = 1
        /// Rows in a batch; some more where a shard's last batch would be too small to leave with this optimizer.
        public var batchSize = 32
        /// The step's size.
        public var learningRate: Float = 0.1
        /// How the size changes from round to round.
        public var schedule = LearningRateSchedule.constant
        /// How a step follows from a gradient.
        public var optimizer: any OptimizerRule = SGDRule()
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
    private let types: [ValueType]
    private let metricNames: [String]
    /// What the optimizer keeps before the first step: zeros, which do not travel, and counters.
    private let memory: [Job.Source]
    private let constantCount: Int

    /// Builds and encodes the program's graphs.
    ///
    /// - Throws: `TensorError` for a model that does not fit the task.
    public init(
        _ task: LearningTask, model: some Module, settings: Settings, objective: Objective = Objective()
    ) throws(TensorError) {
        self.task = task
        self.settings = settings
        let inputs = ProgramInputs(task)
        let parameters = model.parameters
        let tensors = parameters.map(\.parameter.tensor)
        let objective = ObjectiveGraph(
            objective, task, outputs: model(inputs.modelInput), label: inputs.label)
        let gradients = gradient(of: objective.meanLoss, withRespectTo: tensors)
        let optimizer = settings.optimizer
        let slots = optimizer.initialState(for: parameters.map(\.parameter.type))
        let counters = optimizer.firstCounters
        memory = slots.map { .zeros($0.type) } + counters.map { .value(TensorValue(scalar: $0)) }
        let rate = Tensor.input("rate", dimensions: [])
        let shapes = slots.map(\.shape.dimensions) + counters.map { _ in [] }
        let kept = shapes.enumerated().map { index, shape in
            Tensor.input("memory.\(index)", dimensions: shape)
        }
        let step = optimizer.numbers(learningRate: rate, counters: Array(kept[slots.count...]))
        let new = try optimizer.step(
            parameters: tensors, gradients: gradients, state: Array(kept[..<slots.count]),
            numbers: step.numbers)
        let constants = [rate] + inputs.constants
        let graph = try Graph(
            inputs: kept + constants + inputs.columns, parameters: parameters,
            outputs: new.parameters + new.state + step.counters + objective.metrics
        ).rotatingInputs(by: parameters.count)
        let stateCount = parameters.count + kept.count
        constantCount = constants.count
        self.step = try SealedGraph(graph)
        finish = try SealedGraph(
            .releasing(
                state: Array(graph.inputs[..<stateCount]),
                constants: Array(graph.inputs[stateCount..<stateCount + constants.count]),
                metricTypes: objective.metrics.map { _ in ValueType(.float32, .scalar) },
                releasedState: parameters.count))
        names = parameters.map(\.name)
        types = parameters.map(\.parameter.type)
        metricNames = objective.names
    }

    /// The program for one shard, starting from a model.
    ///
    /// - Parameters:
    ///   - shuffleSeed: What the order of the rows is drawn from; `nil` for the order they are stored in.
    ///   - learningRate: The size of a step in this round; the settings' unless given.
    ///   - batchSize: Rows in a batch of this shard; the settings' unless given.
    public func job(
        for shard: ShardReference, from model: ModelState, scaling: Scaling, shuffleSeed: UInt64?,
        learningRate: Float? = nil, batchSize: Int? = nil
    ) -> ProgramJob {
        let program = Program(
            step: step, finish: finish, stateCount: names.count + memory.count,
            constantCount: constantCount,
            columns: [task.feature.name, task.label.name], shard: shard, part: .train,
            schedule: Program.Schedule(
                epochs: settings.localEpochs, batchSize: batchSize ?? settings.batchSize,
                shuffleSeed: shuffleSeed,
                batchLimit: settings.batchLimit),
            outputs: names + metricNames)
        return ProgramJob(
            program: program,
            sources: model.parameters.map { .value($0.value) } + memory
                + ([TensorValue(scalar: learningRate ?? settings.learningRate)] + scaling.constants).map {
                    .value($0)
                })
    }

    /// The program for several shards of one worker, whose parameters come back summed, each times the examples seen.
    func job(
        for rows: [Fold.Rows], from model: ModelState, scaling: Scaling, learningRate: Float, units: SumUnits
    ) -> Job {
        guard let first = rows.first else { return Job() }
        var job = job(
            for: first.shard, from: model, scaling: scaling, shuffleSeed: first.shuffleSeed,
            learningRate: learningRate, batchSize: first.batchSize
        ).job(over: rows)
        for index in names.indices { job.outputs[index].destination = .sum(units, byExamples: true) }
        return job
    }

    /// Reads the sums of parameters.
    ///
    /// - Throws: `Failure` with code `malformed` for others than were asked for.
    func sums(of result: JobResult) throws(Failure) -> [NamedValue] {
        guard result.sums.map(\.name) == names else {
            throw Failure(
                .malformed, "it answered with sums of \(result.sums.map(\.name)), asked were \(names)")
        }
        for (sum, type) in zip(result.sums, types) where sum.value.type != ValueType(.int64, type.shape) {
            throw Failure(
                .malformed,
                "it answered with \(sum.value.type) for the sum of \(sum.name), which is int64 \(type.shape)")
        }
        return result.sums.map { NamedValue(name: $0.name, value: $0.value) }
    }

    /// Reads what a shard of several counted.
    ///
    /// - Throws: `Failure` with code `malformed` for a part that is not what was asked for.
    func metrics(of part: JobResult.Part) throws(Failure) -> Metrics {
        do {
            return try JobResult(parts: [part], seconds: 0).metrics(metricNames)
        } catch {
            throw Failure(.malformed, "\(error)")
        }
    }

    /// Reads what training on a shard released; it weighs as much as the examples it saw.
    ///
    /// - Throws: `Failure` with code `malformed` for a result that is not what the program asked for.
    public func update(from result: JobResult, shard: Int, baseVersion: Int) throws(Failure) -> Update {
        do {
            let metrics = try result.metrics(metricNames)
            let values = try zip(names, types).map { name, type throws(ResultError) in
                NamedValue(name: name, value: try result.value(name, type))
            }
            return Update(
                shard: shard, baseVersion: baseVersion, weight: Double(result.examples), values: values,
                metrics: metrics)
        } catch {
            throw Failure(.malformed, "\(error)")
        }
    }

    /// The examples a shard of so many rows sees in one round, in batches of a size.
    func exampleCount(rows: Int, batchSize: Int) -> Int {
        guard rows > 0 else { return 0 }
        // Rows, epochs and batch sizes have limits that keep these products far below 2⁶³.
        let perEpoch = (rows - 1) / batchSize + 1
        guard let limit = settings.batchLimit, limit < perEpoch * settings.localEpochs else {
            return rows * settings.localEpochs
        }
        let (epochs, batches) = limit.quotientAndRemainder(dividingBy: perEpoch)
        return epochs * rows + min(batches * batchSize, rows)
    }

    /// What the order of a shard's rows is drawn from in one round of a run.
    public static func shuffleSeed(seed: UInt64, round: Int, shard: ShardName) -> UInt64 {
        var random = Philox(
            seed: seed, round: UInt32(truncatingIfNeeded: round), shard: shard.drawKey, purpose: .shuffle)
        return random.next()
    }
}
