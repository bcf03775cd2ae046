import Protocol
import Tensor
import Testing

@testable import Fagure

@Suite("Rows in a batch of a shard")
struct BatchSizeTests {
    @Test(
        "the smallest size from the one asked for on that leaves no batch below the minimum",
        arguments: [1, 2, 7, 32, 33, 64, 100, 3_000], [0, 1, 2, 5, 31, 32, 33, 100])
    func smallest(_ batchSize: Int, _ minimum: Int) {
        for rows in 1...2_000 {
            let size = TrainingProgram.fullBatchSize(batchSize, rows: rows, minimum: minimum)
            let first = max(batchSize, minimum)
            func fits(_ size: Int) -> Bool {
                size >= rows || rows % size == 0 || rows % size >= minimum
            }
            #expect(size >= first && size <= max(first, rows), "\(rows)")
            #expect(fits(size) && !(first..<size).contains(where: fits), "\(rows)")
            if minimum <= 1 { #expect(size == batchSize) }
        }
    }

    private func size(
        _ rule: any OptimizerRule, rows: Int, minimum: Int, isPublic: Bool
    ) throws -> Int {
        let task = try LearningTask(Samples.description([Samples.feature(), Samples.numbers()]))
        var settings = TrainingProgram.Settings()
        settings.optimizer = rule
        let program = try TrainingProgram(
            task, model: ModelKind.linear.makeModel(for: task, seed: 0), settings: settings)
        let shard = ShardDescription(
            reference: ShardReference(dataset: "sample", site: "north"), trainRows: rows, heldOutRows: 0,
            releaseRowsMinimum: minimum)
        return program.batchSize(for: shard, isPublic: isPublic)
    }

    @Test("sums of gradients and public rows keep the size; others have as many as their worker asks for")
    func whose() throws {
        for rows in [72, 240, 480] {
            #expect(try size(SGDRule(momentum: 0.9), rows: rows, minimum: 32, isPublic: false) == 32)
            #expect(try size(AdamRule(), rows: rows, minimum: 1, isPublic: true) == 32)
        }
        // 72 = 36 + 36, and 40 + 32 is more; 240 = 6 · 40; 480 = 15 · 32.
        #expect(try size(AdamRule(), rows: 72, minimum: 32, isPublic: false) == 36)
        #expect(try size(AdamRule(), rows: 240, minimum: 32, isPublic: false) == 40)
        #expect(try size(AdamRule(), rows: 480, minimum: 32, isPublic: false) == 32)
        // A rehearsal in one process, whose workers ask for one row, makes the batches of the sites.
        #expect(try size(AdamRule(), rows: 72, minimum: 1, isPublic: false) == 36)
        #expect(try size(AdamRule(), rows: 72, minimum: 50, isPublic: true) == 72)
    }
}
