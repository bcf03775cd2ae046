public import Tensor

/// Brings tensors and models here, each location visited once: everything asked for at one worker, and every step
/// recorded on the way, is one job.
///
/// ```swift
/// let (value, _) = try await get(loss, model)
/// ```
///
/// A tensor at a worker is used up by it: the worker lets it go as soon as nothing recorded before needs it.
/// `copy()` keeps another. A model is here from then on, its optimizer's state too where that travels with it.
/// Tensors that are here are computed here. Several locations are visited at the same time. Cancelling the task
/// cancels the jobs.
///
/// - Returns: The tensors as tensors that are here, the models themselves; arrays of them as arrays.
/// - Throws: `RemoteError`. Recorded steps that cannot be computed, or were part of a computation that failed
///   while it ran, are undone; where a worker is gone its models are what they were when they were last here;
///   else nothing has changed.
public func get<A: Fetchable, B: Fetchable>(
    _ first: A, _ second: B
) async throws(RemoteError) -> (A.Fetched, B.Fetched) {
    let a = try fetch(first), b = try fetch(second)
    var values = FetchedValues(try await fetched(a.expressions + b.expressions))
    return (values.finish(a), values.finish(b))
}

// Plain functions of two, three and four: a parameter pack in their stead makes the compiler crash over
// `get(loss, model).0`.

/// Brings three tensors, models or arrays here; see the function of two.
public func get<A: Fetchable, B: Fetchable, C: Fetchable>(
    _ first: A, _ second: B, _ third: C
) async throws(RemoteError) -> (A.Fetched, B.Fetched, C.Fetched) {
    let a = try fetch(first), b = try fetch(second), c = try fetch(third)
    var values = FetchedValues(try await fetched(a.expressions + b.expressions + c.expressions))
    return (values.finish(a), values.finish(b), values.finish(c))
}

/// Brings four tensors, models or arrays here; see the function of two. For more there are arrays.
public func get<A: Fetchable, B: Fetchable, C: Fetchable, D: Fetchable>(
    _ first: A, _ second: B, _ third: C, _ fourth: D
) async throws(RemoteError) -> (A.Fetched, B.Fetched, C.Fetched, D.Fetched) {
    let a = try fetch(first), b = try fetch(second), c = try fetch(third), d = try fetch(fourth)
    var values = FetchedValues(
        try await fetched(a.expressions + b.expressions + c.expressions + d.expressions))
    return (values.finish(a), values.finish(b), values.finish(c), values.finish(d))
}

/// Brings one tensor, model or array here; see the function of two.
public func get<Item: Fetchable>(_ item: Item) async throws(RemoteError) -> Item.Fetched {
    let fetch = try fetch(item)
    return fetch.finish(try await fetched(fetch.expressions))
}

/// What must come for an item.
private func fetch<Item: Fetchable>(_ item: Item) throws(RemoteError) -> Fetch<Item.Fetched> {
    do throws(TensorError) {
        return try item.makeFetch()
    } catch {
        throw .tensor(error)
    }
}

/// Values that have come, handed out in order.
private struct FetchedValues {
    private var values: ArraySlice<TensorValue>

    init(_ values: [TensorValue]) { self.values = values[...] }

    mutating func finish<Fetched>(_ fetch: Fetch<Fetched>) -> Fetched {
        let count = fetch.expressions.count
        defer { values = values.dropFirst(count) }
        return fetch.finish(Array(values.prefix(count)))
    }
}

/// The values of expressions, wherever they are.
func fetched(_ expressions: [Expression]) async throws(RemoteError) -> [TensorValue] {
    var visits: [PlannedVisit] = []
    for (index, expression) in expressions.enumerated() {
        if let known = visits.firstIndex(where: { $0.location.agrees(with: expression.location) }) {
            visits[known].indices.append(index)
        } else {
            visits.append(PlannedVisit(location: expression.location, indices: [index]))
        }
    }
    if visits.count == 1 { return try await visits[0].values(of: expressions) }
    return try await fetched(expressions, visits)
}

/// A location and what is wanted there.
private struct PlannedVisit: Sendable {
    let location: RecordedLocation
    var indices: [Int]

    func values(of all: [Expression]) async throws(RemoteError) -> [TensorValue] {
        let expressions = indices.map { all[$0] }
        guard case .at(let location) = location else {
            do throws(TensorError) {
                return try Flush(expressions, at: .here).run()
            } catch {
                throw .tensor(error)
            }
        }
        return try await RemoteVisit(expressions, at: try location.worker()).fetch()
    }
}

/// Visits several locations at the same time.
private func fetched(
    _ expressions: [Expression], _ visits: [PlannedVisit]
) async throws(RemoteError) -> [TensorValue] {
    let answers = await withTaskGroup(
        of: (Int, Result<[TensorValue], RemoteError>).self,
        returning: [Int: Result<[TensorValue], RemoteError>].self
    ) { group in
        for (number, visit) in visits.enumerated() {
            group.addTask {
                do throws(RemoteError) {
                    return (number, .success(try await visit.values(of: expressions)))
                } catch {
                    return (number, .failure(error))
                }
            }
        }
        var answers: [Int: Result<[TensorValue], RemoteError>] = [:]
        for await (number, answer) in group { answers[number] = answer }
        return answers
    }
    var values = [TensorValue?](repeating: nil, count: expressions.count)
    for (number, visit) in visits.enumerated() {
        guard let found = try answers[number]?.get() else { continue }
        for (index, value) in zip(visit.indices, found) { values[index] = value }
    }
    return values.compactMap(\.self)
}

extension Location {
    /// The worker a location is.
    ///
    /// - Throws: `RemoteError.tensor` for a location of somebody else's making.
    func worker() throws(RemoteError) -> Worker {
        guard let worker = self as? Worker else {
            throw .tensor(.valueMismatch(name: "location", expected: "a worker of a session", got: name))
        }
        return worker
    }
}
