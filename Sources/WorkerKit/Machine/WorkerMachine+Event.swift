package import Protocol

extension WorkerMachine {
    /// What can happen to a worker.
    package enum Event: Sendable {
        /// The broker sent a job; 0 milliseconds is no deadline, the owner is what tells trainers apart.
        case dispatched(JobID, attempt: UInt32, deadlineMilliseconds: UInt32, owner: Identifier)
        /// The broker wants a job stopped and has answered for it.
        case cancelled(JobID)
        /// The executor began a program.
        case started(JobID, RunID)
        /// The executor came this far.
        case progressed(JobID, RunID, JobProgress)
        /// The executor is done.
        case finished(JobID, RunID, Answer)
        /// The executor had not begun and will not.
        case withdrawn(JobID, RunID)
        /// All of an answer has come to its trainer, or nobody wants it.
        case settled(JobID)
        /// The broker knows us.
        case linkReady
        /// The broker is gone for now.
        case linkLost
        /// The process was asked to end.
        case drain
        /// Time passed.
        case tick
    }

    /// What the shell must do.
    package enum Action: Sendable {
        /// Give the job just dispatched to the executor, under this run.
        case enqueue(JobID, RunID)
        /// Send an answer; it is kept here where it may be asked for again.
        case answer(JobID, attempt: UInt32, Answer)
        /// Send `started`.
        case reportStart(JobID, attempt: UInt32)
        /// Send `progress`.
        case reportProgress(JobID, attempt: UInt32, JobProgress)
        /// Stop a run, whether it waits or runs.
        case cancel(RunID)
        /// Take back all that waits, and say `withdrawn` of each.
        case withdrawWaiting
        /// Say goodbye and end.
        case leave(reason: String)
    }
}
