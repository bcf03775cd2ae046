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
            return types[index].elementType == .float32 && !isCondition && !isComparedFlag
        }
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

    /// A graph of the operation whose output, weighted by an extra input, is summed to a scalar; the output
    /// is its value.
    func loss() throws -> Graph {
        let output = try operation.outputType(of: types)
        var builder = GraphBuilder()
        var ids: [Int] = []
        for (index, type) in (types + [ValueType(.float32, output.shape)]).enumerated() {
            ids.append(
                builder.input(
                    Graph.Input(
                        name: "\(index)", elementType: type.elementType, dimensions: type.shape.dimensions)))
        }
        let result = builder.append(operation, Array(ids.dropLast()))
        let weighted = builder.append(.multiply, [result, ids[ids.count - 1]])
        let total = builder.append(.sum(axes: nil, keepsDimensions: false), [weighted])
        return builder.finish(outputs: [total])
    }
}
