public import Federation
public import Protocol
public import Tensor

/// Why a run cannot go on.
public enum RunError: Error, Sendable, Hashable {
    /// No worker serves the data set asked for, others are there.
    case unknownDataset(name: String, known: [String])
    /// None was asked for and there are several.
    case ambiguousDataset([String])
    /// Two workers cut the data set differently: together they would count rows twice.
    case partitionConflict(dataset: String, first: Holder, second: Holder)
    /// Workers describe the data set differently.
    case schemaConflict(dataset: String, workers: [String])
    /// The model cannot be made for the data.
    case model(ModelError)
    /// The graphs cannot be made.
    case graph(TensorError)
    /// A worker would not, or could not, do its job.
    case job(ShardReference, Failure)
    /// An update that cannot be used.
    case federation(FederationError)
    /// The session ended.
    case session(Failure)

    /// A worker and one of its shards.
    public struct Holder: Sendable, Hashable, CustomStringConvertible {
        /// The worker's name.
        public let worker: String
        /// The shard.
        public let shard: ShardReference

        /// Such as `alice (digits 0/4 (iid))`.
        public var description: String { "\(worker) (\(shard))" }
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
        case .partitionConflict(let dataset, let first, let second):
            "workers \(first) and \(second) cut data set \(dataset) differently: "
                + "use one partition and one count"
        case .schemaConflict(let dataset, let workers):
            "workers \(workers.joined(separator: " and ")) describe data set \(dataset) differently"
        case .model(let error): "\(error)"
        case .graph(let error): "\(error)"
        case .job(let shard, let failure): "shard \(shard): \(failure)"
        case .federation(let error): "\(error)"
        case .session(let failure): "\(failure)"
        }
    }
}
