import Federation
import Tensor
import Testing

@Suite("What grew too much to be folded")
struct GrowthTests {
    private func growth(_ numbers: [Float], from base: [Float], loss: Double = 0) throws -> Double {
        let model = ModelState(parameters: [NamedValue(name: "w", value: try TensorValue(base))])
        let update = Update(
            shard: 0, baseVersion: 0, weight: 1,
            values: [NamedValue(name: "w", value: try TensorValue(numbers))],
            metrics: Metrics(examples: 1, loss: loss))
        return Growth.of(update, from: model)
    }

    @Test("growth is the largest magnitude by that of the model, small models counting as 1")
    func ratio() throws {
        #expect(try growth([1, -6, 2], from: [3, 0, -1]) == 2)
        #expect(try growth([0.5, -4, 2], from: [0.1, 0, 0]) == 4)
        #expect(try growth([1, 2], from: [.nan, 0]) == 2)
        #expect(try growth([.nan, 2], from: [1, 1]) == .infinity)
        #expect(try growth([1, -.infinity], from: [1, 1]) == .infinity)
        #expect(try growth([1, 1], from: [1, 1], loss: .nan) == .infinity)
    }

    @Test(
        "an outlier is a thousand times above the lower median of those that are numbers",
        arguments: [
            (1_001, [1_001, 1], true), (999, [999, 1], false), (.infinity, [.infinity, 1], true),
            (.infinity, [.infinity, .infinity], false), (1e6, [1e6, 2e6, 3e6], false),
            (1e30, [1e6, 1e30, 2e6], true), (1e6, [1e6, 0, 1e6], false),
            (50_000, [50_000, .infinity, 10], true),
            (5_000, [5_000], false),
        ] as [(Double, [Double], Bool)])
    func outliers(growth: Double, round: [Double], isOutlier: Bool) {
        #expect(Growth.isOutlier(growth, in: round) == isOutlier)
    }
}
