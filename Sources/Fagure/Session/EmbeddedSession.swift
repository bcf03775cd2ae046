public import Datasets
import Protocol
import WorkerKit

/// A session with a broker of its own, in this process, and as many workers as are added to it: the whole system
/// without a network, as real as the deployed one.
///
/// ```swift
/// let session = try await Session.embedded()
/// let bob = try await session.addWorker("bob")
/// ```
public final class EmbeddedSession: Session, @unchecked Sendable {
    // Proof of `@unchecked`: the only property is a constant and Sendable; what is inherited is proven there.

    private let house: EmbeddedHouse

    init(_ house: EmbeddedHouse, notice: @escaping @Sendable (String) -> Void) {
        self.house = house
        super.init(house.endpoint, "trainer", .seconds(30), house.loop, notice)
    }

    /// Starts a worker in this process.
    ///
    /// - Parameters:
    ///   - name: What it is called.
    ///   - shards: The data it holds.
    ///   - tags: Words to find its data sets by, by data set name.
    ///   - releaseRowsMinimum: The fewest rows a loss or gradient may be about that leaves it; as many as for
    ///     the program `worker` unless told.
    ///   - publicDatasets: Data sets that everybody has anyway, of which one row is enough.
    ///   - objectByteCountMaximum: The most bytes of others' tensors it keeps, 0 for none; as many as for the
    ///     program `worker` unless told.
    ///   - slots: How many jobs it runs at once.
    /// - Returns: The worker, which the broker knows by then.
    /// - Throws: `RemoteError.session` for a session that is closed.
    @discardableResult
    public func addWorker(
        _ name: String, shards: [Shard] = [], tags: [String: [String]] = [:], releaseRowsMinimum: Int? = nil,
        publicDatasets: Set<String> = [], objectByteCountMaximum: Int? = nil, slots: Int = 1
    ) async throws(RemoteError) -> Worker {
        var configuration = WorkerConfiguration(
            name: name, endpoint: house.endpoint, shards: shards, tags: tags, slots: slots,
            publicDatasets: publicDatasets)
        if let releaseRowsMinimum { configuration.releaseRowsMinimum = releaseRowsMinimum }
        if let objectByteCountMaximum { configuration.objectByteCountMaximum = objectByteCountMaximum }
        do {
            try await house.add(configuration)
        } catch {
            throw .session(Failure(.brokerUnreachable, "\(error)"))
        }
        for await event in await events {
            guard case .catalogue(let catalogue) = event else { continue }
            if let found = catalogue.workers.first(where: { $0.session == configuration.session }) {
                return workers.worker(found, of: catalogue, session: self)
            }
        }
        throw .session(Failure(.cancelled, "the session was closed"))
    }

    /// Ends the session, then its workers and broker; a second call does nothing.
    override public func close() async {
        await super.close()
        await house.close()
    }
}
