internal import Ground

/// Runs tasks on a loop's thread, in turn with all else it does.
///
/// Whoever awaits there what the loop brings goes on without a hop to another thread and back.
final class LoopTasks: TaskExecutor {
    private let loop: Loop

    init(_ loop: Loop) { self.loop = loop }

    /// Runs a task's next piece on the loop, even after the loop has ended; the runtime calls this.
    func enqueue(_ job: consuming ExecutorJob) {
        let item = unsafe Mailbox.Item.task(UnownedJob(job), asUnownedTaskExecutor())
        loop.deliver(loop.mailbox.pushAlways(item))
    }
}
