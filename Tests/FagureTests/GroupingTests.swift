import Datasets
import Federation
import Jobs
import Protocol
import Tensor
import TestSupport
import Testing
import WorkerKit

@testable import Fagure

@Suite("Shards asked together", .timeLimit(.minutes(2)))
struct GroupingTests {
    private func shard(_ index: Int) -> ShardReference {
        ShardReference(dataset: "d", partition: "iid:0", index: index, count: 10_000)
    }

    @Test(
        "every shard is asked once, by a worker that holds it, and no worker gets much more than others",
        arguments: 0..<30)
    func properties(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let workers = (1...UInt64.random(in: 1...5, using: &random)).map { SessionID(high: $0, low: 1) }
        let count = Int.random(in: 0...2_000, using: &random)
        let shards = (0..<count).map(shard)
        var holders: [ShardReference: Set<SessionID>] = [:]
        for shard in shards {
            holders[shard] = Set(workers.filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
        }
        let grouping = Grouping(of: shards, holders: holders)
        let all = grouping.groups.flatMap(\.shards) + grouping.alone
        #expect(all.sorted() == Array(0..<count))
        for group in grouping.groups {
            #expect(!group.shards.isEmpty && group.shards.count <= SessionLimits.groupSizeMaximum)
            #expect(group.shards.allSatisfy { holders[shards[$0]]?.contains(group.worker) == true })
        }
        for worker in workers {
            let groups = grouping.groups.filter { $0.worker == worker }
            #expect(groups.isEmpty || groups.count >= SessionLimits.groupsPerWorker)
        }
    }

    @Test("few shards of a worker are asked one by one, for its slots to share them")
    func few() {
        let worker = SessionID(high: 1, low: 1)
        let shards = (0..<2 * SessionLimits.groupsPerWorker).map(shard)
        let holders = Dictionary(uniqueKeysWithValues: shards.map { ($0, Set([worker])) })
        #expect(Grouping(of: shards.dropLast(), holders: holders).groups.isEmpty)
        #expect(Grouping(of: shards, holders: holders).groups.count == SessionLimits.groupsPerWorker)
    }

    private func configuration() -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.rounds = 3
        configuration.model = .mlp(hidden: [16])
        configuration.seed = 7
        return configuration
    }

    private func train(_ shards: [[Shard]]) async throws -> (RunOutcome, EventLog, SessionStatistics) {
        let house = try await House(shards)
        let session = try await house.session()
        let log = EventLog()
        let outcome = await TrainingRun(configuration(), session: session, testData: .heldOut).run {
            log.add($0)
        }
        let statistics = await session.statistics
        await session.close()
        await house.close()
        return (outcome, log, statistics)
    }

    @Test("however shards are dealt to workers, the model and its numbers have the same bits")
    func bits() async throws {
        let dataset = try Dataset.load(named: "digits")
        let one = try await train(House.shards(dataset, count: 48, workers: 1))
        let three = try await train(House.shards(dataset, count: 48, workers: 3))
        let many = try await train(House.shards(dataset, count: 48, workers: 12))
        for other in [three, many] {
            #expect(other.0.end == .finished)
            #expect(try #require(other.0.model).state == #require(one.0.model).state)
            #expect(other.1.epochs.map(\.training) == one.1.epochs.map(\.training))
            #expect(other.1.epochs.map(\.test) == one.1.epochs.map(\.test))
            #expect(other.1.epochs.allSatisfy { $0.shards == 48 })
        }
        #expect(one.1.leftOut.isEmpty && one.1.notices.isEmpty)
        // Statistics, training and judging: 8 jobs for 48 shards where one worker has all of them, 48 where each has 4.
        #expect(one.2.jobs < many.2.jobs / 4)
    }

    @Test("what is wrong with a part is not hidden by the sum")
    func lies() throws {
        let dataset = try Dataset.load(named: "digits")
        let description = DatasetDescription(
            try dataset.shard(0, of: 2, partition: .contiguous).schema, name: "digits")
        let lesson = try Lesson(description, configuration(), model: nil)
        let model = try ModelState(lesson.model)
        let shards = try (0..<2).map { try dataset.shard($0, of: 2, partition: .contiguous).description }
        let examples = shards.map(\.trainRows)
        func part(_ number: Int) -> JobResult.Part {
            var part = JobResult.Part(
                outputs: lesson.evaluation.metricNames.map { ($0, TensorValue(scalar: 1)) },
                examples: examples[number],
                batches: 1)
            part.largest = 0.5
            return part
        }
        let units = SumUnits(limit: 16, weight: 2_000)
        func result(_ change: (inout JobResult) -> Void) throws -> JobResult {
            let sums = try model.parameters.map { ($0.name, try ExactSum($0.value.type, in: units).value) }
            var result = JobResult(parts: [part(0), part(1)], sums: sums, seconds: 0)
            change(&result)
            return result
        }
        func read(_ change: (inout JobResult) -> Void) throws -> RunDriver.GroupAnswer {
            try lesson.training.answer(
                result(change), [4, 9], shards, examples: examples, from: model, isLossNonnegative: true)
        }
        let good = try read { _ in }
        #expect(
            good.sum?.parts.map(\.shard) == [4, 9] && good.alone.isEmpty
                && good.growths.allSatisfy { $0 <= 1 })
        let half = try read { $0.parts[0] = JobResult.Part(Failure(.executionFailed, "too large")) }
        #expect(half.sum?.parts.map(\.shard) == [9] && half.alone == [4])
        let lies: [(inout JobResult) -> Void] = [
            { $0.parts.removeLast() },
            { $0.parts[1].examples += 1 },
            { $0.parts[1].outputs[0].value = TensorValue(scalar: .nan) },
            { $0.parts[1].outputs[0].value = TensorValue(scalar: -1_000_000) },
            { $0.parts[1].outputs.removeAll() },
            { $0.parts[1].largest = .infinity },
            { $0.sums.removeLast() },
            { $0.sums[0].name = "other" },
            { $0.sums[0].value = TensorValue(scalar: 1) },
        ]
        for lie in lies { #expect(throws: Failure.self) { _ = try read(lie) } }
    }
}
