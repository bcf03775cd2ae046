public import Jobs
import Protocol
public import Tensor

/// A worker as a location for tensors and models: `try await session.worker("bob")`.
///
/// Asked for twice, a session gives the same worker. One that is started anew under the same name is another:
/// what the first kept is lost.
public final class Worker: Location {
    /// The name its owner gave it.
    public let name: String
    /// The session it was found by.
    public let session: Session
    /// What it announced when it was found.
    let announcement: WorkerDescription
    /// The schemas of its data sets.
    let datasets: [DatasetDescription]

    init(_ announcement: WorkerDescription, datasets: [DatasetDescription], session: Session) {
        name = announcement.name
        self.announcement = announcement
        self.datasets = datasets
        self.session = session
    }

    /// Its process, as jobs are addressed.
    var identifier: SessionID { announcement.session }

    /// Where jobs for it go.
    var target: JobTarget { .worker(announcement) }

    /// The tensors it keeps for this session, oldest first; asks the worker.
    ///
    /// - Throws: `RemoteError`.
    public var objects: [KeptTensor] {
        get async throws(RemoteError) {
            let released = session.ledger.takeReleased(at: identifier)
            let result: JobResult
            do throws(RemoteError) {
                result = try await session.run(Job(released: released, listsObjects: true), at: self)
            } catch {
                session.ledger.abandon(released, at: identifier)
                throw error
            }
            return result.objects.map { object in
                KeptTensor(
                    id: object.id, type: object.type, tags: session.ledger.tags(of: object.id).sorted())
            }
        }
    }

    /// A data set of the worker, whose columns may be computed on but not fetched.
    ///
    /// - Parameters:
    ///   - name: The data set's name.
    ///   - index: Which of the worker's shards of the data set; `nil` where it has one only.
    /// - Throws: `RemoteError.unknownDataset`, naming what there is.
    public func dataset(_ name: String, shard index: Int? = nil) throws(RemoteError) -> RemoteDataset {
        let shards = announcement.shards.filter {
            $0.reference.dataset == name && (index == nil || $0.reference.index == index)
        }
        guard let schema = datasets.first(where: { $0.name == name }), let shard = shards.first else {
            let known = announcement.shards.map(\.reference.description).joined(separator: ", ")
            let what = index.map { "shard \($0) of data set \(name)" } ?? "data set \(name)"
            throw .unknownDataset(
                "there is no \(what), there is \(known.isEmpty ? "none" : known)", worker: self.name)
        }
        guard shards.count == 1 else {
            let indices = shards.map { "\($0.reference.index)" }.joined(separator: ", ")
            throw .unknownDataset(
                "there are shards \(indices) of data set \(name): say which, as in dataset(\"\(name)\", shard: "
                    + "\(shard.reference.index))", worker: self.name)
        }
        return RemoteDataset(schema, shard, worker: self)
    }
}

/// A tensor a worker keeps, as `Worker.objects` lists it.
public struct KeptTensor: Sendable, Hashable, CustomStringConvertible {
    /// Its name between this session and the worker.
    public let id: ObjectID
    /// Its element type and shape.
    public let type: ValueType
    /// The words it was tagged with.
    public let tags: [String]

    /// Such as `7: float32 [2, 2] #data`.
    public var description: String { (["\(id): \(type)"] + tags).joined(separator: " ") }
}
