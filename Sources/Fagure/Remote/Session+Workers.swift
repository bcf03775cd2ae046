public import Datasets
import Protocol
import Synchronization
public import Tensor
import WorkerKit

extension Session {
    /// The worker of a name.
    ///
    /// - Parameters:
    ///   - name: What its owner called it, `worker --name`.
    ///   - timeout: How long to wait for it to come; by default not at all.
    /// - Throws: `RemoteError.unknownWorker`, naming those there are; `ambiguousWorker` where two have the name.
    public func worker(_ name: String, timeout: Duration = .zero) async throws(RemoteError) -> Worker {
        if let worker = try await knownWorker(name) { return worker }
        let found = await withTaskGroup(of: Bool.self) { group in
            group.addTask { [self] in
                for await event in await events {
                    if case .catalogue(let catalogue) = event,
                        catalogue.workers.contains(where: { $0.name == name && !$0.isDraining })
                    {
                        return true
                    }
                }
                return false
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        if found, let worker = try await knownWorker(name) { return worker }
        if Task.isCancelled { throw .cancelled }
        throw .unknownWorker(name, known: await catalogue.workers.filter { !$0.isDraining }.map(\.name))
    }

    private func knownWorker(_ name: String) async throws(RemoteError) -> Worker? {
        let catalogue = await catalogue
        let named = catalogue.workers.filter { $0.name == name && !$0.isDraining }
        guard named.count <= 1 else {
            throw .ambiguousWorker(name, count: named.count)
        }
        return named.first.map { workers.worker($0, of: catalogue, session: self) }
    }

    /// Starts a worker in this process, for a session made by `embedded()`.
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
    ///   - threads: How many jobs it runs at once.
    /// - Returns: The worker, which the broker knows by then.
    /// - Throws: `RemoteError.session` for a session that is not embedded or is closed.
    @discardableResult
    public func addWorker(
        _ name: String, shards: [Shard] = [], tags: [String: [String]] = [:], releaseRowsMinimum: Int? = nil,
        publicDatasets: Set<String> = [], objectByteCountMaximum: Int? = nil, threads: Int = 1
    ) async throws(RemoteError) -> Worker {
        guard let house else {
            throw .session(
                Failure(.malformed, "addWorker: the session is not embedded; start a worker process instead"))
        }
        var configuration = WorkerConfiguration(
            name: name, endpoint: house.endpoint, shards: shards, tags: tags, threads: threads,
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

    /// The tensors that have all of these tags: those this session has sent and tagged, and the columns of
    /// data sets, which have their data set's tags, its name and their own.
    ///
    /// - Throws: `RemoteError`.
    public func search(tags: String...) async throws(RemoteError) -> [Tensor] {
        let wanted = Set(tags)
        var found = ledger.objects(tagged: wanted).map { object in
            Tensor(
                Expression(.remote(object), place: .at(object.worker), origin: nil),
                note: TensorNote(tags: ledger.tags(of: object.id)))
        }
        let catalogue = await catalogue
        for description in catalogue.workers {
            let worker = workers.worker(description, of: catalogue, session: self)
            for shard in description.shards {
                let name = shard.reference.dataset
                let tags = catalogue.datasets.first { $0.name == name }?.tags ?? []
                let dataset = try worker.dataset(name, shard: shard.reference.index)
                for column in try dataset.columns()
                where wanted.isSubset(of: Set(tags).union([name, column.name])) {
                    found.append(column.tensor)
                }
            }
        }
        return found
    }
}

/// The workers a session was asked for: the same one for the same process.
final class WorkerDirectory: Sendable {
    private struct Entry {
        weak var worker: Worker?
    }

    private let entries = Mutex<[SessionID: Entry]>([:])

    /// The worker of an announcement.
    func worker(_ announcement: WorkerDescription, of catalogue: Catalogue, session: Session) -> Worker {
        entries.withLock { entries in
            if let known = entries[announcement.session]?.worker { return known }
            let worker = Worker(announcement, datasets: catalogue.datasets, session: session)
            entries = entries.filter { $0.value.worker != nil }
            entries[announcement.session] = Entry(worker: worker)
            return worker
        }
    }
}
