import Datasets
import Jobs
import Protocol
import Tensor

@testable import WorkerKit

/// Shards, graphs and programs small enough to do by hand.
enum Lessons {
    /// Rows `[i, i²]` with target `3i`, a column `number` of just `i`, and a label `i % 3`; as many held out
    /// as asked for.
    static func shard(rowCount: Int, heldOutCount: Int = 0) throws -> Shard {
        let schema = try Schema([
            Column(name: "features", role: .feature, elementType: .float32, rowShape: try Shape([2])),
            Column(name: "number", role: .feature, elementType: .float32),
            Column(name: "target", role: .label, elementType: .float32, rowShape: try Shape([1])),
            Column(name: "label", role: .label, elementType: .int32, classes: ["a", "b", "c"]),
        ])
        func table(_ count: Int) throws -> Table {
            let numbers = (0..<count).map { Float($0) / 8 }
            return try Table(
                schema: schema,
                values: [
                    TensorValue(numbers.flatMap { [$0, $0 * $0] }, shape: [count, 2]),
                    TensorValue((0..<count).map { Float($0 + 1) }),
                    TensorValue(numbers.map { 3 * $0 }, shape: [count, 1]),
                    TensorValue((0..<count).map { Int32($0 % 3) }),
                ])
        }
        let dataset = try Dataset(
            name: "lesson", train: table(rowCount), test: heldOutCount > 0 ? table(heldOutCount) : nil)
        return try dataset.shard(0, of: 1, partition: .contiguous)
    }

    static let reference = ShardReference(dataset: "lesson", partition: "contiguous", index: 0, count: 1)

    static func input(_ name: String, _ dimensions: [Int?], _ type: ElementType = .float32) -> Graph.Input {
        Graph.Input(name: name, elementType: type, dimensions: dimensions)
    }

    /// One step of gradient descent on the mean square error of a linear model; metric: the sum of squares.
    static func regressionStep() throws -> SealedGraph {
        var b = GraphBuilder()
        let weight = b.input(input("weight", [1, 2])), bias = b.input(input("bias", [1]))
        let rate = b.input(input("rate", []))
        let x = b.input(input("x", [nil, 2])), y = b.input(input("y", [nil, 1]))
        let error = b.append(.subtract, [b.append(.linear, [x, weight, bias]), y])
        let twice = b.append(.multiply, [error, b.constant(2)])
        let weightSlope = b.append(
            .mean(axes: [0], keepsDimensions: true), [b.append(.multiply, [twice, x])])
        let biasSlope = b.append(.mean(axes: [0], keepsDimensions: false), [twice])
        let step = b.append(.negate, [rate])
        let squares = b.append(
            .sum(axes: nil, keepsDimensions: false), [b.append(.multiply, [error, error])])
        let nextWeight = b.append(.addProduct, [weight, step, weightSlope])
        let nextBias = b.append(.addProduct, [bias, step, biasSlope])
        return try SealedGraph(b.finish(outputs: [nextWeight, nextBias, squares]))
    }

    /// Puts out the last state, the mean of the metric, and the examples.
    static func regressionFinish() throws -> SealedGraph {
        var b = GraphBuilder()
        b.input(input("first weight", [1, 2]))
        b.input(input("first bias", [1]))
        let weight = b.input(input("weight", [1, 2])), bias = b.input(input("bias", [1]))
        b.input(input("rate", []))
        let squares = b.input(input("squares", [])), examples = b.input(input("examples", []))
        let mean = b.append(.divide, [squares, examples])
        return try SealedGraph(b.finish(outputs: [weight, bias, mean, examples]))
    }

    static func regression(_ schedule: Program.Schedule, part: Program.Part = .train) throws -> ProgramJob {
        ProgramJob(
            program: Program(
                step: try regressionStep(), finish: try regressionFinish(), stateCount: 2, constantCount: 1,
                columns: ["features", "target"], shard: reference, part: part, schedule: schedule,
                outputs: ["weight", "bias", "mean", "examples"]),
            bindings: [
                try TensorValue([0.5, -0.25] as [Float], shape: [1, 2]), try TensorValue([0.125] as [Float]),
                TensorValue(scalar: 0.05),
            ])
    }

    /// State `10 · state + sum of numbers`: with batches of one row its digits are the order of the rows.
    static func order(_ schedule: Program.Schedule, part: Program.Part = .train) throws -> ProgramJob {
        var step = GraphBuilder()
        let state = step.input(input("state", [])), numbers = step.input(input("number", [nil]))
        let sum = step.append(.sum(axes: nil, keepsDimensions: false), [numbers])
        let next = step.append(.addProduct, [sum, state, step.constant(10)])
        var finish = GraphBuilder()
        let first = finish.input(input("first", [])), last = finish.input(input("last", []))
        let total = finish.input(input("total", [])), examples = finish.input(input("examples", []))
        return ProgramJob(
            program: Program(
                step: try SealedGraph(step.finish(outputs: [next, sum])),
                finish: try SealedGraph(finish.finish(outputs: [first, last, total, examples])),
                stateCount: 1, constantCount: 0, columns: ["number"], shard: reference, part: part,
                schedule: schedule, outputs: ["first", "last", "total", "examples"]),
            bindings: [TensorValue(scalar: 0)])
    }
}
