import Protocol
import Tensor

/// Every maximum of graphs, jobs and results on the wire, each with its reason.
package enum JobLimits {
    /// A serialised graph: some 100,000 nodes.
    package static let graphByteCountMaximum = 4 << 20
    /// A job's or result's body: two graphs and a thousand references.
    package static let bodyByteCountMaximum = ProtocolLimits.attachedBodyByteCountMaximum
    /// Bytes of all constants in a graph: what is larger belongs in a binding.
    package static let constantByteCountMaximum = Graph.limits.constantBytes
    /// Sources and outputs of one job, and tensors released of one shard.
    package static let tensorsMaximum = 4_096
    /// Shards of one fold, some hundred bytes each.
    package static let shardsMaximum = 16_384
    /// Tensors released of all shards of one fold.
    package static let partTensorsMaximum = 1 << 18
    /// Runs one job ends.
    package static let endedRunsMaximum = 1_024
    /// UTF-8 bytes of a state's name, as of a graph's input.
    package static let stateNameByteCountMaximum = 256
    /// Objects one job lets go: half a megabyte of names, and a trainer has more jobs.
    package static let releasedObjectsMaximum = 1 << 16
    /// Columns one fold reads.
    package static let columnsMaximum = 1_024
    /// Passes over a shard in one job.
    package static let epochsMaximum = 1_000_000
    /// Rows in one batch.
    package static let batchSizeMaximum = 1 << 24
    /// Memory the plans of one job may take, in bytes.
    package static let planByteCountMaximum = 4 << 30
}
