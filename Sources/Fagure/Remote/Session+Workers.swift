import Ground
import Protocol
public import Tensor
import ZMQ

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
            group.addTask { [clock] in
                try? await clock.sleep(for: timeout)
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

    /// The tensors that have all of these tags: those this session has tagged, sent or only recorded at a worker,
    /// as long as somebody refers to them and they were not given away, and the columns of data sets, which have
    /// their data set's tags, its name and their own.
    ///
    /// - Throws: `RemoteError`.
    public func search(tags: String...) async throws(RemoteError) -> [Tensor] {
        let wanted = Set(tags)
        var found = ledger.objects(tagged: wanted).map { object in
            Tensor(
                Expression(.remote(object), location: .at(object.worker), origin: nil),
                note: TensorNote(tags: ledger.tags(of: object.id)))
        }
        for (expression, tags) in ledger.expressions(tagged: wanted) {
            found.append(Tensor(expression, note: TensorNote(tags: tags)))
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

    private let entries = Lock<[SessionID: Entry]>([:])

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
