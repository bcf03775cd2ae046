import Datasets
import Federation
import Protocol
import Testing

@testable import Fagure

@Suite("Numbers from outside")
struct LargeNumberTests {
    @Test(
        "a model too large to send is refused before it is made",
        arguments: [[70_000, 70_000], [Int.max], [1 << 40, 1 << 40]])
    func models(_ hidden: [Int]) throws {
        let task = try LearningTask(
            DatasetDescription(
                name: "d", tags: [],
                columns: [
                    ColumnDescription(
                        name: "x", role: .feature, elementType: 1, dimensions: [4], classes: []),
                    ColumnDescription(name: "y", role: .label, elementType: 1, dimensions: [], classes: []),
                ]))
        let error = #expect(throws: ModelError.self) {
            try ModelKind.mlp(hidden: hidden).makeModel(for: task, seed: 0)
        }
        #expect("\(String(describing: error))".contains("too large to send"))
    }

    @Test("a sum of answered counts stays at the largest number")
    func counts() {
        var metrics = Metrics(examples: .max, loss: 1)
        metrics += Metrics(examples: .max, loss: 1)
        #expect(metrics.examples == .max && metrics.loss == 2)
    }
}
