import Ground
import Jobs
import Tensor

/// Graphs: decoded, validated, compiled and run on small inputs.
struct GraphTarget: Target {
    private static let memoryLimit = 16 << 20
    private static let operationMaximum = 50_000_000

    private let corpus: [[UInt8]]

    init() throws {
        var graphs = try Operation.samples.map { sample in
            var builder = GraphBuilder()
            let inputs = sample.types.enumerated().map { index, type in
                builder.input(
                    Graph.Input(
                        name: "\(index)", elementType: type.elementType, dimensions: type.shape.dimensions))
            }
            let output = builder.append(sample.operation, inputs)
            return try SealedGraph(builder.finish(outputs: [output])).bytes
        }
        let programs = try SampleJobs().programs
        graphs += programs.flatMap { [$0.program.step.bytes, $0.program.finish.bytes] }
        corpus = graphs
    }

    mutating func feed(_ random: inout Randomness) async throws -> Tally {
        var tally = Tally()
        for _ in 0..<16 {
            let bytes = Protobuf.changed(random.pick(corpus), beside: random.pick(corpus), &random)
            tally.tried += 1
            if run(bytes, &random) { tally.accepted += 1 }
        }
        return tally
    }

    /// Whether a graph could be run.
    private func run(_ bytes: [UInt8], _ random: inout Randomness) -> Bool {
        do {
            let sealed = try SealedGraph(decoding: bytes, expecting: try GraphHash(SHA256.hash(bytes)))
            let graph = sealed.graph
            try graph.validate()
            let types = try graph.inputs.map { input in
                ValueType(input.elementType, try Shape(input.dimensions.map { $0 ?? 3 }))
            }
            let size = types.reduce(0) { $0.addingSaturated($1.byteCount) }
            guard size <= GraphTarget.memoryLimit else { return false }
            let plan = try Plan(graph, inputs: types, memoryLimit: GraphTarget.memoryLimit)
            guard plan.operationEstimate <= GraphTarget.operationMaximum else { return false }
            let execution = Execution(plan)
            for (index, type) in types.enumerated() {
                let bytes = (0..<type.byteCount).map { _ in
                    // Labels are small, and so is most that is zero.
                    random.once(in: 3) ? UInt8(random.below(3)) : 0
                }
                try execution.bind(try TensorValue(type, storage: Storage(copying: bytes)), to: index)
            }
            return try execution.run()
        } catch {
            return false
        }
    }
}
