import Tensor
import Testing

@testable import WorkerKit

/// Whether values are what their forms say, found by computing them.
///
/// The rows of each batch are put in another order: rows must move along and all else stay. Then all private
/// values are replaced by others: what is open must not change at all.
@Suite("Forms hold on data")
struct RowPropertyTests {
    @Test("rows move with the rows, sums stay, and what is open knows nothing of either")
    func randomGraphs() throws {
        var tally = Tally()
        for seed in 0..<UInt64(650) {
            let random = try RandomRowGraph(seed: seed &* 0x1234_5678_9abc, nodeCount: 24)
            try FormCheck(random, seed: seed).run(&tally)
        }
        // The property is about something: many values of each form, from every operation that can make them.
        #expect(tally.rows > 2000 && tally.aggregates > 2000 && tally.uniform > 400, "\(tally)")
        #expect(tally.skipped * 10 < tally.checked, "\(tally)")
        let all = Set(Operation.samples.map(\.operation.name))
        #expect(tally.names == all, "never drawn: \(all.subtracting(tally.names))")
        // What picks by place makes no rows, even where it would pick the same of each.
        let noRows: Set = [
            "argmax", "topK", "sort", "takeAlong", "scatterAlong",
            "convolutionWeightGradient", "scatterRows",
        ]
        #expect(tally.rowNames.isSuperset(of: all.subtracting(noRows)), "\(all.subtracting(tally.rowNames))")
        let sums: Set = [
            "sum", "mean", "sumLike", "matmul", "softmaxCrossEntropy", "convolutionWeightGradient",
            "scatterRows",
        ]
        #expect(tally.sumNames == sums)
    }
}

/// What was checked.
struct Tally {
    var checked = 0, skipped = 0, rows = 0, aggregates = 0, uniform = 0
    /// The operations drawn, those that made rows, and those that made sums of rows.
    var names: Set<String> = [], rowNames: Set<String> = [], sumNames: Set<String> = []
}
