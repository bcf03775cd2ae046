internal import Ground
internal import Synchronization

/// How actors live on the loop; they conform to `LoopActor`.
extension Loop {
    /// Runs a job of an actor on the loop, even after the loop has ended; the runtime calls this.
    package func enqueue(_ job: consuming ExecutorJob) {
        deliver(mailbox.pushAlways(.job(UnownedJob(job))))
    }

    /// The loop as the runtime keeps it, without a reference.
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Traps unless the calling thread is the loop's; `assumeIsolated` asks this where no task is running.
    package func checkIsolated() {
        precondition(isOnLoop, "not on the loop \(name)")
    }

    /// Whether code that runs here and now may touch what belongs to actors on the loop.
    package func isIsolatingCurrentContext() -> Bool? {
        isOnLoop
    }

    /// Runs one thing from the mailbox.
    func run(_ item: Mailbox.Item) {
        switch item {
        case .job(let job): unsafe job.runSynchronously(on: asUnownedSerialExecutor())
        case .task(let job, let executor): unsafe job.runSynchronously(on: executor)
        case .work(let work): work()
        }
    }

    /// Works the mailbox off until nothing is left, then gives up being the loop's thread.
    ///
    /// A job of an actor must run even when its loop has ended, or whoever awaits it waits for ever.
    func runLateJobs() {
        var items: [Mailbox.Item] = []
        repeat {
            items.removeAll(keepingCapacity: true)
            mailbox.drain(into: &items)
            for item in items { run(item) }
        } while !mailbox.retire { threadNumber.store(0, ordering: .relaxed) }
    }

    /// Starts a short-lived thread for jobs that came after the loop's own thread had ended.
    func adoptOrphans() {
        let body: @Sendable () -> Void = {
            self.threadNumber.store(SystemThread.current, ordering: .relaxed)
            self.runLateJobs()
        }
        do {
            try SystemThread.start(name: name, body)
        } catch {
            // No thread to be had: better run here than lose the jobs.
            body()
        }
    }
}
