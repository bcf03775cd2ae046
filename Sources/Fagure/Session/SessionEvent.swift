public import Protocol

/// What happens around a session besides its jobs' answers.
public enum SessionEvent: Sendable, Hashable {
    /// The broker told what there is: after every change, and when asked.
    case catalogue(Catalogue)
    /// A worker that was not there before.
    case workerJoined(WorkerDescription)
    /// A worker that is there no more.
    case workerLeft(name: String)
    /// The broker is out of reach for now; why.
    case brokerLost(reason: String)
    /// The broker is back; whether it is another run of it, which knows nothing of what was.
    case brokerReturned(isNewRun: Bool)
    /// The session is over; why. Nothing follows.
    case ended(Failure)
}

/// What a session has done since it began.
public struct SessionStatistics: Sendable, Hashable {
    /// Jobs asked for: by `run`, and one for each visit to a worker that tensors and models make.
    public var jobs: UInt64 = 0
    /// Signs of life for objects kept at idle workers; not among the jobs.
    public var renewals: UInt64 = 0
    /// Jobs that have their answer, be it a result or a failure.
    public var answers: UInt64 = 0
    /// Messages of jobs sent that bring an answer: one for each attempt; renewals left out.
    public var roundTrips: UInt64 = 0
    /// Answers that came for a job that had one, or for an attempt given up.
    public var lateAnswers: UInt64 = 0
    /// Bytes of all messages sent.
    public var bytesSent: UInt64 = 0
    /// Bytes of all messages received.
    public var bytesReceived: UInt64 = 0

    /// Nothing done yet.
    public init() {}
}
