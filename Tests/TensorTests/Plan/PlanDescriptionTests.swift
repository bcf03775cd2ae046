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

    @Test("the same work is the same data, and other work on the same types is other data")
    func equality() throws {
        let works = try Operation.samples.compactMap { sample -> (Operation.Sample, Instruction)? in
            let results = try sample.operation.outputTypes(of: sample.types)
            // Of a view the work is a copy, whatever the operation; none is ever run.
            guard !sample.operation.definition.isView(sample.types, results) else { return nil }
            let work = { sample.operation.definition.instruction(sample.types, results) }
            #expect(work() == work() && work().hashValue == work().hashValue, "\(sample)")
            return (sample, work())
        }
        var pairCount = 0
        for (one, work) in works {
            for (other, otherWork) in works where other.types == one.types && other.operation != one.operation
            {
                pairCount += 1
                #expect(work != otherWork, "\(one) and \(other)")
            }
        }
        #expect(pairCount > 100)
    }
}
