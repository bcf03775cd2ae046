public import Protocol

/// What a training run is to do.
public struct TrainingConfiguration: Sendable {
    /// The data set; `nil` takes the only one there is.
    public var dataset: String?
    /// The description of the data set that is right whatever the workers say; `nil` takes what most say.
    public var schema: DatasetDescription?
    /// The model, where the run is given none of its own.
    public var model = ModelKind.mlp(hidden: [200, 200])
    /// Rounds: in each, every shard present learns from the model and the results are averaged.
    public var rounds = 10
    /// How a shard is learned from in one round.
    public var training = TrainingProgram.Settings()
    /// What is learned from the model's outputs.
    public var objective = Objective()
    /// What weights and orders are drawn from: the same seed and shards give the same bits.
    public var seed: UInt64 = 0
    /// Workers that must be present for a round to begin, and answer for it to count.
    public var workersMin = 1
    /// Shards that must be present for a round to begin.
    public var shardsMin = 0
    /// How long a round waits for a shard that is away: a part of a data set that everyone has, or a site that took
    /// part before. Then it goes on without, and says so.
    public var patience: Duration = .seconds(60)
    /// How long a round waits for the workers and shards it needs to begin; `nil` for ever.
    public var waitMaximum: Duration?
    /// Whether the run ends rather than go on without a shard.
    public var isStrict = false
    /// How long a worker may neither answer nor come further before a round goes on without its shard; `nil` for
    /// ever.
    public var silenceMaximum: Duration? = .seconds(120)
    /// How long a job of a round may take, everything included, before the round goes on without its shard; `nil`
    /// for ever.
    public var jobTimeout: Duration?
    /// Whether features are brought to mean 0 and deviation 1 first; see `Scaling`.
    public var standardizes = true
    /// Whether training goes on when the loss is no number.
    public var allowsNaN = false

    /// Ten rounds of the default model on the only data set there is.
    public init() {}

    /// Passes over the data in all rounds; saturating.
    public var epochs: Int {
        let (epochs, overflow) = rounds.multipliedReportingOverflow(by: training.localEpochs)
        return overflow ? .max : epochs
    }
}
