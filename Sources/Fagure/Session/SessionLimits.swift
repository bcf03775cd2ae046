/// Every maximum of a session and of a run, each with its reason. Times are in milliseconds.
package enum SessionLimits {
    /// Times a job the broker or worker had no room for is submitted again before its caller hears of it.
    package static let overloadRetriesMaximum = 12
    /// How often a job is sent again with its graphs because the worker did not know them.
    package static let graphRetriesMaximum = 8
    /// The first wait after an overload; each further one is twice as long.
    package static let overloadDelayMilliseconds: Int64 = 50
    /// The longest wait after an overload.
    package static let overloadDelayMaximumMilliseconds: Int64 = 2_000
    /// How long a job waits whose message the socket would not take.
    package static let unsentDelayMilliseconds: Int64 = 250
    /// How often the catalogue is asked for while jobs wait for a shard to return.
    package static let queryIntervalMilliseconds: Int64 = 1_000
    /// How long the broker may take to say how it is.
    package static let statusMilliseconds: Int64 = 1_000
    /// Graphs remembered as known to a target; past it all are forgotten, at the price of sending them once
    /// more.
    package static let knownGraphsMaximum = 65_536
    /// Graphs kept encoded; past it all are forgotten, at the price of encoding them once more.
    package static let sealedGraphsMaximum = 1_024
    /// Objects one job lets go: the rest goes with the next one.
    package static let releasedPerJobMaximum = 16_384
    /// Cancellations kept for a broker that is away.
    package static let owedCancelsMaximum = 4_096
    /// Events kept for a reader that is slow; older ones are dropped.
    package static let eventBacklogMaximum = 1_024
    /// How long nothing is said about a wait.
    package static let waitingFirstMilliseconds: Int64 = 2_000
    /// How often it is said then.
    package static let waitingIntervalMilliseconds: Int64 = 5_000
    /// Remarks on workers that a wait names: more would drown the sentence.
    package static let remarksMaximum = 4
    /// How long nothing is said about a shard that is silent, and how often it is said then.
    package static let silenceNoticeMilliseconds: Int64 = 30_000
    /// Stages in succession that a worker may let pass in silence before it is asked no more.
    package static let silentStagesMaximum = 2
    /// Shards that are asked in one job: a worker that is lost costs no more than so many.
    package static let groupSizeMaximum = 256
    /// Jobs that the shards of one worker are asked in at least, for its slots all to have work.
    package static let groupsPerWorker = 8
    /// How long a round that came to nothing rests before it is tried again.
    package static let roundRetryMilliseconds: Int64 = 1_000
}
