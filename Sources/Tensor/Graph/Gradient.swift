extension Graph {
    /// The graph with the gradient of one of its values added: the same inputs and outputs, then for each
    /// target the gradient of `loss` with respect to it.
    ///
    /// A target the loss does not depend on gets zeros. Gradients follow PyTorch where a function has a kink:
    /// equal arguments of maximum and minimum take half each, equal extremes share evenly, relu and abs have
    /// slope 0 at 0.
    ///
    /// - Throws: `TensorError.notDifferentiable` where the loss is no scalar, a target is no float32 value,
    ///   or the way from a target to the loss passes an operation without a gradient, which is named;
    ///   `.invalidGraph`.
    package func gradient(
        of loss: ValueID, withRespectTo targets: [ValueID], origin: Origin? = nil
    ) throws(TensorError) -> Graph {
        for id in targets + [loss] where id < 0 || id >= valueCount {
            throw .invalidGraph(reason: "value \(id) is not one of \(valueCount) values")
        }
        var builder = try GraphBuilder(self)
        let gradients = try builder.gradients(of: loss, withRespectTo: targets, origin: origin)
        return builder.finish(outputs: outputs + gradients)
    }
}

extension GraphBuilder {
    /// Adds what computes the gradient of `loss` with respect to each target; see `Graph.gradient`.
    ///
    /// Nodes are walked once, from the loss backwards, and only those between a target and the loss;
    /// contributions to one value are added in that order, so the same graph always gives the same gradient.
    ///
    /// - Parameter barriers: values that count as leaves, whatever they were computed from.
    /// - Complexity: O(values up to the loss).
    package mutating func gradients(
        of loss: ValueID, withRespectTo targets: [ValueID], endingAt barriers: Set<ValueID> = [],
        origin: Origin? = nil
    ) throws(TensorError) -> [ValueID] {
        let known = knownTypes(upTo: Swift.max(loss, targets.max() ?? loss))
        try requireDifferentiable(targets, known, origin)
        var cotangents = [ValueID?](repeating: nil, count: loss + 1)
        cotangents[loss] = try seed(of: loss, known[loss], origin)
        let isOnPath = self.isOnPath(from: targets, to: loss, endingAt: barriers)
        for id in stride(from: loss, through: 0, by: -1) {
            guard case .node(let node) = entries[id] else { continue }
            let own = (id..<id + node.operation.resultCount).map { result in
                result <= loss && isOnPath[result] && !barriers.contains(result) ? cotangents[result] : nil
            }
            guard own.contains(where: { $0 != nil }) else { continue }
            let isNeeded = node.inputs.map { isOnPath[$0] }
            let contributions = try contributions(of: node, id, cotangents: own, isNeeded: isNeeded)
            for (input, contribution) in zip(node.inputs, contributions) where isOnPath[input] {
                guard let contribution else { continue }
                cotangents[input] =
                    cotangents[input].map { append(.add, [$0, contribution], origin: origins[id]) }
                    ?? contribution
            }
        }
        return targets.map { target in
            (target <= loss ? cotangents[target] : nil) ?? zeros(like: target)
        }
    }

    private mutating func contributions(
        of node: Graph.Node, _ id: ValueID, cotangents: [ValueID?], isNeeded: [Bool]
    ) throws(TensorError) -> [ValueID?] {
        guard let cotangent = cotangents.lazy.compactMap(\.self).first else { return [] }
        var rule = GradientRule(
            node: node, output: id, cotangents: cotangents, cotangent: cotangent, isNeeded: isNeeded,
            origin: origins[id], builder: GraphBuilder())
        // Swapped, not copied: a second reference to the arrays would make every step copy them.
        swap(&self, &rule.builder)
        defer { swap(&self, &rule.builder) }
        return try rule.contributions()
    }

    /// Zeros of the shape of a value.
    private mutating func zeros(like value: ValueID) -> ValueID {
        append(.broadcastLike(axes: nil, keepsDimensions: false, averaging: false), [constant(0), value])
    }

    /// The cotangent the walk starts from: 1.
    ///
    /// A loss of rank 0 is a scalar whatever the batch size, and the constant 1 will do. Otherwise
    /// `reshapeLike` checks when shapes are known that the loss has one element.
    private mutating func seed(
        of loss: ValueID, _ type: ValueType?, _ origin: Origin?
    ) throws(TensorError) -> ValueID {
        let one = constant(1)
        guard let type else { return append(.reshapeLike, [one, loss], origin: origin) }
        guard type.elementType.isDifferentiable else {
            throw .notDifferentiable(
                operation: name(of: loss), reason: "the loss is \(type.elementType)",
                origin: origin ?? origins[loss])
        }
        guard type.shape.elementCount == 1 else {
            throw .notDifferentiable(
                operation: name(of: loss),
                reason: "the loss is no scalar but has \(type.shape.rank) axes; sum it first",
                origin: origin ?? origins[loss])
        }
        return type.shape.rank == 0 ? one : append(.reshapeLike, [one, loss], origin: origin)
    }

    private func requireDifferentiable(
        _ targets: [ValueID], _ known: [ValueType?], _ origin: Origin?
    ) throws(TensorError) {
        for target in targets {
            guard let type = known[target], !type.elementType.isDifferentiable else { continue }
            throw .notDifferentiable(
                operation: name(of: target), reason: "\(type.elementType) values have no gradient",
                origin: origin ?? origins[target])
        }
    }

    /// Which values depend on a target and lead to the loss.
    private func isOnPath(
        from targets: [ValueID], to loss: ValueID, endingAt barriers: Set<ValueID>
    ) -> [Bool] {
        var depends = [Bool](repeating: false, count: loss + 1)
        for target in targets where target <= loss { depends[target] = true }
        var leads = [Bool](repeating: false, count: loss + 1)
        leads[loss] = true
        for id in 0...loss where !barriers.contains(id) {
            for input in inputs(of: id) where depends[input] { depends[id] = true }
        }
        for id in stride(from: loss, through: 0, by: -1) where leads[id] {
            for input in inputs(of: id) { leads[input] = true }
        }
        return zip(depends, leads).map { $0 && $1 }
    }

    /// The types of values as far as they can be known before the inputs are.
    ///
    /// Free sizes are taken as a probe: element types and ranks do not depend on sizes, and a loss that has
    /// one element for the probe has one for every batch. Where the probe fits no shape rule, nothing is
    /// known.
    private func knownTypes(upTo last: ValueID) -> [ValueType?] {
        let probe = 3
        var types: [ValueType?] = []
        types.reserveCapacity(last + 1)
        var others: [ValueID: [ValueType]] = [:]
        for entry in entries[0...last] {
            switch entry {
            case .input(let input):
                let shape = try? Shape(input.dimensions.map { $0 ?? probe })
                types.append(shape.map { ValueType(input.elementType, $0) })
            case .constant(let value):
                types.append(value.type)
            case .node(let node):
                let inputs = node.inputs.compactMap { types[$0] }
                let results =
                    inputs.count == node.inputs.count ? try? node.operation.outputTypes(of: inputs) : nil
                if let results, results.count > 1 { others[types.count] = results }
                types.append(results?.first)
            case .result(let first, let index):
                types.append(others[first]?[index])
            }
        }
        return types
    }

    private func name(of id: ValueID) -> String {
        switch entries[id] {
        case .input(let input): "input '\(input.name)'"
        case .constant: "a constant"
        case .node(let node): node.operation.name
        case .result(let first, _): name(of: first)
        }
    }
}
