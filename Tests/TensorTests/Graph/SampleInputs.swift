@testable import Tensor

extension Operation.Sample {
    /// Numbers for every input, the same for the same seed.
    func inputs(seed: UInt64) -> [ReferenceValue] {
        var random = Philox(seed: seed, purpose: .samples)
        return zip(types, domains).map { type, domain in
            let numbers = (0..<type.shape.elementCount).map { _ -> Double in
                let uniform = Double(random.uniform())
                return switch domain {
                case .signed: uniform * 4 - 2
                case .positive: uniform + 0.5
                case .flags: uniform < 0.5 ? 0 : 1
                case .labels(let count): (uniform * Double(count)).rounded(.down)
                }
            }
            return ReferenceValue(type.shape.dimensions, numbers)
        }
    }

    /// The inputs small changes of which change the result smoothly almost everywhere.
    var smoothInputs: [Int] {
        types.indices.filter { index in
            let isCondition = operation == .select && index == 0
            let isComparedFlag = operation == .equal
            // Of equal elements the order changes with any step.
            let isOrderedFlag = chooses && domains[index] == .flags
            return types[index].elementType == .float32 && !isCondition && !isComparedFlag && !isOrderedFlag
        }
    }

    /// Whether it picks elements by their order.
    private var chooses: Bool {
        if case .maxPool = operation { return true }
        return operation.definition is any OrderingOperation
    }

    /// A graph that applies the operation to inputs named by position.
    func graph() -> Graph {
        let inputs = types.enumerated().map { index, type in
            Graph.Input(name: "\(index)", elementType: type.elementType, dimensions: type.shape.dimensions)
        }
        return Graph(
            inputs: inputs, constants: [], nodes: [Graph.Node(operation, Array(types.indices))],
            outputs: [types.count])
    }

    /// The results that are float32, with their types.
    func floatResults() throws -> [(index: Int, type: ValueType)] {
        try operation.outputTypes(of: types).enumerated().filter { $1.elementType == .float32 }
            .map { (index: $0, type: $1) }
    }

    /// Weights for the float32 results of the operation: the extra inputs of `loss`.
    func weights(seed: UInt64) throws -> [ReferenceValue] {
        var random = Philox(seed: seed, purpose: .samples)
        return try floatResults().map { _, type in
            ReferenceValue(
                type.shape.dimensions,
                (0..<type.shape.elementCount).map { _ in Double(random.uniform()) * 2 - 1 })
        }
    }

    /// A graph of the operation whose float32 results, each weighted by an extra input, are summed to a scalar; the
    /// output is its value.
    func loss() throws -> Graph {
        let results = try floatResults()
        var builder = GraphBuilder()
        var ids: [Int] = []
        for (index, type) in (types + results.map(\.type)).enumerated() {
            ids.append(
                builder.input(
                    Graph.Input(
                        name: "\(index)", elementType: type.elementType, dimensions: type.shape.dimensions)))
        }
        let first = builder.append(operation, Array(ids.prefix(types.count)))
        var total: Int?
        for (result, weight) in zip(results, ids.dropFirst(types.count)) {
            let weighted = builder.append(.multiply, [first + result.index, weight])
            let sum = builder.append(.sum(axes: nil, keepsDimensions: false), [weighted])
            total = total.map { builder.append(.add, [$0, sum]) } ?? sum
        }
        return builder.finish(outputs: [total ?? builder.constant(0)])
    }
}

extension Operation {
    /// A number of inputs it takes: two where it takes any number.
    var someInputCount: Int { Swift.min(inputCounts.upperBound, Swift.max(inputCounts.lowerBound, 2)) }
}
