import Tensor

/// Every maximum of graphs, programs and results on the wire, each with its reason.
package enum JobLimits {
    /// A serialised graph: some 100,000 nodes.
    package static let graphByteCountMaximum = 4 << 20
    /// A job's or result's body: two graphs and a thousand references.
    package static let bodyByteCountMaximum = 16 << 20
    /// Bytes of all constants in a graph: what is larger belongs in a binding.
    package static let constantByteCountMaximum = Graph.limits.constantBytes
    /// Tensors bound to, kept or released by one job.
    package static let tensorsMaximum = 4_096
    /// Objects one job lets go: half a megabyte of names, and a trainer has more jobs.
    package static let releasedObjectsMaximum = 1 << 16
    /// Columns one program reads.
    package static let columnsMaximum = 1_024
    /// Passes over a shard in one job.
    package static let epochsMaximum = 1_000_000
    /// Rows in one batch.
    package static let batchSizeMaximum = 1 << 24
    /// Memory the plans of one job may take, in bytes.
    package static let planByteCountMaximum = 4 << 30
}
