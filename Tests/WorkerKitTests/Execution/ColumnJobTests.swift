import Datasets
import Jobs
import Protocol
import Tensor
import Testing

@testable import WorkerKit

/// What a trainer may learn from the columns of a worker's data by tensor jobs.
@Suite("Tensor jobs on columns")
struct ColumnJobTests {
    private static let rowCount = 40

    private func bench(rowCount: Int = rowCount, rowsMinimum: Int = 32) throws -> TestBench {
        TestBench(
            shards: [try Lessons.shard(rowCount: rowCount, heldOutCount: 3)], rowsMinimum: rowsMinimum)
    }

    private func column(_ name: String, _ part: Program.Part = .train) -> TensorJob.Binding {
        .column(ColumnReference(shard: Lessons.reference, part: part, name: name))
    }

    private func values(_ name: String) throws -> TensorValue {
        try #require(try Lessons.shard(rowCount: Self.rowCount).train[name])
    }

    private func refusal(
        _ output: Int, _ fault: String = "would tell of single rows", rowsMinimum: Int = 32
    ) -> Failure {
        Failure(
            .notPermitted,
            "data set lesson at worker bob: output \(output) \(fault); only a whole-batch loss or gradients of "
                + "parameters over at least \(rowsMinimum) rows may leave")
    }

    /// What is said of a sum of columns as they are.
    private static let sum = "is a sum of rows in which no parameter of a model had a part"

    /// One operation on `features`, after what the operation takes besides.
    private func job(
        on name: String = "features", _ dimensions: [Int?] = [nil, 2], _ type: ElementType = .float32,
        _ build: (inout GraphBuilder, Int) -> [Int]
    ) throws -> TensorJob {
        var builder = GraphBuilder()
        let x = builder.input(Lessons.input("x", dimensions, type))
        let outputs = build(&builder, x)
        return TensorJob(
            graph: try SealedGraph(builder.finish(outputs: outputs)), bindings: [column(name)])
    }

    /// The mean square error of a linear model, and its gradients with respect to weight and bias.
    private func lesson() throws -> (graph: Graph, parameters: [TensorValue]) {
        var builder = GraphBuilder()
        let weight = builder.input(Lessons.input("weight", [1, 2]))
        let bias = builder.input(Lessons.input("bias", [1]))
        let x = builder.input(Lessons.input("x", [nil, 2])), y = builder.input(Lessons.input("y", [nil, 1]))
        let guess = builder.append(.linear, [x, weight, bias])
        let error = builder.append(.subtract, [guess, y])
        let square = builder.append(.multiply, [error, error])
        let loss = builder.append(.mean(axes: nil, keepsDimensions: false), [square])
        let forward = builder.finish(outputs: [loss])
        let graph = try forward.gradient(of: forward.outputs[0], withRespectTo: [weight, bias])
        let weights = try TensorValue([0.5, -0.25] as [Float], shape: [1, 2])
        return (graph, [weights, try TensorValue([0.125] as [Float])])
    }

    private func lessonJob() throws -> TensorJob {
        let (graph, parameters) = try lesson()
        return TensorJob(
            graph: try SealedGraph(graph),
            bindings: parameters.map { .value($0) } + [column("features"), column("target")])
    }

    // MARK: What may leave

    @Test("a whole-batch loss and the gradients of parameters come back, bit for bit")
    func learning() throws {
        var bench = try bench()
        let (graph, parameters) = try lesson()
        let expected = try graph.evaluate(parameters + [values("features"), values("target")])
        #expect(try bench.result(lessonJob()).outputs.map(\.value) == expected)
    }

    @Test("over too few rows they do not; the owner says how few")
    func fewRows() throws {
        var few = try bench(rowCount: 31)
        #expect(few.failure(try lessonJob()) == refusal(0, "is about 31 rows"))
        var strict = try bench(rowsMinimum: 41)
        #expect(strict.failure(try lessonJob()) == refusal(0, "is about 40 rows", rowsMinimum: 41))
        var lenient = try bench(rowCount: 5, rowsMinimum: 5)
        #expect(lenient.failure(try lessonJob()) == nil)
        var heldOut = try lessonJob()
        heldOut.bindings[2...] = [column("features", .heldOut), column("target", .heldOut)]
        var bench = try bench()
        #expect(bench.failure(heldOut) == refusal(0, "is about 3 rows"))
    }

