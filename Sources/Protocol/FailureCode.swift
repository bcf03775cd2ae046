/// Why a job or a hello was not served, as a number that travels; `table` says what each stands for.
///
/// Open on purpose: a peer of a later minor version may send a code this one does not know.
public struct FailureCode: RawRepresentable, Sendable, Hashable {
    /// The number on the wire; never reused.
    public let rawValue: UInt32

    /// Takes a number from the wire.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// No major version of the protocol is common to both sides.
    public static let versionUnsupported = FailureCode(rawValue: 1)
    /// Bytes that are not what they should be.
    public static let malformed = FailureCode(rawValue: 2)
    /// More than a limit allows.
    public static let limitExceeded = FailureCode(rawValue: 3)
    /// No worker serves the shard or has the session the job was sent to.
    public static let noWorker = FailureCode(rawValue: 4)
    /// The worker went away with the job, and no other serves its shard.
    public static let workerLost = FailureCode(rawValue: 5)
    /// The worker, or the broker, holds as many jobs as it may.
    public static let overloaded = FailureCode(rawValue: 6)
    /// The trainer asked for the job to stop.
    public static let cancelled = FailureCode(rawValue: 7)
    /// The job took longer than it was given.
    public static let deadlineExceeded = FailureCode(rawValue: 8)
    /// The worker has not seen this graph or has forgotten it: send it along.
    public static let unknownGraph = FailureCode(rawValue: 9)
    /// The job's graph, bindings or schedule break a rule.
    public static let invalidJob = FailureCode(rawValue: 10)
    /// The worker's owner, or the broker's, does not allow it.
    public static let notPermitted = FailureCode(rawValue: 11)
    /// The worker has no such data set, shard or column.
    public static let unknownDataset = FailureCode(rawValue: 12)
    /// The job failed while it ran.
    public static let executionFailed = FailureCode(rawValue: 13)
    /// The worker is going away and takes no new jobs.
    public static let draining = FailureCode(rawValue: 14)
    /// The broker was not reached in the time given; made by the trainer's side, never sent.
    public static let brokerUnreachable = FailureCode(rawValue: 15)
    /// The worker does not keep the object: it was released, or its session was not heard of for too long.
    public static let unknownObject = FailureCode(rawValue: 16)
    /// Workers were lost one after the other while they ran the job: no other is given it.
    public static let poisonous = FailureCode(rawValue: 17)
}

/// Why a job or a hello was not served: a code for programs, a sentence for people.
public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure.
    public let code: FailureCode
    /// One sentence that names the thing, what was expected and what came.
    public let message: String

    /// Makes a failure.
    public init(_ code: FailureCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Such as `no-worker: nobody serves digits 0/4 (iid:0)`.
    public var description: String { "\(code): \(message)" }
}
