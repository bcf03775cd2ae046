import Datasets
import Jobs
import Protocol
import Synchronization
import Tensor
import Testing

@testable import WorkerKit

@Suite("Programs beside the data")
struct FoldRunnerTests {
    /// Runs a program, by default never cancelled; nobody asks whether it may.
    private func run(
        _ job: ProgramJob, on shard: Shard, cache: inout PlanCache, flag: CancelFlag = .never
    ) throws -> JobResult {
        try job.run(on: shard, cache: &cache, flag: flag)
    }

    private func run(_ job: ProgramJob, on shard: Shard) throws -> JobResult {
        var cache = PlanCache()
        return try run(job, on: shard, cache: &cache)
    }

    private func refusal(of job: ProgramJob, on shard: Shard) -> JobError? {
        do {
            _ = try run(job, on: shard)
            return nil
        } catch {
            return error as? JobError
        }
    }

    // MARK: What comes out

    /// The regression by hand, in double precision.
    private func byHand(rows order: [[Int]]) -> (weight: [Double], bias: Double, squares: Double) {
        var weight = [0.5, -0.25], bias = 0.125, squares = 0.0
        for rows in order {
            var slopes = (0.0, 0.0, 0.0)
            for row in rows {
                let x = Double(row) / 8
                let error = weight[0] * x + weight[1] * x * x + bias - 3 * x
                squares += error * error
                let scale = 2 * error / Double(rows.count)
                slopes = (slopes.0 + scale * x, slopes.1 + scale * x * x, slopes.2 + scale)
            }
            weight = [weight[0] - 0.05 * slopes.0, weight[1] - 0.05 * slopes.1]
            bias -= 0.05 * slopes.2
        }
        return (weight, bias, squares)
    }

    @Test(
        "linear regression agrees with the same steps by hand, remainder batches included",
        arguments: [
            (4, 2, 1), (5, 2, 1), (5, 2, 3), (5, 5, 4), (5, 8, 4), (7, 3, 5), (1, 4, 2), (6, 1, 2),
        ])
    func regression(rowCount: Int, batchSize: Int, epochs: Int) throws {
        for seed in [nil, 11] as [UInt64?] {
            for drops in [false, true] {
                let schedule = Program.Schedule(
                    epochs: epochs, batchSize: batchSize, shuffleSeed: seed, dropsRemainder: drops)
                var batches: [[Int]] = []
                for epoch in 0..<epochs {
                    let order = RowOrder.rows(rowCount, shuffleSeed: seed, epoch: epoch).map { Int($0) }
                    for start in stride(from: 0, to: rowCount, by: batchSize) {
                        let rows = Array(order[start..<min(start + batchSize, rowCount)])
                        if rows.count == batchSize || !drops { batches.append(rows) }
                    }
                }
                let result = try run(
                    try Lessons.regression(schedule), on: try Lessons.shard(rowCount: rowCount))
                let (weight, bias, squares) = byHand(rows: batches)
                let examples = batches.reduce(0) { $0 + $1.count }
                #expect(result.batches == batches.count && result.examples == examples)
                #expect(close(try #require(result["weight"]).floats, weight))
                #expect(close(try #require(result["bias"]).floats, [bias]))
                #expect(try #require(result["examples"]).scalar() == Float(examples))
                guard examples > 0 else { continue }
                #expect(close(try #require(result["mean"]).floats, [squares / Double(examples)]))
            }
        }
    }

    private func close(_ got: [Float], _ expected: [Double]) -> Bool {
        got.count == expected.count
            && zip(got, expected).allSatisfy { abs(Double($0) - $1) <= 1e-5 * max(1, abs($1)) }
    }

    @Test("metrics are sums over all batches and epochs, whatever their size")
    func metrics() throws {
        for batchSize in 1...6 {
            let result = try run(
                try Lessons.order(.init(epochs: 3, batchSize: batchSize)), on: try Lessons.shard(rowCount: 5))
            #expect(try #require(result["total"]).scalar() == 3 * 15)
            #expect(try #require(result["examples"]).scalar() == 15)
        }
    }

    @Test("rows come in file order, or in an order of the seed's that is new in each epoch")
    func order() throws {
        let shard = try Lessons.shard(rowCount: 5)
        let plain = try run(try Lessons.order(.init(epochs: 1, batchSize: 1)), on: shard)
        #expect(try #require(plain["last"]).scalar() == 12_345)
        func digits(_ epoch: Int) -> [Int32] { RowOrder.rows(5, shuffleSeed: 3, epoch: epoch).map { $0 + 1 } }
        func number(_ digits: [Int32]) -> Float { digits.reduce(0) { 10 * $0 + Float($1) } }
        let shuffled = try run(try Lessons.order(.init(epochs: 1, batchSize: 1, shuffleSeed: 3)), on: shard)
        #expect(try #require(shuffled["last"]).scalar() == number(digits(0)))
        #expect(digits(0) != digits(1))
        let both = try run(
            try Lessons.order(.init(epochs: 2, batchSize: 1, shuffleSeed: 3, batchLimit: 7)), on: shard)
        #expect(try #require(both["last"]).scalar() == number(digits(0) + digits(1).prefix(2)))
        #expect(both.batches == 7 && both.examples == 7)
    }

