public import Protocol
public import Tensor

/// What can go wrong with tensors and models at workers.
public enum RemoteError: Error, Sendable, Hashable {
    /// What was recorded cannot be computed: shapes, locations, gradients, a tensor used after it was given away.
    case tensor(TensorError)
    /// The owner of the data does not let it out; the reason names the data set and the worker.
    case notPermitted(worker: String, reason: String)
    /// The worker is there no more, and what it kept is lost; models that were there are what they were when
    /// they were last here.
    case workerGone(worker: String, lost: [String], reason: String)
    /// The worker does not keep what it kept any more, as after a lease that ended; models that were there are
    /// what they were when they were last here.
    case objectsLost(worker: String, lost: [String], reason: String)
    /// No worker of this name; those there are.
    case unknownWorker(String, known: [String])
    /// Several workers have this name; how many.
    case ambiguousWorker(String, count: Int)
    /// The worker has no such data set, column or shard.
    case unknownDataset(String, worker: String)
    /// The worker would not or could not do it.
    case refused(worker: String, Failure)
    /// The task was cancelled; so was its job.
    case cancelled
    /// The session cannot do it: it is closed, or the broker is out of reach.
    case session(Failure)
}

extension RemoteError: CustomStringConvertible {
    /// One lower-case sentence that names the thing, what was expected and what came.
    public var description: String {
        switch self {
        case .tensor(let error):
            "\(error)"
        case .notPermitted(_, let reason):
            "not permitted: \(reason)"
        case .workerGone(let worker, let lost, let reason):
            "worker \(worker) is gone (\(reason)); lost with it: "
                + (lost.isEmpty ? "nothing" : lost.joined(separator: ", "))
        case .objectsLost(let worker, let lost, let reason):
            "worker \(worker) has lost what it kept (\(reason)): " + lost.joined(separator: ", ")
        case .unknownWorker(let name, let known):
            "no worker is named \(name); there \(known.count == 1 ? "is" : "are") "
                + (known.isEmpty ? "none" : known.joined(separator: ", "))
        case .ambiguousWorker(let name, let count):
            "\(count) workers are named \(name): rename one"
        case .unknownDataset(let reason, let worker):
            "worker \(worker): \(reason)"
        case .refused(let worker, let failure):
            "worker \(worker) refused: \(failure.message)"
        case .cancelled:
            "the task was cancelled, and its job with it"
        case .session(let failure):
            "\(failure)"
        }
    }
}

extension RemoteError {
    /// What a job's failure means to whoever asked.
    init(_ failure: Failure, at worker: Worker, losing lost: () -> [String]) {
        switch failure.code {
        case .notPermitted:
            self = .notPermitted(worker: worker.name, reason: failure.message)
        case .unknownObject:
            self = .objectsLost(worker: worker.name, lost: lost(), reason: failure.message)
        case .workerLost, .noWorker:
            self = .workerGone(worker: worker.name, lost: lost(), reason: failure.message)
        case .cancelled where Task.isCancelled:
            self = .cancelled
        case .cancelled, .brokerUnreachable, .versionUnsupported:
            self = .session(failure)
        case .unknownDataset:
            self = .unknownDataset(failure.message, worker: worker.name)
        default:
            self = .refused(worker: worker.name, failure)
        }
    }
}
