package import Ground
package import Protocol
package import Tensor

/// A job on its way to a compute thread, as it came off the wire: decoding it is the thread's work too.
package struct Work: Sendable {
    /// The job's name.
    package let job: JobID
    /// This run of it.
    package let run: WorkerMachine.RunID
    /// Whose objects it means: what the broker made of the trainer's session.
    let owner: Identifier
    /// Whether another worker passed it on.
    let isTransferred: Bool
    /// The serialised job.
    let body: [UInt8]
    /// Its tensors.
    let frames: [Storage]
    /// Set when nobody waits for it any more.
    package let flag = CancelFlag()
    /// The bytes it came as.
    let byteCount: Int

    /// Puts work together.
    package init(
        job: JobID, run: WorkerMachine.RunID, owner: Identifier, isTransferred: Bool, body: [UInt8],
        frames: [Storage]
    ) {
        self.job = job
        self.run = run
        self.owner = owner
        self.isTransferred = isTransferred
        self.body = body
        self.frames = frames
        byteCount = frames.reduce(body.count) { $0.addingSaturated($1.byteCount) }
    }
}