    @Test("classes may be learnt from whole columns, with a logit for each class")
    func classes() throws {
        func job(classCount: Int) throws -> TensorJob {
            var builder = GraphBuilder()
            let weight = builder.input(Lessons.input("weight", [nil, 2]))
            let bias = builder.input(Lessons.input("bias", [nil]))
            let x = builder.input(Lessons.input("x", [nil, 2]))
            let labels = builder.input(Lessons.input("labels", [nil], .int32))
            let logits = builder.append(.linear, [x, weight, bias])
            let loss = builder.append(.softmaxCrossEntropy(.mean), [logits, labels])
            let forward = builder.finish(outputs: [loss])
            let graph = try forward.gradient(of: forward.outputs[0], withRespectTo: [weight])
            return TensorJob(
                graph: try SealedGraph(graph),
                bindings: [
                    .value(.zeros(ValueType(.float32, try Shape([classCount, 2])))),
                    .value(.zeros(ValueType(.float32, try Shape([classCount])))),
                    column("features"), column("label"),
                ])
        }
        var bench = try bench()
        #expect(try bench.result(job(classCount: 3)).outputs.count == 2)
        // With a logit too few it would fail exactly if some row has the last class.
        #expect(
            bench.failure(try job(classCount: 2))
                == Failure(
                    .notPermitted,
                    "data set lesson at worker bob: whether softmaxCrossEntropy fails would tell of single "
                        + "rows; its labels must be a whole column, with a class for each of the column's"))
    }

    // MARK: What may not

    @Test("a column is not fetched, transferred, summed, sliced or looked at through its values")
    func columns() throws {
        var bench = try bench()
        #expect(bench.failure(try job { _, x in [x] }) == refusal(0))
        #expect(bench.failure(try job { b, x in [b.append(.negate, [x])] }) == refusal(0))
        #expect(
            bench.failure(try job { b, x in [b.append(.sum(axes: nil, keepsDimensions: false), [x])] })
                == refusal(0, Self.sum))
        #expect(
            bench.failure(try job { b, x in [b.append(.mean(axes: [0], keepsDimensions: false), [x])] })
                == refusal(0, Self.sum))
        #expect(
            bench.failure(try job { b, x in [b.append(.max(axes: nil, keepsDimensions: false), [x])] })
                == refusal(0))
        #expect(
            bench.failure(try job { b, x in [b.append(.argmax(axis: 0), [x])] }) == refusal(0))
        let row = try TensorValue([1] + [Float](repeating: 0, count: Self.rowCount - 1), shape: [1, 40])
        let sliced = try job { b, x in
            let first = b.constant(row)
            return [b.append(.matmul(transposeLeft: false, transposeRight: false), [first, x])]
        }
        #expect(bench.failure(sliced) == refusal(0))
        var moved = try job { _, x in [x] }
        moved.transfer = TensorJob.Transfer(
            worker: SessionID(high: 1, low: 2), kept: [TensorJob.Kept(output: 0, object: ObjectID(1))])
        #expect(bench.failure(moved) == refusal(0))
        // What the trainer brought along may go back beside it, and only then.
        let beside = try job { b, x in [b.constant(1), x] }
        #expect(bench.failure(beside) == refusal(1))
        #expect(bench.failure(try job(on: "label", [nil], .int32) { _, x in [x] }) == refusal(0))
    }

    @Test("what is made of a column stays as private as the column when it is kept")
    func keptLabels() throws {
        var bench = try bench()
        var keep = try job { b, x in [b.append(.negate, [x])] }
        keep.kept = [TensorJob.Kept(output: 0, object: ObjectID(1))]
        #expect(try bench.result(keep).outputs.isEmpty)
        #expect(try bench.ids() == [1])
        var fetch = try job { _, x in [x] }
        fetch.bindings = [.object(ObjectID(1))]
        #expect(bench.failure(fetch) == refusal(0))
        var again = fetch
        again.kept = [TensorJob.Kept(output: 0, object: ObjectID(2))]
        #expect(bench.failure(again) == nil)
        fetch.bindings = [.object(ObjectID(2))]
        #expect(bench.failure(fetch) == refusal(0))
        // A loss over kept rows is a loss over rows.
        var learn = try lessonJob()
        learn.bindings[2] = .object(ObjectID(2))
        #expect(bench.failure(learn) == nil)
        // What the trainer puts in its place is the trainer's.
        #expect(bench.store([2: try TensorValue([1, 2] as [Float], shape: [1, 2])]) == nil)
        #expect(try bench.result(fetch).outputs[0].value.floats == [1, 2])
    }

    @Test("nothing secret is computed, for the time it takes would tell")
    func secretWork() throws {
        var bench = try bench()
        var probe = try job { b, x in
            let row = b.append(.slice(starts: [0], stops: [1], steps: [1]), [x])
            let bit = b.append(.greater, [row, b.constant(0.5)])
            let wide = b.append(.expand(to: [64, 2]), [bit])
            return [b.append(.tanh, [wide])]
        }
        probe.kept = [TensorJob.Kept(output: 0, object: ObjectID(1))]
        let failure = bench.failure(probe)
        #expect(failure?.code == .notPermitted)
        #expect(failure?.message.contains("slice would make something that tells of single rows") == true)
        #expect(try bench.ids() == [])
    }

    @Test("no row is read through whether a job fails, and no value through why")
    func errors() throws {
        var bench = try bench()
        // Fails exactly if a row of `number` is above 12.
        let probe = try job(on: "number", [nil]) { b, x in
            let isAbove = b.append(.greater, [x, b.constant(12)])
            let index = b.append(.cast(to: .int32), [isAbove])
            return [b.append(.oneHot(depth: 1), [index])]
        }
        var kept = probe
        kept.kept = [TensorJob.Kept(output: 0, object: ObjectID(1))]
        for job in [probe, kept] {
            #expect(
                bench.failure(job)
                    == Failure(
                        .notPermitted,
                        "data set lesson at worker bob: whether oneHot fails would tell of single rows; its "
                            + "labels must be a whole column, with a class for each of the column's"))
        }
        // An index the trainer brought may fail, but beside private values not say how.
        var builder = GraphBuilder()
        let x = builder.input(Lessons.input("x", [nil, 2]))
        let index = builder.input(Lessons.input("index", [1], .int32))
        let outputs = [builder.append(.negate, [x]), builder.append(.oneHot(depth: 1), [index])]
        let job = TensorJob(
            graph: try SealedGraph(builder.finish(outputs: outputs)),
            bindings: [column("features"), .value(try TensorValue([4_711] as [Int32]))],
            kept: [TensorJob.Kept(output: 0, object: ObjectID(1))])
        let failure = bench.failure(job)
        #expect(failure?.code == .executionFailed)
        #expect(failure?.message.contains("4711") == false)
        #expect(try bench.ids() == [])
    }

    @Test("shards and columns that are not there are named as for programs")
    func unknown() throws {
        var bench = try bench()
        var job = try job { _, x in [x] }
        job.bindings = [column("pixels")]
        #expect(
            bench.failure(job)
                == Failure(
                    .unknownDataset,
                    "data set lesson has no column pixels, it has features, number, target, label"))
        let other = ShardReference(dataset: "mnist", partition: "iid:0", index: 1, count: 2)
        job.bindings = [.column(ColumnReference(shard: other, part: .train, name: "features"))]
        #expect(
            bench.failure(job)
                == Failure(
                    .unknownDataset,
                    "this worker does not serve mnist 1/2 (iid:0), it serves lesson 0/1 (contiguous)"))
    }

    // MARK: Cost

    @Test("a column is shared, not copied, and a graph judged once for the same labels")
    func sharing() throws {
        let inventory = Inventory.of("bob", shards: [try Lessons.shard(rowCount: Self.rowCount)])
        let first = try inventory.input(column("features"), of: TestBench.ann)
        let second = try inventory.input(column("features"), of: TestBench.ben)
        #expect(try first.value().storage === second.value().storage)
        #expect(first.classCount == nil)
        #expect(try inventory.input(column("label"), of: TestBench.ann).classCount == 3)
        var runner = GraphRunner(inventory)
        var plans = PlanCache()
        let surroundings = GraphRunner.Surroundings(
            owner: TestBench.ann, isHurried: false, flag: .never, now: { 0 })
        for _ in 0..<3 { _ = try runner.answer(lessonJob().job, plans: &plans, surroundings) }
        #expect(runner.verdicts.judgedCount == 1 && plans.compiledCount == 1)
        var open = try lessonJob()
        open.bindings[2...] = [.value(try values("features")), .value(try values("target"))]
        _ = try runner.answer(open.job, plans: &plans, surroundings)
        #expect(runner.verdicts.judgedCount == 1 && plans.compiledCount == 1)
    }
}
