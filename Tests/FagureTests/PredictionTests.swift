import Datasets
import Federation
import Foundation
import Protocol
import Tensor
import TestSupport
import Testing

@testable import Fagure

@Suite("Predictions of trained models")
struct PredictionTests {
    /// Patients of two numbers and a category, whose classes have names no CSV takes as they are.
    static let classes = ["si,ck", "we\"ll", "un\nknown"]

    private static func schema(
        missing: DataSchema.Missing = .refuse, isNumber: Bool = false
    ) throws -> DataSchema {
        try DataSchema(
            dataset: "patients",
            features: [
                .init(name: "age"), .init(name: "sex", kind: .categories(["f", "m"])), .init(name: "bp"),
            ],
            label: .init(name: "out\"come", kind: isNumber ? .number : .classes(classes)), missing: missing)
    }

    /// A model of random weights.
    private static func model(
        _ kind: ModelKind, seed: UInt64, missing: DataSchema.Missing = .refuse, isNumber: Bool = false
    ) throws -> TrainedModel {
        let dataset = try DatasetDescription(schema(missing: missing, isNumber: isNumber))
        let task = try LearningTask(dataset)
        let module = try kind.makeModel(for: task, seed: seed)
        return TrainedModel(
            task: task, dataset: dataset, kind: kind, state: try ModelState(module, version: 3),
            scaling: Scaling(
                mean: try TensorValue([50, 0, 0, 120] as [Float]),
                scale: try TensorValue([0.1, 1, 1, 0.05] as [Float]),
                fill: missing == .mean ? try TensorValue([51, 0.5, 0.5, 119] as [Float]) : nil))
    }

    private static let columns: [String: ColumnValues] = [
        "bp": [120, 145, 98, 133.5], "age": [54, 61, 20, 83], "sex": .texts(["m", "f", "f", "m"]),
    ]
    /// The same as a model reads them.
    private static let rows: [[Double]] = [
        [54, 0, 1, 120], [61, 1, 0, 145], [20, 1, 0, 98], [83, 0, 1, 133.5],
    ]

    /// What a model puts out for a row, slowly and in double precision.
    private static func naive(_ model: TrainedModel, _ row: [Double]) throws -> [Double] {
        let mean = try model.scaling.mean.floats, scale = try model.scaling.scale.floats
        var values = row.enumerated().map { ($1 - Double(mean[$0])) * Double(scale[$0]) }
        let parameters = model.state.parameters
        for layer in stride(from: 0, to: parameters.count, by: 2) {
            let weight = try parameters[layer].value.floats, bias = try parameters[layer + 1].value.floats
            if layer > 0 { values = values.map { max($0, 0) } }
            values = bias.indices.map { unit in
                Double(bias[unit])
                    + values.indices.reduce(0) { $0 + Double(weight[unit * values.count + $1]) * values[$1] }
            }
        }
        guard model.task.isClassification else { return values }
        let powers = values.map { exp($0 - (values.max() ?? 0)) }
        return powers.map { $0 / powers.reduce(0, +) }
    }

    @Test(
        "they are what the formula says, layer by layer",
        arguments: [ModelKind.linear, .logistic, .mlp(hidden: [5]), .mlp(hidden: [7, 3])], [false, true])
    func formula(_ kind: ModelKind, isNumber: Bool) throws {
        guard kind != .logistic || !isNumber else { return }
        for seed in 0..<20 as Range<UInt64> {
            let model = try Self.model(kind, seed: seed, isNumber: isNumber)
            let predictions = try model.predict(Self.columns)
            #expect(predictions.count == 4 && predictions.width == (isNumber ? 1 : 3))
            for (prediction, row) in zip(predictions, Self.rows) {
                let expected = try Self.naive(model, row)
                for (got, want) in zip(prediction.values, expected) {
                    #expect(abs(Double(got) - want) < 1e-5)
                }
                let best = expected.indices.max { expected[$0] < expected[$1] } ?? 0
                #expect(prediction.label == (isNumber ? nil : Self.classes[best]))
            }
        }
    }

