/// All that one visit to a location can do: what was asked for, and the parameters met on the way, brought up to
/// date.
///
/// DESIGN. Asking for a loss traces back to the parameters it depends on. Where a parameter has moved on since
/// (an optimizer's step was recorded on it), its present version is computed too, or the chain of steps would
/// grow until somebody asks for the model. Which parameters these are follows from what was recorded, never
/// from time.
package struct Flush: Sendable {
    /// What an input of the computation is bound to.
    package enum Binding: Sendable {
        case value(TensorValue)
        case remote(any RemoteValue)
    }

    /// What is computed: the outputs are what was asked for, then what is kept.
    package let recipe: Recipe
    /// A value for each input.
    package let bindings: [Binding]
    /// What was asked for.
    private let requests: [Expression]
    /// Versions of parameters that are brought up to date, then losses worth keeping.
    package let kept: [Kept]
    /// The parameters met.
    package let parameters: [ParameterCell]

    /// An output that stays where it was computed.
    package enum Kept: Sendable {
        case version(Expression)
        case loss(Expression)
    }

    /// How many outputs were asked for.
    package var requestCount: Int { requests.count }

    /// Gathers what one visit to a location is for.
    ///
    /// Parameters whose recorded steps cannot be computed go back to what they were before them.
    ///
    /// - Throws: `TensorError` for whatever is wrong with what was recorded.
    /// - Complexity: O(steps recorded).
    package init(_ requests: [Expression], at location: RecordedLocation) throws(TensorError) {
        var kept: [Kept] = [], met: [ParameterCell] = []
        do throws(TensorError) {
            let trace = try Trace.take { trace throws(TensorError) in
                defer { met = trace.parameters }
                for request in requests { try trace.add(output: request) }
                kept = try Flush.keep(&trace, requests, location)
            }
            (self.requests, self.kept, parameters) = (requests, kept, met)
            bindings = try trace.bindings
            recipe = try RecipeCache.shared.recipe(for: trace)
            try Flush.requireScalars(requests, recipe.outputTypes)
        } catch {
            // The trace may have ended before it came to all of them.
            for request in requests { met += request.reachableVersions().found.map(\.cell) }
            for parameter in met { parameter.revertIfBroken() }
            throw error
        }
    }

    /// Checks that what gradients were asked of has some: a step never recorded would not find out.
    private static func requireScalars(
        _ requests: [Expression], _ types: [ValueType]
    ) throws(TensorError) {
        for (request, type) in zip(requests, types)
        where request.wasDifferentiated && type.shape.elementCount != 1 {
            throw .notDifferentiable(
                operation: "backward", reason: "the loss is no scalar but \(type); sum it first",
                origin: request.origin)
        }
    }

    private static func keep(
        _ trace: inout Trace, _ requests: [Expression], _ location: RecordedLocation
    ) throws(TensorError) -> [Kept] {
        var kept: [Kept] = []
        var index = 0
        // Tracing a version may meet further parameters, such as an optimizer's state.
        while index < trace.parameters.count {
            let parameter = trace.parameters[index], version = parameter.version
            index += 1
            guard !version.isSettled, !parameter.isAbandoned, version.location.agrees(with: location),
                !requests.contains(where: { $0 === version })
            else { continue }
            try trace.add(output: version)
            kept.append(.version(version))
        }
        guard location.isRemote else { return kept }
        for (loss, id) in trace.losses where loss.memo == nil && !requests.contains(where: { $0 === loss }) {
            // Asked for next, it need not be computed again.
            trace.add(output: id)
            kept.append(.loss(loss))
        }
        return kept
    }

    /// Computes everything in this process, and settles what is kept.
    ///
    /// - Returns: What was asked for.
    /// - Throws: `TensorError.elsewhere` for a value a worker keeps.
    package func run() throws(TensorError) -> [TensorValue] {
        var values: [TensorValue] = []
        values.reserveCapacity(bindings.count)
        for binding in bindings {
            switch binding {
            case .value(let value): values.append(value)
            case .remote(let value):
                throw .elsewhere(name: "a tensor of \(value.type)", location: value.location.name)
            }
        }
        var outputs: [TensorValue]
        do throws(TensorError) {
            outputs = try recipe.run(values)
        } catch {
            // Which step failed is not known, and it would fail again.
            for parameter in parameters { parameter.revert() }
            throw error
        }
        for (request, value) in zip(requests, outputs) { request.settle(.value(value)) }
        for (kept, value) in zip(kept, outputs[requestCount...]) {
            if case .version(let version) = kept { version.settle(.value(value)) }
        }
        outputs.removeLast(kept.count)
        return outputs
    }
}

extension Trace {
    /// What the inputs of a computation are bound to.
    var bindings: [Flush.Binding] {
        get throws(TensorError) {
            var bindings: [Flush.Binding] = []
            bindings.reserveCapacity(leaves.count)
            for leaf in leaves {
                switch leaf {
                case .value(let value): bindings.append(.value(value))
                case .remote(let value): bindings.append(.remote(value))
                case .parameter: continue  // only where parameters are named
                case .placeholder(let input):
                    throw .valueMismatch(
                        name: "placeholder '\(input.name)'", expected: "a value", got: input.description)
                }
            }
            return bindings
        }
    }
}