    @Test(
        "a batch limit counts over all epochs, and may end before the remainder",
        arguments: [1, 2, 3, 4, 7, 100])
    func batchLimit(limit: Int) throws {
        let result = try run(
            try Lessons.order(.init(epochs: 2, batchSize: 2, batchLimit: limit)),
            on: try Lessons.shard(rowCount: 5))
        let sizes = [2, 2, 1, 2, 2, 1].prefix(limit)
        #expect(result.batches == sizes.count)
        #expect(result.examples == sizes.reduce(0, +))
    }

    @Test("no rows give zero metrics and the state unchanged")
    func noRows() throws {
        var job = try Lessons.order(.init(epochs: 1_000_000, batchSize: 3), part: .heldOut)
        job.bindings = [.value(TensorValue(scalar: 7))]
        let result = try run(job, on: try Lessons.shard(rowCount: 5))
        #expect(try result.outputs.map { try $0.value.scalar() } == [7, 7, 0, 0])
        #expect(result.batches == 0 && result.examples == 0)
        let dropped = try run(
            try Lessons.order(.init(batchSize: 8, dropsRemainder: true)), on: try Lessons.shard(rowCount: 5))
        #expect(dropped.batches == 0)
    }

    @Test("the held-out rows are read when the program says so")
    func heldOut() throws {
        let shard = try Lessons.shard(rowCount: 5, heldOutCount: 3)
        let result = try run(try Lessons.order(.init(batchSize: 2), part: .heldOut), on: shard)
        #expect(try #require(result["total"]).scalar() == 6)
    }

    @Test("numbers that are not finite are the trainer's to judge")
    func notFinite() throws {
        var job = try Lessons.regression(.init(epochs: 30, batchSize: 2))
        job.bindings[2] = .value(TensorValue(scalar: 1e20))
        let result = try run(job, on: try Lessons.shard(rowCount: 5))
        #expect(try #require(result["mean"]).scalar().isFinite == false)
    }

    // MARK: Repeats

    @Test("the same job gives the same bits, in the same buffers or in new ones, whatever ran between")
    func sameBits() throws {
        let shard = try Lessons.shard(rowCount: 23)
        let job = try Lessons.regression(.init(epochs: 3, batchSize: 4, shuffleSeed: 5))
        var cache = PlanCache()
        let first = try run(job, on: shard, cache: &cache)
        _ = try run(try Lessons.regression(.init(epochs: 1, batchSize: 4)), on: shard, cache: &cache)
        let second = try run(job, on: shard, cache: &cache)
        let third = try run(job, on: shard)
        #expect(first.outputs.map(\.value) == second.outputs.map(\.value))
        #expect(first.outputs.map(\.value) == third.outputs.map(\.value))
    }

    @Test("a plan too large to be kept gives its states away, and the next job does not touch them")
    func ownPlans() throws {
        let shard = try Lessons.shard(rowCount: 23)
        let job = try Lessons.regression(.init(epochs: 3, batchSize: 4, shuffleSeed: 5))
        let other = try Lessons.regression(.init(epochs: 1, batchSize: 4))
        var kept = PlanCache(), none = PlanCache(byteCountMaximum: 0)
        let expected = try run(job, on: shard, cache: &kept)
        let first = try run(job, on: shard, cache: &none)
        let changed = try run(other, on: shard, cache: &none)
        let second = try run(job, on: shard, cache: &none)
        #expect(first.outputs.map(\.value) == expected.outputs.map(\.value))
        #expect(second.outputs.map(\.value) == expected.outputs.map(\.value))
        #expect(changed.outputs.map(\.value) != expected.outputs.map(\.value))
        #expect(none.compiledCount == 3 * kept.compiledCount)
    }

    @Test("a repeated program compiles nothing")
    func plansAreKept() throws {
        let shard = try Lessons.shard(rowCount: 5)
        var cache = PlanCache()
        let job = try Lessons.regression(.init(batchSize: 2))
        _ = try run(job, on: shard, cache: &cache)
        #expect(cache.compiledCount == 3)  // full batches, the remainder, the finish graph
        _ = try run(job, on: shard, cache: &cache)
        _ = try run(
            try Lessons.regression(.init(epochs: 9, batchSize: 2, shuffleSeed: 1)), on: shard, cache: &cache)
        #expect(cache.compiledCount == 3)
        _ = try run(try Lessons.regression(.init(batchSize: 3)), on: shard, cache: &cache)
        #expect(cache.compiledCount == 4)  // only its full batches: two rows remain, and that plan is there
    }

