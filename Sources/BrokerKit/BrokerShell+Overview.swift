package import Protocol
import ZMQ

// What others may see of a running broker, also of one that is stuck.
extension BrokerShell {
    /// What there is and what was counted; `nil` where the loop does not say so in `BrokerLimits.overviewMilliseconds`.
    package func statisticsInTime() async -> BrokerStatistics? { await inTime { $0.collect() } }

    /// The same, and who is there.
    package func overviewInTime() async -> (BrokerStatistics, Catalogue)? {
        await inTime { ($0.collect(), $0.machine.catalogue) }
    }

    /// The same at once, for whoever is on the loop's thread.
    package var statisticsNow: BrokerStatistics { collect() }

    private func inTime<T: Sendable>(_ body: @escaping @Sendable (BrokerShell) -> T) async -> T? {
        // Whoever speaks first is heard; the loop may speak much later, or never.
        let (answers, source) = AsyncStream.makeStream(of: T?.self, bufferingPolicy: .bufferingOldest(1))
        let isTaken = loop.execute { source.yield(body(self)) }
        guard isTaken else { return nil }
        let fence = Task {
            try? await Task.sleep(for: .milliseconds(BrokerLimits.overviewMilliseconds))
            source.yield(nil)
        }
        defer { fence.cancel() }
        for await answer in answers { return answer }
        return nil
    }
}
