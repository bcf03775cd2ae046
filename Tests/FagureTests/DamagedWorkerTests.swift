import Datasets
import Jobs
import Protocol
import Tensor
import Testing

@testable import Fagure

@Suite("Workers that lie or are damaged", .timeLimit(.minutes(2)))
struct DamagedWorkerTests {
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the trainer must say of it.
        let words: String
        var standardizes = false
        let change: @Sendable (inout JobResult) throws -> Void
    }

    private static func isTraining(_ result: JobResult) -> Bool {
        result.outputs.contains { $0.name == "0.weight" }
    }

    /// In place of an output, another value.
    private static func replace(
        _ name: String, in result: inout JobResult, _ value: (TensorValue) throws -> TensorValue
    ) throws {
        guard let index = result.outputs.firstIndex(where: { $0.name == name }) else { return }
        result.outputs[index].value = try value(result.outputs[index].value)
    }

    static let damages: [Damage] = [
        Damage(testDescription: "an example too many", words: "6 examples") {
            if isTraining($0) { $0.examples += 1 }
        },
        Damage(testDescription: "as many examples as there are numbers", words: "examples") {
            if isTraining($0) { $0.examples = .max }
        },
        Damage(testDescription: "no examples", words: "0 examples") { if isTraining($0) { $0.examples = 0 } },
        Damage(testDescription: "another shape", words: "0.weight") {
            try replace("0.weight", in: &$0) { try TensorValue($0.floats + [0], shape: [7]) }
        },
        Damage(testDescription: "a parameter that is missing", words: "left out") {
            if isTraining($0) { $0.outputs.removeFirst() }
        },
        Damage(testDescription: "more right than examples", words: "right of") {
            if isTraining($0) { try replace("correct", in: &$0) { _ in TensorValue(scalar: 1e9) } }
        },
        Damage(testDescription: "half an example right", words: "0.5 right of") {
            if isTraining($0) { try replace("correct", in: &$0) { _ in TensorValue(scalar: 0.5) } }
        },
        Damage(testDescription: "a loss below zero", words: "below zero") {
            if isTraining($0) { try replace("loss", in: &$0) { _ in TensorValue(scalar: -1e30) } }
        },
        Damage(testDescription: "a deviation below zero", words: "below zero", standardizes: true) {
            try replace("deviation.first", in: &$0) { value in
                try TensorValue(value.floats.map { -$0 - 1 }, shape: value.shape.dimensions)
            }
        },
        Damage(testDescription: "an infinite sum", words: "has to be finite", standardizes: true) {
            for name in ["mean.first", "mean.second"] {
                try replace(name, in: &$0) { value in
                    try TensorValue(value.floats.map { _ in Float.infinity }, shape: value.shape.dimensions)
                }
            }
        },
        Damage(
            testDescription: "false sums, before another shape in the first round", words: "0.weight",
            standardizes: true
        ) {
            try replace("mean.first", in: &$0) { value in
                try TensorValue(value.floats.map { $0 + 1_000 }, shape: value.shape.dimensions)
            }
            try replace("0.weight", in: &$0) { try TensorValue($0.floats + [0], shape: [7]) }
        },
        Damage(testDescription: "another shape that grew beyond bounds", words: "shape") {
            try replace("0.weight", in: &$0) {
                try TensorValue($0.floats.map { ($0 + 1) * 5_000 } + [0], shape: [7])
            }
        },
        Damage(testDescription: "other rows than announced in a pass", words: "examples", standardizes: true)
        {
            if !isTraining($0) { $0.examples -= 1 }
        },
        Damage(testDescription: "a sum that is no number", words: "no number", standardizes: true) {
            try replace("mean.first", in: &$0) { value in
                try TensorValue(value.floats.map { _ in Float.nan }, shape: value.shape.dimensions)
            }
        },
    ]

    private func configuration(standardizes: Bool = false, rounds: Int = 3) -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.model = .logistic
        configuration.rounds = rounds
        configuration.standardizes = standardizes
        return configuration
    }

    /// Trains with an honest worker and a damaged one; what happened, with what the honest one alone learns.
    private func run(
        _ configuration: TrainingConfiguration, testData: TestData = .heldOut,
        damage: @escaping @Sendable (inout JobResult) -> Void = { _ in },
        isSilent: @escaping @Sendable (JobResult) -> Bool = { _ in false }
    ) async throws -> (outcome: RunOutcome, alone: RunOutcome, log: EventLog) {
        let data = try Samples.dataset(classes: true)
        let house = try await House([[data.shard(ofSite: "honest")]])
        let session = try await house.session()
        let alone = await TrainingRun(configuration, session: session, testData: testData).run()
        let damaged = try await DamagedWorker(
            "eve", data.shard(ofSite: "sick"), house.loop, house.endpoint, isSilent: isSilent,
            damage: damage)
        for await event in await session.events {
            if case .catalogue(let catalogue) = event, catalogue.workers.count == 2 { break }
        }
        let log = EventLog()
        let outcome = await TrainingRun(configuration, session: session, testData: testData).run {
            log.add($0)
        }
        await damaged.close()
        await session.close()
        await house.close()
        return (outcome, alone, log)
    }

    @Test(
        "whose answer is not what it announced is left out and named, and the run goes on", arguments: damages
    )
    func liars(_ damage: Damage) async throws {
        let (outcome, alone, log) = try await run(configuration(standardizes: damage.standardizes)) {
            try? damage.change(&$0)
        }
        #expect(outcome.end == .finished)
        #expect(
            log.notices.contains {
                $0.contains("eve") && $0.contains("is left out") && $0.contains(damage.words)
            }, "\(log.notices)")
        #expect(log.notices.count { $0.contains("is left out") } == 1)
        #expect(log.epochs.map(\.shards) == [1, 1, 1])
        // Nothing of it is in the model, nor in what was learned of features.
        #expect(try #require(outcome.model).state == #require(alone.model).state)
        #expect(try #require(outcome.model).scaling == #require(alone.model).scaling)
    }

    @Test("one that grew a thousandfold beside others costs its own round", arguments: [Float(1e38), 5_000])
    func outlier(magnitude: Float) async throws {
        let (outcome, alone, log) = try await run(configuration()) { result in
            try? Self.replace("0.weight", in: &result) { value in
                try TensorValue(value.floats.map { _ in magnitude }, shape: value.shape.dimensions)
            }
        }
        #expect(outcome.end == .finished)
        #expect(log.epochs.map(\.shards) == [1, 1, 1])
        #expect(
            log.leftOut
                == [String](
                    repeating:
                        "data of sick: 0.weight has grown to \(magnitude), over 1000 times as much as the models "
                        + "of others", count: 3))
        #expect(try #require(outcome.model).state == #require(alone.model).state)
    }

    @Test("who never answers costs two rounds their patience, and is named")
    func silent() async throws {
        var configuration = configuration()
        configuration.silenceMaximum = .seconds(2)
        let (outcome, alone, log) = try await run(configuration, isSilent: Self.isTraining)
        #expect(outcome.end == .finished)
        #expect(log.epochs.map(\.shards) == [1, 1, 1])
        #expect(
            log.leftOut.count == 1 && log.leftOut.allSatisfy { $0.contains("nothing was heard of the job") })
        #expect(
            log.notices.count { $0.contains("worker eve is left out: deadline-exceeded") } == 1,
            "\(log.notices)")
        #expect(try #require(outcome.model).state == #require(alone.model).state)
    }

    @Test("a job that takes longer than it may costs a round its shard, whatever is heard of it")
    func jobTimeout() async throws {
        var configuration = configuration()
        configuration.silenceMaximum = nil
        configuration.jobTimeout = .seconds(2)
        let (outcome, alone, log) = try await run(configuration, isSilent: Self.isTraining)
        #expect(outcome.end == .finished)
        #expect(log.epochs.map(\.shards) == [1, 1, 1])
        #expect(
            log.leftOut.count == 1 && log.leftOut.allSatisfy { $0.contains("longer than") }, "\(log.leftOut)")
        #expect(try #require(outcome.model).state == #require(alone.model).state)
    }

    @Test("who does not answer when it is to judge judges no more")
    func silentJudge() async throws {
        var configuration = configuration()
        configuration.silenceMaximum = .seconds(2)
        let (outcome, _, log) = try await run(configuration, isSilent: { !Self.isTraining($0) })
        #expect(outcome.end == .finished)
        #expect(log.epochs.map(\.shards) == [2, 2, 2])
        #expect(log.epochs.compactMap { $0.test?.examples } == [5, 5, 5])
    }

    @Test(
        "one whose model or loss is no number costs its own round, not everyone's run",
        arguments: [true, false])
    func notANumber(inModel: Bool) async throws {
        let (outcome, alone, log) = try await run(configuration()) { result in
            guard Self.isTraining(result) else { return }
            try? Self.replace(inModel ? "0.weight" : "loss", in: &result) { value in
                try TensorValue(value.floats.map { _ in Float.nan }, shape: value.shape.dimensions)
            }
        }
        #expect(outcome.end == .finished)
        #expect(log.epochs.map(\.shards) == [1, 1, 1])
        #expect(
            log.leftOut.count == 3 && log.leftOut.allSatisfy { $0.contains("sick") && $0.contains("NaN") },
            "\(log.leftOut)")
        #expect(try #require(outcome.model).state == #require(alone.model).state)
    }

    @Test("who judges with a loss that is no number, where others have one, is not believed")
    func judgeOfNoNumber() async throws {
        let (outcome, alone, log) = try await run(configuration()) { result in
            guard !Self.isTraining(result) else { return }
            try? Self.replace("loss", in: &result) { _ in TensorValue(scalar: .nan) }
        }
        #expect(outcome.end == .finished)
        #expect(log.epochs.map { $0.test?.examples } == [5, 5, 5])
        #expect(log.epochs.allSatisfy { $0.test?.isFinite == true })
        #expect(log.notices.count { $0.contains("sick does not judge") && $0.contains("NaN") } == 1)
        #expect(alone.end == .finished)
    }

    @Test("who judges other rows than it announced judges no more, and is named")
    func judge() async throws {
        let (outcome, alone, log) = try await run(configuration()) { result in
            if !Self.isTraining(result) { result.examples += 1 }
        }
        #expect(outcome.end == .finished)
        #expect(log.epochs.map(\.shards) == [2, 2, 2])
        #expect(log.epochs.compactMap { $0.test?.examples } == [5, 5, 5])
        #expect(alone.summary.last?.test?.examples == 5)
        #expect(
            log.notices.count { $0.contains("sick") && $0.contains("does not judge") } == 1, "\(log.notices)")
    }
}