    @Test("a model that was written is read back equal, and predicts the same bits")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let path = folder["model.safetensors"]
        for missing in DataSchema.Missing.allCases {
            let model = try Self.model(.mlp(hidden: [4]), seed: 1, missing: missing)
            try model.file.write(to: path)
            let read = try TrainedModel(contentsOf: path)
            #expect(read == model)
            #expect(try read.predict(Self.columns) == model.predict(Self.columns))
            #expect(read.task.label.classes == Self.classes && read.task.label.name == "out\"come")
        }
    }

    @Test("a missing cell is the federation's mean where the schema says so, and refused where it does not")
    func missing() throws {
        let model = try Self.model(.logistic, seed: 4, missing: .mean)
        let lacking: [String: ColumnValues] = ["age": [.nan], "sex": .texts(["f"]), "bp": [130]]
        let filled: [String: ColumnValues] = ["age": [51], "sex": .texts(["f"]), "bp": [130]]
        #expect(try model.predict(lacking) == model.predict(filled))
        let strict = try Self.model(.logistic, seed: 4)
        #expect(throws: ModelError.self) { try strict.predict(lacking) }
    }

    @Test("many rows are what each is alone")
    func batches() throws {
        let model = try Self.model(.mlp(hidden: [9]), seed: 2)
        var random = Philox(seed: 3, purpose: .shuffle)
        let ages = (0..<1_201).map { _ in Double(random.next() % 90) }
        let all = try model.predict([
            "age": .numbers(ages), "bp": .numbers(ages.map { $0 + 60 }),
            "sex": .texts(ages.map { $0 > 40 ? "f" : "m" }),
        ])
        #expect(all.count == 1_201)
        for row in [0, 1, 499, 500, 999, 1_000, 1_200] {
            let one = try model.predict([
                "age": [ages[row]], "bp": [ages[row] + 60], "sex": .texts([ages[row] > 40 ? "f" : "m"]),
            ])
            #expect(zip(one[0].values, all[row].values).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    @Test("CSV has a line a row, and names no comma, quote or line break can break")
    func csv() throws {
        let predictions = Predictions(classes: Self.classes, width: 3, values: [0.25, 0.5, 0.25, 1, 0, 0])
        #expect(
            predictions.csvHeader
                == "row,class,\"probability:si,ck\",\"probability:we\"\"ll\",\"probability:un\nknown\"")
        #expect(predictions.csvLine(ofRow: 0, number: 7) == "7,\"we\"\"ll\",0.25,0.5,0.25")
        #expect(predictions.csvLine(ofRow: 1, number: 9) == "9,\"si,ck\",1.0,0.0,0.0")
        let numbers = Predictions(classes: [], width: 1, values: [1.5, -2])
        #expect(numbers.csvHeader == "row,value" && numbers.csvLine(ofRow: 1, number: 2) == "2,-2.0")
    }

    @Test("a model of one's own needs its module, which must fit")
    func ownModule() throws {
        let known = try Self.model(.mlp(hidden: [4]), seed: 1)
        let own = TrainedModel(
            task: known.task, dataset: known.dataset, kind: nil, state: known.state, scaling: known.scaling)
        let read = try TrainedModel(own.file)
        #expect(read == own)
        #expect(throws: ModelError.self) { try read.predict(Self.columns) }
        let module = try ModelKind.mlp(hidden: [4]).makeModel(for: known.task, seed: 9)
        let before = try module.values.map(\.value)
        #expect(try read.predict(Self.columns, module: module) == known.predict(Self.columns))
        #expect(try module.values.map(\.value) == before, "the caller's module is not changed")
        let other = try ModelKind.mlp(hidden: [5]).makeModel(for: known.task, seed: 9)
        #expect(throws: ModelError.self) { try read.predict(Self.columns, module: other) }
    }

    @Test("columns that are not the schema's are named")
    func wrongColumns() throws {
        let model = try Self.model(.logistic, seed: 0)
        let error = #expect(throws: ModelError.self) {
            try model.predict(["age": [1], "sex": .texts(["f"]), "weight": [80]])
        }
        let text = "\(try #require(error))"
        #expect(text.contains("bp") && text.contains("weight"), "\(text)")
        #expect(throws: ModelError.self) {
            try model.predict(["age": [1], "sex": .texts(["x"]), "bp": [80]])
        }
    }

    @Test("a file that lacks something, or has it otherwise, is refused with what it is")
    func damage() throws {
        let whole = try Self.model(.mlp(hidden: [4]), seed: 1, missing: .mean).file
        for key in ["format", "schema", "model", "parameters", "version"] {
            for text in [nil, "", "x", "[", "-1", "custom model", String(repeating: "[", count: 9_999)] {
                var file = whole
                file.metadata[key] = text
                #expect(throws: ModelError.self, "\(key) \(text ?? "gone")") { try TrainedModel(file) }
            }
        }
        let others = [
            nil, TensorValue(scalar: 1), try TensorValue([1, 2, 3] as [Int64]),
            try TensorValue([Float](repeating: 0, count: 12), shape: [3, 4]),
            try TensorValue([] as [Float], shape: [0, 4]),
        ]
        for name in whole.tensors.keys.sorted() {
            for value in others where value?.type != whole.tensors[name]?.type {
                var file = whole
                file.tensors[name] = value
                let error = #expect(throws: ModelError.self) { try TrainedModel(file) }
                let stem = name.split(separator: ".").first ?? ""
                #expect("\(error.map { "\($0)" } ?? "")".contains(stem), "\(name)")
            }
        }
        var more = whole
        more.tensors["4.weight"] = TensorValue(scalar: 1)
        #expect(throws: ModelError.self) { try TrainedModel(more) }
    }

    @Test(
        "a model with numbers that are none is refused, naming the tensor", arguments: [Float.nan, .infinity])
    func notFinite(_ odd: Float) throws {
        let whole = try Self.model(.mlp(hidden: [4]), seed: 1, missing: .mean).file
        for (name, value) in whole.tensors.sorted(by: { $0.key < $1.key }) {
            var floats = try value.floats
            floats[floats.count - 1] = odd
            var file = whole
            file.tensors[name] = try TensorValue(floats, shape: value.shape.dimensions)
            let error = #expect(throws: ModelError.self) { try TrainedModel(file) }
            let text = "\(error.map { "\($0)" } ?? "")"
            #expect(text.contains("1 of the \(floats.count) numbers of tensor \(name)"), "\(text)")
        }
    }

    @Test("metadata that contradicts the schema of the same file is refused, naming both")
    func contradictions() throws {
        let whole = try Self.model(.logistic, seed: 1).file
        for (key, text) in [
            ("classes", Safetensors.text(ofNames: Self.classes.reversed())), ("classes", "[]"),
            ("label", "outcome"), ("feature", "age"),
        ] {
            var file = whole
            file.metadata[key] = text
            let error = #expect(throws: ModelError.self) { try TrainedModel(file) }
            let said = "\(error.map { "\($0)" } ?? "")"
            #expect(said.contains("metadata \(key)") && said.contains("schema"), "\(said)")
        }
    }

    @Test("what is no model's file is said plainly")
    func noFile() throws {
        let folder = try TemporaryFolder()
        func sentence(_ path: String) -> String {
            do throws(ModelError) {
                _ = try TrainedModel(contentsOf: path)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(sentence(folder.path).hasSuffix("is a folder, expected a file"))
        for text in ["", "row", "row,class\n1,sick\n2,well\n"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder["model"]))
            let said = sentence(folder["model"])
            #expect(said.contains("no safetensors file"), "\(said)")
        }
    }
}
