public import Tensor

/// Why an update cannot be used.
public enum FederationError: Error, Sendable, Hashable {
    /// A shard that was not sent the model.
    case unexpectedShard(Int, expected: [Int])
    /// A second update, or one for a shard given up.
    case repeatedShard(Int)
    /// An update of another model than the one the fold began with.
    case staleUpdate(shard: Int, baseVersion: Int, expected: Int)
    /// Values that are not the model's parameters.
    case valueMismatch(shard: Int, name: String, expected: String, got: String)
    /// A weight that is negative, infinite or no number.
    case invalidWeight(shard: Int, weight: Double)
    /// A parameter that cannot be averaged.
    case notAveraged(name: String, TensorError)
    /// Updates are missing.
    case incomplete(shards: [Int])
}

extension FederationError: CustomStringConvertible {
    /// One lower-case sentence that names the thing, what was expected and what came.
    public var description: String {
        switch self {
        case .unexpectedShard(let shard, let expected):
            "shard \(shard) was not asked for an update, asked were \(expected)"
        case .repeatedShard(let shard):
            "shard \(shard) has already answered or was given up"
        case .staleUpdate(let shard, let baseVersion, let expected):
            "the update of shard \(shard) is of version \(baseVersion), expected \(expected)"
        case .valueMismatch(let shard, let name, let expected, let got):
            "the update of shard \(shard) has \(got) for \(name), expected \(expected)"
        case .invalidWeight(let shard, let weight):
            "the update of shard \(shard) weighs \(weight), expected a number from 0"
        case .notAveraged(let name, let error):
            "parameter \(name) cannot be averaged: \(error)"
        case .incomplete(let shards):
            "updates of shards \(shards) are missing"
        }
    }
}
