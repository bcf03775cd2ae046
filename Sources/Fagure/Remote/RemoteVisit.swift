import Jobs
import Protocol
import Tensor

/// One job at a worker: a flush sealed, sent, and its results put where they belong.
struct RemoteVisit {
    private let flush: Flush
    private let worker: Worker
    private let graph: SealedGraph
    private let bindings: [TensorJob.Binding]
    /// What each kept output becomes.
    private let kept: [ObjectID]

    /// Gathers what one visit to a worker is for.
    ///
    /// - Throws: `RemoteError.tensor` for whatever is wrong with what was recorded.
    init(_ requests: [Expression], at worker: Worker) throws(RemoteError) {
        do throws(TensorError) {
            flush = try Flush(requests, at: .at(worker))
            graph = try worker.session.graphs.sealed(flush.recipe)
            bindings = try flush.bindings.map { binding throws(TensorError) in
                try RemoteVisit.binding(binding, at: worker)
            }
        } catch {
            throw .tensor(error)
        }
        self.worker = worker
        kept = flush.kept.map { _ in worker.session.ledger.nextID() }
    }

    /// Computes at the worker and brings the requests here.
    func fetch() async throws(RemoteError) -> [TensorValue] {
        let result = try await run(transfer: nil)
        guard result.outputs.count == flush.requestCount else {
            throw unexpected("\(result.outputs.count) outputs for \(flush.requestCount)")
        }
        for (index, output) in result.outputs.enumerated() {
            guard output.value.type == flush.recipe.outputTypes[index] else {
                throw unexpected("\(output.value.type) for \(flush.recipe.outputTypes[index])")
            }
        }
        return result.outputs.map(\.value)
    }

    /// Computes at the worker and hands the requests to another one; they do not come here.
    func transfer(to destination: Worker) async throws(RemoteError) -> [WorkerObject] {
        let ids = (0..<flush.requestCount).map { _ in worker.session.ledger.nextID() }
        let transfer = TensorJob.Transfer(
            worker: destination.identifier,
            kept: ids.enumerated().map { TensorJob.Kept(output: $0, object: $1) })
        do throws(RemoteError) {
            _ = try await run(transfer: transfer)
        } catch {
            worker.session.ledger.abandon(ids, at: destination.identifier)
            throw await isGone(destination, because: error) ?? error
        }
        return ids.enumerated().map {
            WorkerObject($1, flush.recipe.outputTypes[$0], worker: destination)
        }
    }

    /// What it means when the worker a transfer was for is gone, if it is.
    private func isGone(_ destination: Worker, because error: RemoteError) async -> RemoteError? {
        guard case .workerGone(_, _, let reason) = error else { return nil }
        let workers = await worker.session.catalogue.workers
        guard !workers.contains(where: { $0.session == destination.identifier }) else { return nil }
        return .workerGone(worker: destination.name, lost: [], reason: reason)
    }

    private func run(transfer: TensorJob.Transfer?) async throws(RemoteError) -> JobResult {
        let ledger = worker.session.ledger
        let released = ledger.takeReleased(at: worker.identifier)
        let job = TensorJob(
            graph: graph, bindings: bindings,
            kept: kept.enumerated().map {
                TensorJob.Kept(output: flush.requestCount + $0, object: $1)
            },
            transfer: transfer, released: released)
        do throws(Failure) {
            let result = try await worker.session.run(job, on: worker.target)
            settle()
            return result
        } catch {
            // The job may have run all the same: whatever it kept may go.
            ledger.abandon(released + kept, at: worker.identifier)
            // Where only the destination is gone nothing is lost here.
            if transfer != nil, await isThere { throw RemoteError(error, at: worker) { [] } }
            // Which step failed is not known, and it would fail again: what was recorded is undone.
            if error.code == .executionFailed { for parameter in flush.parameters { parameter.revert() } }
            throw self.error(of: error)
        }
    }

    /// Whether the broker still shows the worker.
    private var isThere: Bool {
        get async { await worker.session.catalogue.workers.contains { $0.session == worker.identifier } }
    }

    /// Notes where the kept outputs are now.
    private func settle() {
        for (index, (kept, id)) in zip(flush.kept, kept).enumerated() {
            let type = flush.recipe.outputTypes[flush.requestCount + index]
            let object = WorkerObject(id, type, worker: worker)
            switch kept {
            case .version(let version): version.settle(.remote(object))
            case .loss(let loss): loss.memo = .remote(object)
            }
        }
    }

    /// What a failure means; when the worker is gone the models that were there go back to what they were.
    private func error(of failure: Failure) -> RemoteError {
        RemoteError(failure, at: worker) {
            let lost = flush.parameters.filter { $0.location === worker }
            for parameter in lost { parameter.restore() }
            let tensors = flush.bindings.compactMap { binding in
                guard case .remote(let value) = binding else { return String?.none }
                return value.name ?? "a tensor of \(value.type)"
            }
            return lost.map { "parameter '\($0.name)'" } + tensors
        }
    }

    private func unexpected(_ what: String) -> RemoteError {
        .refused(worker: worker.name, Failure(.malformed, "the result is not what was asked for: \(what)"))
    }

    private static func binding(
        _ binding: Flush.Binding, at worker: Worker
    ) throws(TensorError) -> TensorJob.Binding {
        switch binding {
        case .value(let value):
            return .value(value)
        case .remote(let object as WorkerObject):
            guard !object.isReleased else {
                throw .usedUp(name: object.name ?? "\(object.type)", how: "it was released by release()")
            }
            return .object(object.id)
        case .remote(let column as DatasetColumn):
            return .column(column.reference)
        case .remote(let value):
            throw .elsewhere(name: "\(value.type)", location: value.location.name)
        }
    }
}
