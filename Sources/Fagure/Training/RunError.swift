public import Datasets
public import Federation
public import Protocol
public import Tensor

/// Why a run cannot go on.
public enum RunError: Error, Sendable, Hashable {
    /// No worker serves the data set asked for, others are there.
    case unknownDataset(name: String, known: [String])
    /// None was asked for and there are several.
    case ambiguousDataset([String])
    /// As many shards on one side as on the other describe the data set, or cut it, differently.
    case disagreement(dataset: String, first: Side, second: Side)
    /// What the model was to be judged by cannot be.
    case testData(DatasetError)
    /// The model cannot be made for the data.
    case model(ModelError)
    /// The graphs cannot be made.
    case graph(TensorError)
    /// A worker would not, or could not, do its job.
    case job(ShardReference, Failure)
    /// An update that cannot be used.
    case federation(FederationError)
    /// Shards that are away, in a run that does not go on without any.
    case incomplete(stage: String, shards: [String])
    /// What a round needs to begin has not come.
    case waited(seconds: Int, for: String)
    /// The session ended.
    case session(Failure)

    /// Workers that say the same of a data set.
    public struct Side: Sendable, Hashable {
        /// Their names.
        public let workers: [String]
        /// What they say its columns are.
        public let dataset: DatasetDescription
        /// How they cut it, such as `sites`.
        public let cut: String
    }
}

extension RunError: CustomStringConvertible {
    /// One lower-case sentence that names the thing, what was expected and what came.
    public var description: String {
        switch self {
        case .unknownDataset(let name, let known):
            "no worker serves data set \(name), there is \(known.joined(separator: ", "))"
        case .ambiguousDataset(let names):
            "the workers serve \(names.count) data sets (\(names.joined(separator: ", "))): name one"
        case .disagreement(let dataset, let first, let second):
            "\(RunError.named(first)) and \(RunError.named(second)) do not mean the same by data set \(dataset): "
                + RunError.difference(first, second)
        case .testData(let error): "\(error)"
        case .model(let error): "\(error)"
        case .graph(let error): "\(error)"
        case .job(let shard, let failure): "shard \(shard): \(failure)"
        case .federation(let error): "\(error)"
        case .incomplete(let stage, let shards):
            "\(stage) lacks \(shards.joined(separator: ", ")), and the run is not to go on without a shard"
        case .waited(let seconds, let blocker): "waited \(seconds) s for \(blocker)"
        case .session(let failure): "\(failure)"
        }
    }

    private static func named(_ side: Side) -> String {
        "worker\(side.workers.count == 1 ? "" : "s") \(side.workers.joined(separator: ", "))"
    }

    /// What the second side says that the first does not.
    private static func difference(_ first: Side, _ second: Side) -> String {
        let fields = second.dataset.differences(from: first.dataset)
        guard fields.isEmpty else {
            return "in the second \(fields); a --schema decides which is right"
        }
        return "one cuts it into \(first.cut), the other into \(second.cut); use one partition and one count"
    }
}
