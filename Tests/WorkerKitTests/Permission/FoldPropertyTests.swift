import Datasets
import Ground
import Jobs
import Protocol
import Tensor
import TestSupport
import Testing

@testable import WorkerKit

/// Programs drawn at random, judged, and those that may run folded over data.
///
/// What leaves must not know the order of the rows within a batch. A metric must not know where batches begin
/// either: it is a sum over rows, unless the model learns meanwhile. And each must have been found over enough
/// rows: with fewer nothing that is about rows leaves.
@Suite("Programs that may run release sums")
struct FoldPropertyTests {
    /// A random program whose step is a model's value per row, put through random operations, and summed.
    private func program(seed: UInt64) -> (bench: FoldBench, learns: Bool) {
        var random = SplitMix64(seed: seed)
        let choices = (0..<8).map { _ in Int.random(in: 0..<12, using: &random) }
        let learns = Bool.random(using: &random), end = Int.random(in: 0..<6, using: &random)
        var bench = FoldBench(step: { _ in ([], []) })
        bench.states = [
            TensorValue(scalar: 0.25), TensorValue(scalar: 0.5), TensorValue(scalar: Float(end) / 4),
        ]
        bench.metricShapes = [[], []]
        bench.step = { step in
            var rows = step.features, whole = step.states[0]
            for choice in choices { FoldPropertyTests.apply(choice, step, &rows, &whole) }
            let total = end == 0 ? rows.mean() : rows.sum()
            let next = learns ? step.states[0] - 0.01 * total : step.states[0]
            let other: Tensor
            switch end {
            case 1: other = total
            case 2: other = step.states[1] + 1
            case 3: other = step.states[1] + whole
            default: other = step.states[1]
            }
            return ([next, other, step.states[2]], [total, whole + total])
        }
        // A state that changes from batch to batch weighs batches differently, as a model that learns does.
        return (bench, learns || end == 2 || end == 3)
    }

    private static func apply(
        _ choice: Int, _ step: FoldBench.Step, _ rows: inout Tensor, _ whole: inout Tensor
    ) {
        switch choice {
        case 0: rows = rows * step.states[0]
        case 1: rows = rows - step.target
        case 2: rows = rows ** 2
        case 3: rows = rows.tanh() * step.states[1]
        case 4: whole = rows.sum()
        case 5: rows = rows + whole
        case 6: whole = rows.mean() * step.states[2]
        case 7: rows = rows * whole
        case 8: rows = rows.equal(to: rows).select(rows, otherwise: step.states[2])
        case 9: rows = rows.greater(than: step.states[2])
        case 10: whole = rows.max()
        default: rows = rows[0..<1] + rows
        }
    }

    /// Rows of quarters, in an order in which those of each batch may be exchanged.
    private func shard(order: [Int]) throws -> Shard {
        let plain = try Lessons.shard(rowCount: order.count)
        let values = plain.schema.columns.map { column in
            plain.train[column.name].map { value in
                var bytes: [UInt8] = []
                value.storage.append(to: &bytes)
                let size = bytes.count / order.count
                return (value.type, order.flatMap { bytes[($0 * size)..<(($0 + 1) * size)] })
            }
        }
        let table = try Table(
            schema: plain.schema,
            values: values.compactMap { $0 }.map { try TensorValue($0, storage: .init(copying: $1)) })
        return try Dataset(name: "lesson", train: table, test: nil).shard(0, of: 1, partition: .contiguous)
    }

    private func outputs(_ bench: FoldBench, _ order: [Int]) throws -> (Failure?, [Float]) {
        var worker = TestBench(shards: [try shard(order: order)])
        let answer = worker.answer(try bench.job().job.payload(includesGraphs: true))
        if let failure = answer.failure { return (failure, []) }
        return (nil, try answer.result().outputs.flatMap { try $0.value.floats })
    }

    private func agree(_ left: [Float], _ right: [Float]) -> Bool {
        zip(left, right).allSatisfy { left, right in
            abs(left - right) <= 1e-3 * max(1, abs(left)) || !left.isFinite && !right.isFinite
                || max(abs(left), abs(right)) > 1e6
        }
    }

    @Test("rows of a batch may change positions, and a sum without learning may be cut anywhere")
    func randomPrograms() throws {
        var allowed = 0, refused = 0, uncut = 0
        for seed in 0..<UInt64(3_000) {
            var (bench, learns) = program(seed: seed &* 0x9e37_79b9)
            bench.schedule.batchSize = [4, 5, 8, 40][Int(seed % 4)]
            let size = bench.schedule.batchSize, order = Array(0..<40)
            let (failure, plain) = try outputs(bench, order)
            guard failure == nil else {
                #expect(failure?.code == .notPermitted, "\(String(describing: failure)) of seed \(seed)")
                refused += 1
                continue
            }
            allowed += 1
            let moved = stride(from: 0, to: 40, by: size).flatMap {
                order[$0..<min($0 + size, 40)].reversed()
            }
            #expect(agree(plain, try outputs(bench, moved).1), "the order within a batch, seed \(seed)")
            bench.schedule.batchLimit = max(1, 31 / size)
            if size < 32 { #expect(try outputs(bench, order).0?.code == .notPermitted, "seed \(seed)") }
            guard !learns, size < 32 else { continue }
            bench.schedule.batchLimit = nil
            let backwards = try outputs(bench, order.reversed())
            #expect(
                backwards.0 == nil && agree(plain, backwards.1),
                "the order of all rows, seed \(seed): \(plain), \(backwards.1)")
            uncut += 1
        }
        #expect(allowed > 60 && refused > 60 && uncut > 3, "\(allowed), \(refused), \(uncut)")
    }
}
