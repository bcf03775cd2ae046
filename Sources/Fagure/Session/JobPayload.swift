import Ground
import Jobs
import Protocol

/// A job encoded once: what of it travels every time, and the graphs that travel when they must.
///
/// A class, because a job's way hands it on often, and its parts are many.
final class JobPayload: Sendable {
    /// The graphs a worker must know.
    let graphs: [GraphHash]
    private let job: Job
    private let lean: Payload

    init(_ job: Job) {
        self.job = job
        graphs = job.graphs.map(\.hash)
        lean = job.payload(includesGraphs: false)
    }

    /// Whether others are likely to need the same tensors: folds go to every shard of a round.
    var isShared: Bool { if case .fold = job.compute { true } else { false } }

    /// Its large tensors.
    var storages: [Storage] {
        lean.frames.compactMap { if case .whole(let storage) = $0 { storage } else { nil } }
    }

    /// The job as it travels; large tensors are shared, not copied.
    func payload(includesGraphs: Bool) -> Payload {
        includesGraphs && !graphs.isEmpty ? job.payload(includesGraphs: true) : lean
    }
}
