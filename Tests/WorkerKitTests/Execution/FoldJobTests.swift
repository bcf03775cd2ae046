import Datasets
import Jobs
import Protocol
import Tensor
import Testing

@testable import WorkerKit

@Suite("Folds as jobs")
struct FoldJobTests {
    private static let run = Identifier(high: 5, low: 6)

    private func keeping(_ name: String) -> Job.Output {
        Job.Output(to: .state(Job.State(run: Self.run, name: name)))
    }

    private func state(_ name: String) -> Job.Source { .state(Job.State(run: Self.run, name: name)) }

    /// Three shards of forty rows each.
    private func bench() throws -> TestBench {
        let whole = try Lessons.shard(rowCount: 120).train
        let dataset = try Dataset(name: "lesson", train: whole, test: nil)
        return TestBench(shards: try (0..<3).map { try dataset.shard($0, of: 3, partition: .contiguous) })
    }

    private func over(_ shards: [Int], _ program: ProgramJob) -> Job {
        var job = program.job
        guard case .fold(var fold) = job.compute else { return job }
        fold.shards = shards.map { index in
            let shard = ShardReference(
                dataset: "lesson", partition: "contiguous", index: index, count: max(3, index + 1))
            return Fold.Rows(shard, batchSize: 8, shuffleSeed: UInt64(index))
        }
        job.compute = .fold(fold)
        return job
    }

    private func result(_ job: Job, _ bench: inout TestBench) throws -> JobResult {
        try bench.answer(job.payload(includesGraphs: true)).result()
    }

    @Test("several shards in one job give the bits of each alone; one that fails fails for itself")
    func severalShards() throws {
        let program = try Lessons.regression(.init(epochs: 2, batchSize: 8, shuffleSeed: 3))
        var bench = try bench()
        // The fourth is not there.
        let together = try result(over([2, 7, 0, 1].map { $0 % 4 }, program), &bench)
        #expect(together.parts.count == 4 && together.examples == 3 * 80 && together.batches == 3 * 10)
        #expect(together.parts[1].failure?.code == .unknownDataset)
        for (place, shard) in [(0, 2), (2, 0), (3, 1)] {
            let alone = try result(over([shard], program), &bench)
            #expect(alone.outputs.map(\.value) == together.parts[place].outputs.map(\.value))
            #expect(alone.outputs.map(\.name) == ["weight", "bias", "mean", "examples"])
        }
        #expect(together.parts[0].outputs[0].value != together.parts[2].outputs[0].value)
    }

    /// A lesson in steps so small that its numbers stay below 16.
    private func calm() throws -> ProgramJob {
        var program = try Lessons.regression(.init(epochs: 2, batchSize: 8, shuffleSeed: 3))
        program.bindings[2] = .value(TensorValue(scalar: 1e-6))
        return program
    }

    /// Weight and bias summed, the others as they are.
    private func summing(_ shards: [Int], units: SumUnits, byExamples: Bool = true) throws -> Job {
        var job = over(shards, try calm())
        for index in 0..<2 { job.outputs[index].destination = .sum(units, byExamples: byExamples) }
        return job
    }

    @Test("a sum over shards has the bits of the sum of what each gives alone, and leaves out who fails")
    func sums() throws {
        let units = SumUnits(limit: 16, weight: 240)
        var bench = try bench()
        for byExamples in [true, false] {
            let together = try result(summing([2, 3, 0, 1], units: units, byExamples: byExamples), &bench)
            #expect(together.parts.map { $0.failure?.code } == [nil, .unknownDataset, nil, nil])
            #expect(together.parts[0].outputs.map(\.name) == ["mean", "examples"])
            #expect(together.sums.map(\.name) == ["weight", "bias"])
            for index in 0..<2 {
                var largest = 0.0
                let alone = try (0..<3).map { shard in
                    try result(over([shard], calm()), &bench).outputs[index].value
                }
                var sum = try ExactSum(alone[0].type, in: units)
                for value in alone {
                    try sum.add(value, weight: byExamples ? 80 : 1)
                    largest = max(largest, value.largestMagnitude)
                }
                #expect(together.sums[index].value == sum.value)
                let told = [0, 2, 3].map { Double(together.parts[$0].largest) }.max() ?? 0
                #expect(told >= largest)
            }
            var groups: [ExactSum] = []
            for shards in [[0, 2], [1]] {
                let some = try result(summing(shards, units: units, byExamples: byExamples), &bench)
                groups.append(try ExactSum(counts: some.sums[0].value, in: units))
            }
            try groups[0].add(groups[1])
            #expect(groups[0].value == together.sums[0].value)
        }
    }

