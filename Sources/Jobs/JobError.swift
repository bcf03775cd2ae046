/// Why bytes are not a job, or a job cannot be run; each case becomes one `FailureCode`.
package enum JobError: Error, Sendable, Hashable {
    /// Bytes that break the format.
    case malformed(String)
    /// More than a limit allows.
    case limitExceeded(what: String, got: Int, limit: Int)
    /// The worker does not have these graphs: send them along.
    case unknownGraph([GraphHash])
    /// A graph, binding or schedule that breaks a rule.
    case invalid(String)
    /// No such data set, shard, part or column here.
    case unknownDataset(String)
    /// The worker does not keep this object.
    case unknownObject(String)
    /// The owner of the data does not allow it.
    case notPermitted(String)
    /// It broke while it ran.
    case executionFailed(String)
    /// It was asked to stop.
    case cancelled
}

extension JobError: CustomStringConvertible {
    /// One lower-case sentence.
    package var description: String {
        switch self {
        case .malformed(let reason): "the job is malformed: \(reason)"
        case .limitExceeded(let what, let got, let limit): "\(what) is \(got), the limit is \(limit)"
        case .unknownGraph(let hashes): "unknown graph \(hashes.map(\.description).joined(separator: ", "))"
        case .invalid(let reason), .unknownDataset(let reason), .unknownObject(let reason),
            .notPermitted(let reason), .executionFailed(let reason):
            reason
        case .cancelled: "the job was cancelled"
        }
    }
}
