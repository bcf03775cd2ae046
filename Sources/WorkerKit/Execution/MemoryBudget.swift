import Ground
import Jobs
import Synchronization
import Tensor

/// What all jobs and objects of a worker may take together; shared by its compute threads and its objects.
///
/// DESIGN. What a job takes is known before it runs, and taken at once: whoever waits holds nothing, so two
/// that wait never wait for each other. A job that fits beside the objects but not beside other jobs waits for
/// those; one that would not fit even alone is refused. Plans kept for the next job are not counted: they take
/// at most an eighth of the whole, and are let go as soon as jobs need that eighth.
package final class MemoryBudget: Sendable {
    /// What was taken for a job, given back when nobody holds it.
    final class Grant: Sendable {
        private let budget: MemoryBudget
        private let byteCount: Atomic<Int>

        fileprivate init(_ budget: MemoryBudget, _ byteCount: Int) {
            self.budget = budget
            self.byteCount = Atomic(byteCount)
        }

        deinit { budget.giveBack(byteCount.load(ordering: .relaxed)) }

        /// Gives a part back early: what becomes an object is counted as one.
        func giveBack(_ part: Int) {
            let part = min(part, byteCount.load(ordering: .relaxed))
            byteCount.store(byteCount.load(ordering: .relaxed) - part, ordering: .relaxed)
            budget.giveBack(part)
        }
    }

    private struct State {
        var jobs = 0
        var objects = 0
        var whenShort: (@Sendable () -> Void)?
    }

    /// The bytes there are.
    package let limit: Int
    private let state = Lock(State())

    /// A budget nothing is taken of.
    package init(limit: Int) { self.limit = max(0, limit) }

    /// The bytes jobs take now.
    var jobByteCount: Int { state.withLock { $0.jobs } }

    /// The bytes plans of all threads may take while they are kept for the next job.
    var cacheByteCount: Int { limit / 8 }

    /// Whether plans must not be kept, for jobs need the memory.
    var isShort: Bool {
        state.withLock { $0.jobs.addingSaturated($0.objects) > limit - cacheByteCount }
    }

    /// Says whom to ask for the memory of plans that are kept; `nil` for nobody any more.
    func whenShort(_ ask: (@Sendable () -> Void)?) { state.withLock { $0.whenShort = ask } }

    /// Takes memory for a job, if there is so much at this moment.
    func take(_ byteCount: Int) -> Grant? {
        let (isTaken, ask) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            let total = state.jobs.addingSaturated(state.objects).addingSaturated(byteCount)
            guard total <= limit else { return (false, nil) }
            state.jobs += byteCount
            return (true, total > limit - cacheByteCount ? state.whenShort : nil)
        }
        ask?()
        return isTaken ? Grant(self, byteCount) : nil
    }

    /// Takes memory for a job, waiting for other jobs to end.
    ///
    /// - Throws: `JobError.limitExceeded` for what would not fit beside the objects alone; `.cancelled`.
    func wait(for byteCount: Int, _ flag: CancelFlag) throws(JobError) -> Grant {
        while true {
            if let grant = take(byteCount) { return grant }
            let room = limit - state.withLock { $0.objects }
            guard byteCount <= room else {
                throw .limitExceeded(what: "bytes of memory for the job", got: byteCount, limit: room)
            }
            if flag.isSet { throw .cancelled }
            ComputeQueue.pause()
        }
    }

    /// Changes what objects take.
    ///
    /// - Throws: `JobError.limitExceeded`; then nothing is changed.
    func changeObjects(by byteCount: Int) throws(JobError) {
        let (got, room) = state.withLock { state in
            let got = state.objects.addingSaturated(byteCount), room = limit - state.jobs
            if byteCount <= 0 || got <= room { state.objects = max(0, got) }
            return (got, room)
        }
        guard byteCount <= 0 || got <= room else {
            throw .limitExceeded(what: "bytes of memory for objects", got: got, limit: room)
        }
    }

    private func giveBack(_ byteCount: Int) { state.withLock { $0.jobs -= byteCount } }
}