    @Test("what is beyond the limit of a sum is not in it, and how far beyond is not said")
    func sumLimit() throws {
        var bench = try bench()
        let one = try #require(
            try result(summing([0], units: SumUnits(limit: 16, weight: 240)), &bench).parts.first)
        let limit = one.largest / 2
        let units = SumUnits(limit: Double(limit), weight: 240)
        #expect(
            bench.answer(try summing([0], units: units).payload(includesGraphs: true)).failure?.code
                == .executionFailed)
        let parts = try result(summing([0, 1], units: units), &bench)
        let failure = try #require(parts.parts[0].failure)
        #expect(failure.message.contains("beyond \(units.limit), which its sum takes"))
        #expect(!failure.message.contains("\(one.largest)"))
    }

    @Test("a sum is released under the rule for each of its shards, and is of floats")
    func sumRules() throws {
        let units = SumUnits(limit: 16, weight: 240)
        var strict = TestBench(shards: [try Lessons.shard(rowCount: 120)], rowsMinimum: 121)
        var job = try Lessons.regression(.init(epochs: 1, batchSize: 8)).job
        job.outputs[0].destination = .sum(units, byExamples: true)
        #expect(strict.answer(job.payload(includesGraphs: true)).failure?.code == .notPermitted)
        // Digits of rows do not leave by way of a sum either.
        var open = TestBench(shards: [try Lessons.shard(rowCount: 120)])
        var order = try Lessons.order(.init(batchSize: 1)).job
        order.outputs[1].destination = .sum(units, byExamples: false)
        #expect(open.answer(order.payload(includesGraphs: true)).failure?.code == .notPermitted)
    }

    @Test("a state goes on where it was kept, for its run, shard and owner alone, until the run has ended")
    func states() throws {
        var bench = try bench()
        let program = try Lessons.regression(.init(epochs: 1, batchSize: 8))
        var first = over([0, 1], program)
        first.outputs = [keeping("weight.1"), keeping("bias.1")] + first.outputs[2...]
        #expect(try result(first, &bench).parts.map(\.outputs.count) == [2, 2])
        var second = program
        second.bindings.replaceSubrange(0..<2, with: [state("weight.1"), state("bias.1")])
        let job = over([0, 1, 2], second)
        let parts = try result(job, &bench).parts
        let twice = try Lessons.regression(.init(epochs: 2, batchSize: 8))
        for shard in 0..<2 {
            let expected = try result(over([shard], twice), &bench)
            #expect(parts[shard].outputs[0].value == expected.outputs[0].value)
        }
        #expect(parts[2].failure?.code == .unknownObject)
        #expect(try bench.ids().isEmpty)
        let stranger = bench.answer(over([0], second).first, for: TestBench.ben)
        #expect(stranger.failure?.code == .unknownObject)
        #expect(bench.answer(Job(ended: [Self.run]).first).failure == nil)
        #expect(bench.answer(over([0], second).first).failure?.code == .unknownObject)
        #expect(bench.inventory.objects.byteCount == 0)
    }

    @Test("what was kept of few rows does not leave by way of a fold that reads none")
    func statesAreBound() throws {
        var bench = try bench()
        var first = over([0], try Lessons.order(.init(batchSize: 8)))
        // About the last eight rows: it may stay, and not leave.
        first.outputs[1] = keeping("last")
        first.outputs[2] = keeping("total")
        #expect(bench.answer(first.first).failure == nil)
        var second = try Lessons.order(.init(batchSize: 8), part: .heldOut)
        second.bindings = [state("last")]
        #expect(bench.answer(over([0], second).first).failure?.code == .notPermitted)
    }

    @Test("zeros and random numbers are made at the worker, and nothing needs a graph to be kept or fetched")
    func madeAndPassed() throws {
        var bench = TestBench()
        let type = ValueType(.float32, try Shape([2, 2]))
        let draw = Job.Draw(seed: 7, .normal, type)
        let keep = Job(
            sources: [.zeros(type), .random(draw)],
            outputs: [Job.Output(to: .object(ObjectID(1))), Job.Output(to: .object(ObjectID(2)))])
        #expect(bench.answer(keep.first).failure == nil)
        let fetched = try result(Job(sources: [.object(ObjectID(1)), .object(ObjectID(2))]), &bench)
        #expect(fetched.outputs.map(\.value) == [.zeros(type), try draw.value()])
        let large = Job(sources: [.zeros(ValueType(.float32, try Shape([1 << 20])))])
        var small = TestBench(memory: 1 << 16)
        #expect(small.answer(large.first).failure?.code == .limitExceeded)
    }

    @Test("a whole column does not leave without a graph either")
    func columns() throws {
        var bench = TestBench(shards: [try Lessons.shard(rowCount: 40)])
        let column = Job.Source.column(
            ColumnReference(shard: Lessons.reference, part: .train, name: "number"))
        #expect(bench.answer(Job(sources: [column]).first).failure?.code == .notPermitted)
        let keep = Job(sources: [column], outputs: [Job.Output(to: .object(ObjectID(1)))])
        #expect(bench.answer(keep.first).failure == nil)
        #expect(bench.answer(Job(sources: [.object(ObjectID(1))]).first).failure?.code == .notPermitted)
        var fold = try Lessons.regression(.init(batchSize: 8))
        fold.bindings[2] = .object(ObjectID(1))
        #expect(bench.answer(fold.job.first).failure?.code == .notPermitted)
    }
}

extension Job {
    /// As it travels the first time.
    fileprivate var first: Payload { payload(includesGraphs: true) }
}
