import Datasets
import Foundation
import Protocol
import Tensor
import TestSupport
import Testing

@testable import Fagure

/// The inputs from the field that are trained on, each with its right outcome.
@Suite("Cases from the field, trained", .timeLimit(.minutes(3)))
struct FieldCasesTests {
    private func dataset(
        _ path: String, label: String = "outcome", missing: DataSchema.Missing = .refuse
    ) throws -> Dataset {
        let file = DataFile(Fixtures.fieldCase(path), label: label, dataset: "cases")
        let schema = try DataSchema.infer(file: file).schema.replacing(missing: missing)
        return try Dataset.load(file: file, schema: schema)
    }

    /// Trains on whole sites, each at a worker of its own.
    private func train(
        _ sites: [Dataset], model: ModelKind = .logistic, rounds: Int = 1
    ) async throws -> RunOutcome {
        let session = try await Session.embedded()
        for (number, dataset) in sites.enumerated() {
            try await session.addWorker("site-\(number)", shards: [dataset.shard(ofSite: "site-\(number)")])
        }
        var configuration = TrainingConfiguration()
        configuration.model = model
        configuration.rounds = rounds
        configuration.workersMin = sites.count
        let outcome = await TrainingRun(configuration, session: session).run()
        await session.close()
        return outcome
    }

    /// Mean and deviation of the training rows of a feature that are there, over all sites, in double precision.
    private func truth(_ sites: [Dataset], feature: Int) throws -> (mean: Double, deviation: Double) {
        var numbers: [Double] = []
        for site in sites {
            let value = try #require(site.train["features"])
            let floats = try value.floats, width = value.shape[1]
            numbers += stride(from: feature, to: floats.count, by: width).map { Double(floats[$0]) }
        }
        numbers = numbers.filter { !$0.isNaN }
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        let squares = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, (squares / Double(numbers.count)).squareRoot())
    }

    @Test(
        "a column's scale is that of double precision, and its model is better than chance",
        arguments: ["num_lat", "num_kelvin", "num_year", "num_epoch_s", "num_tiny", "num_const"])
    func numbers(_ name: String) async throws {
        let sites = [try dataset("numbers/\(name).csv")]
        let outcome = try await train(sites, model: .mlp(hidden: [16]), rounds: 10)
        #expect(outcome.end == .finished)
        let scaling = try #require(outcome.model).scaling
        for feature in 0..<3 {
            let (mean, deviation) = try truth(sites, feature: feature)
            let scale = Double(try scaling.scale.floats[feature])
            #expect(
                abs(Double(try scaling.mean.floats[feature]) - mean)
                    <= max(abs(mean) * 1e-6, deviation * 1e-3))
            guard deviation > 0 else { continue }
            #expect(abs(scale * deviation - 1) < 1e-3, "\(name) \(feature): \(scale) of \(deviation)")
        }
        let accuracy = try #require(outcome.summary.last?.test?.accuracy)
        let twin = try await train([centred(sites[0])], model: .mlp(hidden: [16]), rounds: 10)
        #expect(abs(accuracy - (try #require(twin.summary.last?.test?.accuracy))) <= 0.02, "\(accuracy)")
        if name == "num_lat" { #expect(accuracy > 0.98) }
    }

    /// The same rows with features that were brought to mean 0 and deviation 1 in double precision before.
    private func centred(_ site: Dataset) throws -> Dataset {
        func table(_ table: Table) throws -> Table {
            let value = try #require(table["features"])
            var floats = try value.floats
            for feature in 0..<value.shape[1] {
                let (mean, deviation) = try truth([site], feature: feature)
                for index in stride(from: feature, to: floats.count, by: value.shape[1]) {
                    floats[index] = Float((Double(floats[index]) - mean) / (deviation > 0 ? deviation : 1))
                }
            }
            return try Table(
                schema: table.schema,
                values: [TensorValue(floats, shape: value.shape.dimensions), table.values[1]])
        }
        return try Dataset(name: site.name, train: table(site.train), test: site.test.map(table))
    }

    @Test("columns in another order judge a model as their own order does")
    func reordered() async throws {
        let outcome = try await train([dataset("sites/north/patients.csv")], rounds: 10)
        let model = try #require(outcome.model)
        var accuracies: [Double] = []
        for site in ["south", "south_reordered"] {
            let (predictions, rows) = try model.predict(
                contentsOf: DataFile(Fixtures.fieldCase("sites/\(site)/patients.csv")))
            let correct = try #require(predictions.correctCount(rows.table))
            accuracies.append(Double(correct) / Double(predictions.count))
        }
        #expect(accuracies[0] == accuracies[1])
        #expect(abs(accuracies[0] - 0.94) <= 0.02)
    }

    @Test("a missing cell is the mean of the rows of all sites that have one: SimpleImputer's, federated")
    func missingMean() async throws {
        let sites = [
            try dataset("dialects/missing_NA.csv", missing: .mean),
            try dataset("dialects/missing_q.csv", missing: .mean),
            try dataset("dialects/missing_empty.csv", missing: .mean),
        ]
        #expect(sites.contains { (try? $0.train["features"]?.floats.contains { $0.isNaN }) ?? false })
        let outcome = try await train(sites, rounds: 3)
        #expect(outcome.end == .finished)
        let model = try #require(outcome.model)
        let fill = try #require(model.scaling.fill).floats
        for feature in 0..<3 {
            let (mean, deviation) = try truth(sites, feature: feature)
            #expect(abs(Double(fill[feature]) - mean) < 1e-5, "feature \(feature)")
            // The filled cells, few, are at the mean when deviations are taken.
            let scale = Double(try model.scaling.scale.floats[feature])
            #expect(abs(scale * deviation - 1) < 0.01)
        }
        #expect(try #require(outcome.summary.last?.test?.accuracy) > 0.85)
    }

    @Test(
        "cells that are missing may be zeros, or cost their rows",
        arguments: [DataSchema.Missing.zero, .dropRow])
    func missingOtherwise(_ missing: DataSchema.Missing) async throws {
        let plain = try dataset("dialects/missing_NA.csv", missing: .mean)
        let site = try dataset("dialects/missing_NA.csv", missing: missing)
        let rows = [plain, site].map { $0.train.rowCount + ($0.test?.rowCount ?? 0) }
        #expect(rows[0] == 400 && rows[1] == (missing == .zero ? 400 : 399))
        #expect(try await train([site], rounds: 2).end == .finished)
    }

    @Test("categories are learned from as zeros and ones, not standardised")
    func categories() async throws {
        let outcome = try await train([dataset("dialects/feat_sex.csv")], rounds: 5)
        let model = try #require(outcome.model)
        #expect(Array(try model.scaling.mean.floats.prefix(2)) == [0, 0])
        #expect(Array(try model.scaling.scale.floats.prefix(2)) == [1, 1])
        #expect(model.task.featureCount == 4)
        let says = try model.predict(["age": .texts(["F", "M"]), "bp": [0, 0], "chol": [0, 0]])
        #expect(says.count == 2 && says[0].values != says[1].values)
    }

    @Test("classes with line breaks and a label in quotes go through the model's file")
    func oddLabels() async throws {
        let site = try dataset("labels/lab_odd.csv", label: "the, \"label\"")
        let outcome = try await train([site], rounds: 2)
        let model = try #require(outcome.model)
        let read = try TrainedModel(model.file)
        #expect(read == model)
        #expect(read.task.label.name == "the, \"label\"")
        #expect(read.task.label.classes.contains { $0.contains("\n") })
    }
}