    // MARK: While it runs

    @Test("a cancelled program stops at the next kernel and says so")
    func cancellation() throws {
        let shard = try Lessons.shard(rowCount: 50)
        let job = try Lessons.regression(.init(epochs: 100, batchSize: 1))
        var cache = PlanCache()
        for limit in [1, 2, 50, 1_000] {
            let asked = Atomic(0)
            let flag = CancelFlag { asked.add(1, ordering: .relaxed).newValue >= limit }
            #expect(throws: JobError.cancelled) { try run(job, on: shard, cache: &cache, flag: flag) }
            #expect(asked.load(ordering: .relaxed) == limit)
        }
        // Buffers of a cancelled run do no harm to the next.
        let short = try Lessons.regression(.init(batchSize: 1))
        #expect(
            try run(short, on: shard, cache: &cache).outputs.map(\.value)
                == run(short, on: shard).outputs.map(\.value))
    }

    @Test("progress is told at most every 250 ms, and not after the last batch")
    func progress() throws {
        let time = Atomic<Int64>(0)
        let inventory = Inventory.of("bob", shards: [try Lessons.shard(rowCount: 9)], rowsMinimum: 1)
        var bench = Workbench(
            inventory, now: { time.add(100_000_000, ordering: .relaxed).newValue })
        var reports: [JobProgress] = []
        let job = try Lessons.regression(.init(epochs: 2, batchSize: 2))
        let result = try bench.answer(
            Work(run: 1, job.job.payload(includesGraphs: true), for: TestBench.ann), started: {},
            progressed: { reports.append($0) }
        ).result()
        #expect(reports.map(\.batchesDone) == [2, 5, 8])
        #expect(reports.allSatisfy { $0.batchesTotal == 10 })
        #expect(reports.map(\.examplesDone) == [4, 9, 15])
        #expect(abs(result.seconds - 1) < 1e-9)
    }

    // MARK: What cannot be run

    @Test("a column the shard has not is named, with those it has")
    func unknownColumn() throws {
        var job = try Lessons.order(.init(batchSize: 2))
        job.program.columns = ["pixels"]
        #expect(
            refusal(of: job, on: try Lessons.shard(rowCount: 5))
                == .unknownDataset(
                    "data set lesson has no column pixels, it has features, number, target, label"))
    }

    @Test("graphs that do not fit columns, bindings or each other are refused by what they expected and got")
    func misfits() throws {
        let shard = try Lessons.shard(rowCount: 5)
        var job = try Lessons.order(.init(batchSize: 2))
        job.program.columns = ["label"]
        #expect(
            refusal(of: job, on: shard)
                == .invalid("the step graph: number: expected float32 [?], got int32 [2]"))
        job.program.columns = ["features"]
        #expect(
            refusal(of: job, on: shard)
                == .invalid("the step graph: number: expected float32 [?], got float32 [2, 2]"))
        job = try Lessons.order(.init(batchSize: 2))
        job.bindings = [.value(try TensorValue([1, 2] as [Float]))]
        #expect(
            refusal(of: job, on: shard)
                == .invalid("the step graph: state: expected float32 [], got float32 [2]"))
        job = try Lessons.order(.init(batchSize: 2))
        job.bindings = []
        #expect(
            refusal(of: job, on: shard)
                == .invalid("the step graph has 2 inputs for 0 states, 0 constants and 1 columns"))
    }

    @Test("a step graph whose new state has another shape is refused")
    func stateShape() throws {
        var step = GraphBuilder()
        step.input(Lessons.input("state", []))
        let numbers = step.input(Lessons.input("number", [nil]))
        var job = try Lessons.order(.init(batchSize: 2))
        job.program.step = try SealedGraph(step.finish(outputs: [numbers, numbers]))
        #expect(
            refusal(of: job, on: try Lessons.shard(rowCount: 4))
                == .invalid("the step graph: the new value of 'state': expected float32 [], got float32 [2]"))
    }

    @Test("a metric whose shape follows the batch is refused when batches differ")
    func metricShape() throws {
        var step = GraphBuilder()
        let state = step.input(Lessons.input("state", [])),
            numbers = step.input(Lessons.input("number", [nil]))
        var job = try Lessons.order(.init(batchSize: 2))
        job.program.step = try SealedGraph(step.finish(outputs: [state, numbers]))
        #expect(
            refusal(of: job, on: try Lessons.shard(rowCount: 5))
                == .invalid(
                    "the step graph: graph is invalid: the shape of a metric depends on the number of rows in a batch"
                ))
    }

    @Test("a graph with a cycle is refused, and so is one whose shapes do not fit")
    func brokenGraphs() throws {
        let shard = try Lessons.shard(rowCount: 4)
        var job = try Lessons.order(.init(batchSize: 2))
        let inputs = job.program.step.graph.inputs
        job.program.step = try SealedGraph(
            Graph(
                inputs: inputs, constants: [], nodes: [Graph.Node(.negate, [3]), Graph.Node(.negate, [2])],
                outputs: [2, 3]))
        #expect(
            refusal(of: job, on: shard)
                == .invalid(
                    "the step graph: graph is invalid: node 0 (negate) is value 2 and reads value 3, "
                        + "which is not made before it"))
        job.program.step = try SealedGraph(
            Graph(
                inputs: inputs, constants: [],
                nodes: [Graph.Node(.matmul(transposeLeft: false, transposeRight: false), [0, 1])],
                outputs: [0, 2]))
        guard case .invalid(let reason) = refusal(of: job, on: shard) else {
            return #expect(Bool(false), "it was not refused")
        }
        #expect(reason.hasPrefix("the step graph: matmul: ") && reason.contains("shapes [], [2]"))
        job = try Lessons.order(.init(batchSize: 2))
        job.program.finish = try SealedGraph(
            Graph(
                inputs: job.program.finish.graph.inputs, constants: [], nodes: [], outputs: [0, 1, 2, 9]))
        #expect(
            refusal(of: job, on: shard)
                == .invalid("the finish graph: graph is invalid: output 9 is not one of 4 values"))
    }

    @Test("wrong graphs are found even where there are no rows")
    func brokenWithoutRows() throws {
        var job = try Lessons.order(.init(batchSize: 2), part: .heldOut)
        job.program.columns = ["label"]
        #expect(refusal(of: job, on: try Lessons.shard(rowCount: 5)) != nil)
    }

    @Test("a plan that would take too much memory is refused before it is made")
    func memory() throws {
        var cache = PlanCache(memoryLimit: 100)
        let job = try Lessons.regression(.init(batchSize: 32)), shard = try Lessons.shard(rowCount: 64)
        let error = #expect(throws: JobError.self) { try run(job, on: shard, cache: &cache) }
        guard case .limitExceeded(let what, _, let limit) = error else {
            return #expect(Bool(false), "it was refused for another reason")
        }
        #expect(what == "the step graph: the number of bytes of a plan" && limit == 100)
        #expect(cache.compiledCount == 0)
    }

    @Test("what breaks on the data is told without a value of the data")
    func noDataInErrors() throws {
        var step = GraphBuilder()
        let features = step.input(Lessons.input("features", [nil, 2]))
        let labels = step.input(Lessons.input("label", [nil], .int32))
        let loss = step.append(.softmaxCrossEntropy(.sum), [features, labels])
        var finish = GraphBuilder()
        let total = finish.input(Lessons.input("loss", []))
        finish.input(Lessons.input("examples", []))
        let job = ProgramJob(
            program: Program(
                step: try SealedGraph(step.finish(outputs: [loss])),
                finish: try SealedGraph(finish.finish(outputs: [total])), stateCount: 0, constantCount: 0,
                columns: ["features", "label"], shard: Lessons.reference, part: .train,
                schedule: .init(batchSize: 8), outputs: ["loss"]),
            sources: [])
        #expect(
            refusal(of: job, on: try Lessons.shard(rowCount: 5))
                == .executionFailed(
                    "the step graph failed while it ran: an operation met values it cannot take, "
                        + "such as a label out of range"))
    }

    @Test("a program whose outputs no message holds is refused before a batch runs")
    func tooMuchToSend() throws {
        let shard = try Lessons.shard(rowCount: 64)
        var finish = GraphBuilder()
        let state = finish.input(Lessons.input("first", [])), total = finish.input(Lessons.input("total", []))
        _ = finish.input(Lessons.input("last", []))
        let examples = finish.input(Lessons.input("examples", []))
        let wide = finish.append(
            .expand(to: [8_000, 8_000]), [finish.append(.reshape(to: [1, 1]), [total])])
        let outputs = [Int](repeating: wide, count: 4_092) + [state, examples]
        var job = try Lessons.order(.init(batchSize: 1))
        job.program = Program(
            step: job.program.step, finish: try SealedGraph(finish.finish(outputs: outputs)), stateCount: 1,
            constantCount: 0, columns: ["number"], shard: Lessons.reference, part: .train,
            schedule: .init(batchSize: 1), outputs: outputs.indices.map { "\($0)" })
        // Whoever asks for memory is told that there is none: sizes are looked at before.
        var bench = TestBench(shards: [shard], rowsMinimum: 1, memory: 1 << 12)
        let failure = bench.answer(job.job.payload(includesGraphs: true)).failure
        #expect(failure?.code == .limitExceeded)
        #expect(failure?.message.hasPrefix("bytes of all outputs") == true, "\(failure?.message ?? "done")")
    }
}
