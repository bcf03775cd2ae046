public import Federation

/// What happens in a run, as one stream that the terminal, files and other programs read.
public enum RunEvent: Sendable, Hashable {
    /// Nothing goes on until something is there; says what.
    case waiting(String)
    /// The data set is found and the model made.
    case started(RunStart)
    /// How far a round has come, from 0 to 1.
    case progress(epoch: Int, fraction: Double)
    /// A round is done and its model judged.
    case epoch(EpochReport)
    /// A worker that was not there before, and its shards.
    case workerJoined(name: String, shards: [String])
    /// A worker that is there no more.
    case workerLeft(name: String)
    /// A shard takes no part in a round.
    case shardLeftOut(epoch: Int, shard: String, reason: String)
    /// The broker is out of reach; why.
    case brokerLost(reason: String)
    /// The broker is back.
    case brokerReturned
    /// Anything else a person should know.
    case notice(String)
    /// The run is over.
    case done(RunSummary)
}

/// What a run set out to do.
public struct RunStart: Sendable, Hashable {
    /// The data set's name.
    public let dataset: String
    /// The model, such as `mlp (200, 200)`.
    public let model: String
    /// The number of the model's parameters.
    public let parameterCount: Int
    /// Passes over the data to come.
    public let epochs: Int
    /// Rounds to come.
    public let rounds: Int
    /// Shards present.
    public let shards: Int
    /// Workers present.
    public let workers: Int
    /// Rows to learn from in the shards present.
    public let examples: Int
    /// By what the model of each round is judged.
    public let judge: JudgeDescription
}

/// What one round gave.
public struct EpochReport: Sendable, Hashable {
    /// The round, from 1.
    public let round: Int
    /// Passes over the data done when it ended.
    public let epoch: Int
    /// Passes in all.
    public let epochs: Int
    /// Whether classes are learned: only then is there an accuracy.
    public let isClassification: Bool
    /// What local training counted, while it learned.
    public let training: Metrics
    /// What the new model does on rows it has not learned from; `nil` where there are none.
    public let test: Metrics?
    /// The round's time.
    public let seconds: Double
    /// Shards that were learned from.
    public let shards: Int
    /// Shards that were wanted and took no part: parts of a data set, or sites that took part before.
    public let missing: [String]
    /// Workers present when the round began.
    public let workers: Int
    /// Bytes sent since the last report.
    public let bytesSent: UInt64
    /// Bytes received since the last report.
    public let bytesReceived: UInt64
}

extension EpochReport {
    /// The same round with what its model does on rows it has not learned from.
    func judged(_ test: Metrics?) -> EpochReport {
        EpochReport(
            round: round, epoch: epoch, epochs: epochs, isClassification: isClassification,
            training: training, test: test,
            seconds: seconds, shards: shards, missing: missing, workers: workers, bytesSent: bytesSent,
            bytesReceived: bytesReceived)
    }
}

/// What a whole run gave.
public struct RunSummary: Sendable, Hashable {
    /// Rounds done.
    public let rounds: Int
    /// Passes over the data done.
    public let epochs: Int
    /// How it ended: `finished`, `interrupted`, `diverged` or `failed`.
    public let end: String
    /// The last round's report; its model is the run's.
    public let last: EpochReport?
    /// Rounds in which a shard that was wanted took no part.
    public let incompleteRounds: Int
    /// The time from the first round's begin to the end.
    public let seconds: Double
    /// All bytes sent.
    public let bytesSent: UInt64
    /// All bytes received.
    public let bytesReceived: UInt64
    /// The file the model was written to.
    public var modelPath: String?
    /// Why it failed or diverged; `nil` where it did not.
    public var reason: String?
}
