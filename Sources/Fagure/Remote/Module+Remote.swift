public import Tensor

// Models that travel to data.
extension Module {
    /// Sends the model to a worker: from now on what is recorded on it is computed there.
    ///
    /// Nothing is sent yet: the parameters go along with the first job that needs them. An optimizer's state
    /// goes too where it travels with the parameters. The values that are here now are kept, in case the
    /// worker is lost (`restore()`). To where the model is already does nothing; to `.here` is `get()`.
    ///
    /// - Throws: `RemoteError.tensor` for a model at another worker: `move(to:)` moves it.
    public func send(to location: any Location) async throws(RemoteError) {
        guard location !== Here.shared else {
            _ = try await get()
            return
        }
        do throws(TensorError) {
            for (_, parameter) in parameters { try parameter.send(to: location) }
        } catch {
            throw .tensor(error)
        }
    }

    /// Brings the model back; see the function `get`.
    @discardableResult
    public func get() async throws(RemoteError) -> Self { try await Fagure.get(self) }

    /// Hands the model to another worker, its optimizer's state too where it travels with the parameters; it
    /// does not come here on its way. Steps recorded on it are computed before, by the same job.
    ///
    /// To where it is already does nothing; to `.here` it is `get()`; from here it is `send(to:)`.
    ///
    /// - Throws: `RemoteError`; then the model is where it was.
    public func move(to location: any Location) async throws(RemoteError) {
        let parameters = parameters.flatMap { [$0.parameter.cell] + $0.parameter.cell.companions }
        guard let origin = parameters.first?.location, origin !== location else { return }
        guard origin !== Here.shared, location !== Here.shared else { return try await send(to: location) }
        let (source, destination) = (try origin.worker(), try location.worker())
        let versions = parameters.map(\.version)
        let objects = try await RemoteVisit(versions, at: source).transfer(to: destination)
        for (parameter, object) in zip(parameters, objects) { parameter.settle(at: object) }
    }

    /// Where the model is: its first parameter; here where it has none.
    public var location: any Location { parameters.first?.parameter.location ?? .here }
}
