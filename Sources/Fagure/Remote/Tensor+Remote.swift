import Jobs
import Protocol
public import Tensor

// Tensors that are sent, fetched and moved. What `send`, `copy` and `move` return refers to a tensor at a
// worker: operators on it are recorded, and computed there when something is asked for.
extension Tensor {
    /// Sends the value to a worker and returns the tensor there; this one stays.
    ///
    /// - Throws: `RemoteError`: `tensor` for one that is at another worker or was given away, `refused` for one
    ///   that is too large, `notPermitted` for a worker that takes none.
    public func send(to location: any Location) async throws(RemoteError) -> Tensor {
        if self.location === location { return self }
        guard location !== Here.shared else { return try await get() }
        let destination = try location.worker()
        let value: TensorValue
        do throws(TensorError) {
            value = try self.value()
        } catch {
            throw .tensor(error)
        }
        let object = try await destination.store(value, tags: note?.tags ?? [])
        return Tensor(
            Expression(.remote(object), location: .at(destination), origin: expression.origin), note: note)
    }

    /// Brings the value here and uses this tensor up; see the function `get`. A tensor that is here is computed.
    public func get() async throws(RemoteError) -> Tensor { try await Fagure.get(self) }

    /// Another tensor of the same value at the same location, to be fetched or moved by itself; sends nothing.
    public func copy() -> Tensor {
        // A copy of what was given away must say so too.
        if let error = usageError { return .failing(error) }
        if case .remote = expression.kind {
            return Tensor(
                Expression(expression.kind, location: expression.location, origin: expression.origin),
                note: note)
        }
        let copy = Tensor(
            Expression(.alias, expression, location: expression.location, origin: expression.origin),
            note: note)
        if let note { copy.register(note.tags) }
        return copy
    }

    /// Hands the value to another worker and uses this tensor up; the value does not come here on its way.
    ///
    /// To where it is already does nothing; to `.here` it is `get()`; from here it is `send(to:)`.
    ///
    /// - Returns: The tensor there.
    /// - Throws: `RemoteError`, as `send(to:)` and `get()`.
    public func move(to location: any Location) async throws(RemoteError) -> Tensor {
        if let error = usageError { throw .tensor(error) }
        if self.location === location { return self }
        guard case .at(let origin) = expression.location else { return try await send(to: location) }
        guard location !== Here.shared else { return try await get() }
        let destination = try location.worker()
        let object = try await RemoteVisit([expression], at: try origin.worker()).transfer(to: destination)[0]
        expression.spend(.moved)
        if let note { destination.session.ledger.tag(object.id, note.tags) }
        return Tensor(
            Expression(.remote(object), location: .at(destination), origin: expression.origin), note: note)
    }

    /// Lets a tensor at a worker go now; what was recorded on it and not computed is lost.
    ///
    /// Without it a tensor is let go when nothing refers to it any more, with the next job to its worker.
    ///
    /// - Throws: `RemoteError.tensor` for one that was given away already.
    public func release() async throws(RemoteError) {
        if let error = usageError { throw .tensor(error) }
        expression.spend(.released)
        guard case .remote(let value) = expression.kind, let object = value as? WorkerObject,
            object.release()
        else { return }
        let worker = object.worker
        _ = try await worker.session.run(Job(released: [object.id]), at: worker)
    }

    /// The same tensor with words to find it by; see `Session.search(tags:)`. They do not leave this process.
    public func tag(_ tags: String...) -> Tensor {
        let all = (note?.tags ?? []).union(tags)
        register(all)
        return Tensor(expression, note: TensorNote(tags: all))
    }

    /// Lets a tensor at a worker be found by words.
    private func register(_ tags: Set<String>) {
        if case .remote(let value) = expression.kind, let object = value as? WorkerObject {
            object.worker.session.ledger.tag(object.id, tags)
        } else if let worker = location as? Worker {
            worker.session.ledger.tag(expression, tags)
        }
    }
}

extension Worker {
    /// Has the worker keep a value.
    fileprivate func store(_ value: TensorValue, tags: Set<String>) async throws(RemoteError) -> WorkerObject
    {
        let id = session.ledger.nextID()
        let released = session.ledger.takeReleased(at: identifier)
        do throws(RemoteError) {
            _ = try await session.run(Job(keeping: [(id, value)], released: released), at: self)
        } catch {
            session.ledger.abandon(released + [id], at: identifier)
            throw error
        }
        return WorkerObject(id, value.type, worker: self, tags: tags)
    }
}
