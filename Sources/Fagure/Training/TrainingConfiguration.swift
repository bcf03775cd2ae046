/// What a training run is to do.
public struct TrainingConfiguration: Sendable, Hashable {
    /// The data set; `nil` takes the only one there is.
    public var dataset: String?
    /// The model.
    public var model = ModelKind.mlp(hidden: [200, 200])
    /// Rounds: in each, every shard present learns from the model and the results are averaged.
    public var epochs = 10
    /// How a shard is learned from in one round.
    public var training = TrainingProgram.Settings()
    /// What weights and orders are drawn from: the same seed and shards give the same bits.
    public var seed: UInt64 = 0
    /// Workers that must be present for a round to begin.
    public var workersMin = 1
    /// Whether features are brought to mean 0 and deviation 1 first; see `Scaling`.
    public var standardizes = true
    /// Whether training goes on when the loss is no number.
    public var allowsNaN = false

    /// Ten epochs of the default model on the only data set there is.
    public init() {}
}
