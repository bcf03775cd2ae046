/// Every maximum of a worker that is its own affair, each with its reason.
package enum WorkerLimits {
    /// Answers kept for jobs that are asked for again after a broken link: more than are ever in flight for
    /// big models.
    package static let answerCountMaximum = 256
    /// Bytes of all answers kept; a larger one is computed again when asked for again.
    package static let answerByteCountMaximum = 32 << 20
    /// Owners a worker remembers who they are: more than the broker takes for known before it says so again.
    package static let knownOwnersMaximum = 4_096
    /// Graphs kept: trainers use a handful each.
    package static let graphCountMaximum = 1_024
    /// Serialised bytes of all graphs kept; in memory they take about ten times as much.
    package static let graphByteCountMaximum = 8 << 20
    /// Plans one compute thread keeps ready with their buffers.
    package static let planCountMaximum = 64
    /// Bytes of all plans one compute thread keeps while there is work; a larger one is made anew for each job.
    package static let planByteCountMaximum = 1 << 30
    /// Bytes of a plan that is let go when nothing has run for a while.
    package static let idlePlanByteCountMaximum = 16 << 20
    /// Body and tensors of a job that is done on the loop: see `docs/decisions/0005-small-jobs-on-the-loop.md`.
    package static let smallByteCountMaximum = 16 << 10
    /// Nodes of a graph that is run on the loop: compiling it the first time takes a fraction of a millisecond.
    package static let smallNodeCountMaximum = 64
    /// Operations of all nodes of a graph that is run on the loop: some microseconds.
    package static let smallOperationMaximum = 20_000
    /// Bytes of all values of a graph that is run on the loop, and so of a plan the loop keeps.
    package static let smallValueByteCountMaximum = 256 << 10
    /// How long small jobs may keep the loop in one turn.
    package static let smallTurnNanoseconds: Int64 = 500_000
    /// What a job takes, on average over a turn, where threads are no faster: about what it costs to wake them and be
    /// woken for each.
    package static let smallJobNanoseconds: Int64 = 10_000
    /// Bytes of jobs and answers after which freed memory is given back to the system.
    package static let trimByteCount = 64 << 20
    /// Ticks without work until it is given back: an answer takes a moment to leave.
    package static let trimTickCount = 10
    /// Objects of a trainer whose inquiry is answered on the loop.
    package static let smallObjectCountMaximum = 256
    /// What all tensors kept for trainers may take, unless the worker's owner says otherwise.
    package static let objectByteCountMaximum = 1 << 30
    /// What an object counts for besides its bytes: about what it takes to keep an empty one.
    package static let objectOverheadByteCount = 256
    /// What an output takes in a message beside its elements: its name and where it lies.
    package static let outputOverheadByteCount = 512
    /// Rows a loss or gradient must be of to leave, unless the worker's owner says otherwise.
    package static let releaseRowsMinimum = 32
    /// Verdicts on graphs one compute thread keeps: as many as plans.
    package static let verdictCountMaximum = planCountMaximum
    /// Labels of inputs and outputs in all verdicts one compute thread keeps.
    package static let verdictLabelCountMaximum = 64 << 10
    /// Threads beside the slots, for trainers of which nothing runs while long jobs of others take all slots: one, for
    /// each costs its jobs a part of the cores.
    package static let guestsMaximum = 1
    /// How long who is overloaded is asked to wait until it tries again, in milliseconds.
    package static let overloadWaitMilliseconds: UInt32 = 200
    /// Answers a compute thread gathers before it wakes the loop.
    package static let reportCountMaximum = 64
    /// How long an answer waits for others to be gathered, as long as there is more to do.
    package static let reportDelayNanoseconds: Int64 = 1_000_000
    /// At most one progress message of a job in this time.
    package static let progressIntervalNanoseconds: Int64 = 250_000_000
    /// How long running jobs may go on after the worker was asked to end: less than what container engines
    /// grant.
    package static let drainMilliseconds: Int64 = 25_000
    /// How often a worker that waits for its broker says so.
    package static let waitingNoticeMilliseconds: Int64 = 10_000
    /// How long the last messages may take to leave when all jobs are done.
    package static let farewellMilliseconds: Int64 = 2_000
}
