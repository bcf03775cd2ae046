/// What can be asked for together, in one visit to each location: tensors, models, and arrays of them.
public protocol Fetchable: Sendable {
    /// What comes back.
    associatedtype Fetched: Sendable

    /// What must come for it.
    ///
    /// - Throws: `TensorError.usedUp` for a tensor that was given away.
    func makeFetch() throws(TensorError) -> Fetch<Fetched>
}

/// Values that are asked for, and what is made of them when they have come.
public struct Fetch<Fetched: Sendable>: Sendable {
    package let expressions: [Expression]
    package let finish: @Sendable ([TensorValue]) -> Fetched

    package init(
        _ expressions: [Expression], finish: @escaping @Sendable ([TensorValue]) -> Fetched
    ) {
        self.expressions = expressions
        self.finish = finish
    }
}

extension Tensor: Fetchable {
    /// The value; a tensor at a worker is used up by it.
    public func makeFetch() throws(TensorError) -> Fetch<Tensor> {
        try requireUsable()
        return Fetch([expression]) { [expression] values in
            if expression.location.isRemote { expression.spend(.fetched) }
            return Tensor(Expression(.value(values[0]), location: .here, origin: expression.origin))
        }
    }
}

extension Module {
    /// The parameters' values and what travels with them; the module's parameters are here from then on.
    public func makeFetch() throws(TensorError) -> Fetch<Self> {
        let parameters = parameters.flatMap { [$0.parameter.cell] + $0.parameter.cell.companions }
        let versions = parameters.map(\.version)
        return Fetch(versions) { values in
            for (index, value) in values.enumerated() {
                // How it came about is of no more use; what was recorded on it may still need the value.
                versions[index].settle(.value(value))
                parameters[index].receive(value)
            }
            return self
        }
    }
}

extension Array: Fetchable where Element: Fetchable {
    /// Each element's.
    public func makeFetch() throws(TensorError) -> Fetch<[Element.Fetched]> {
        var fetches: [Fetch<Element.Fetched>] = []
        for element in self { fetches.append(try element.makeFetch()) }
        let all = fetches
        return Fetch(all.flatMap(\.expressions)) { values in
            var start = 0
            return all.map { fetch in
                defer { start += fetch.expressions.count }
                return fetch.finish(Array<TensorValue>(values[start..<start + fetch.expressions.count]))
            }
        }
    }
}
