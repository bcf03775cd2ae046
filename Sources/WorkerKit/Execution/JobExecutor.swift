package import ZMQ

/// What runs a worker's jobs, one after the other in each of its slots; a worker has one.
package protocol JobExecutor: AnyObject, Sendable {
    /// Takes work; after `stop` it is dropped.
    func enqueue(_ works: [Work])
    /// Forgets a run that waits, or asks one that runs to stop.
    func cancel(_ run: WorkerMachine.RunID)
    /// Takes back all that waits.
    func withdrawWaiting() -> [Work]
    /// Exchanges an empty array for what there is to say since the last time.
    func takeReports(into reports: inout [WorkerMachine.Event])
    /// Asks all that runs to stop, and ends; what is still said nobody hears.
    func stop()
    /// The bytes of the jobs that wait.
    var waitingByteCount: Int { get }
    /// Looks after what takes time; to be called at every tick.
    func tick()
}

/// Makes what runs a worker's jobs, from what it holds, the number of slots and what it lives on; the closure is to
/// be called when there are reports to take and nobody has been told yet.
package typealias ExecutorMaker =
    @Sendable (
        _ inventory: Inventory, _ slotCount: Int, _ reactor: any Reactor,
        _ notify: @escaping @Sendable () -> Void
    ) -> any JobExecutor
