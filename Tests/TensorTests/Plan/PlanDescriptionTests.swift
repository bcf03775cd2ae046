import Testing

@testable import Tensor

@Suite("what a plan says of itself")
struct PlanDescriptionTests {
    @Test("every step with its sizes, what it makes and what that takes")
    func lines() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [4, 3]), weight = sketch.input("w", [2, 3]), bias = sketch.input("b", [2])
        let labels = sketch.input("y", [4], .int32)
        let logits = sketch(.linear, sketch(.tanh, x), weight, bias)
        let hidden = sketch(.relu, logits)
        let loss = sketch(.softmaxCrossEntropy(.mean), hidden, labels)
        let plan = try Plan(sketch.graph([loss]))
        #expect(
            plan.description == """
                3 steps, 68 operations, \(plan.byteCount) bytes of memory
                1. tanh → float32 [4, 3]: 12 operations, 96 bytes
                2. linear [4, 3], weight [2, 3], relu → float32 [4, 2]: 48 operations, 112 bytes
                3. crossEntropy of [4, 2], mean → float32 []: 8 operations, 52 bytes
                """)
    }

    @Test("operations as they are counted, once where relu joins linear", arguments: 0..<20)
    func counts(_ seed: Int) throws {
        let (graph, _) = try PlanTests.randomGraph(seed: UInt64(seed))
        let plan = try Plan(graph)
        #expect(plan.listings.count == plan.steps.count)
        #expect(plan.listings.reduce(0) { $0 + $1.operationCount } == plan.operationEstimate)
        #expect(plan.description.split(separator: "\n").count == plan.steps.count + 1)
    }

    @Test("equal work is equal as data, and other work is not")
    func equality() throws {
        let samples = Operation.samples.map { sample -> (Operation.Sample, Instruction) in
            // The shape rule has passed every sample.
            let type = (try? sample.operation.outputType(of: sample.types)) ?? sample.types[0]
            return (sample, sample.operation.definition.instruction(sample.types, type))
        }
        for (one, instruction) in samples {
            let same = samples.filter { $0.1 == instruction }
            #expect(same.contains { $0.0.operation == one.operation && $0.0.types == one.types }, "\(one)")
            #expect(same.allSatisfy { $0.1.hashValue == instruction.hashValue })
        }
        #expect(Set(samples.map(\.1)).count > 40)
    }
}
