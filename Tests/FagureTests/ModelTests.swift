import Fagure
import Federation
import Protocol
import Tensor
import Testing

@Suite("Models")
struct ModelTests {
    @Test("an mlp is sized from the schema and named as PyTorch names it")
    func mlp() throws {
        let task = try LearningTask(
            Samples.description([Samples.feature([28, 28], type: .uint8), Samples.classes(10)]))
        #expect(task.featureCount == 784 && task.outputCount == 10 && task.isClassification)
        let model = try ModelKind.mlp(hidden: [200, 100]).makeModel(for: task, seed: 1)
        #expect(
            model.parameters.map(\.name) == [
                "0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias",
            ])
        #expect(
            model.parameters.map(\.parameter.type.shape.dimensions) == [
                [200, 784], [200], [100, 200], [100], [10, 100], [10],
            ])
        #expect("\(ModelKind.mlp(hidden: [200, 100]))" == "mlp (200, 100)")
    }

    @Test("one seed gives one model")
    func seeds() throws {
        let task = try LearningTask(Samples.description([Samples.feature(), Samples.numbers()]))
        let kind = ModelKind.mlp(hidden: [5])
        let first = try ModelState(kind.makeModel(for: task, seed: 1))
        #expect(try ModelState(kind.makeModel(for: task, seed: 1)) == first)
        #expect(try ModelState(kind.makeModel(for: task, seed: 2)) != first)
        let weights = try #require(first["0.weight"]).floats
        #expect(weights.allSatisfy { abs($0) <= 1 / Float(2).squareRoot() } && Set(weights).count == 10)
    }

    @Test("logistic regression needs classes")
    func mismatch() throws {
        let numbers = try LearningTask(
            Samples.description([Samples.feature(), Samples.numbers()], name: "houses"))
        let error = ModelError.needsClasses(model: "logistic", dataset: "houses", label: "y")
        #expect(throws: error) { _ = try ModelKind.logistic.makeModel(for: numbers, seed: 0) }
        #expect(
            "\(error)"
                == "model logistic predicts classes, but y of data set houses holds numbers; use linear or mlp"
        )
        let classes = try LearningTask(Samples.description([Samples.feature(), Samples.classes(3)]))
        #expect(try ModelKind.logistic.makeModel(for: classes, seed: 0).parameters.count == 2)
        #expect(throws: ModelError.invalid("a layer needs at least one unit, got [2, 0, 3]")) {
            _ = try ModelKind.mlp(hidden: [0]).makeModel(for: classes, seed: 0)
        }
    }

    @Test("a schema without one feature and one label is refused, named")
    func schemas() {
        func refuses(_ columns: [ColumnDescription], _ text: String) {
            let error = #expect(throws: ModelError.self) {
                _ = try LearningTask(Samples.description(columns))
            }
            #expect(error.map { "\($0)" } == text)
        }
        let x = Samples.feature(), y = Samples.numbers()
        refuses([y], "data set data has 0 feature columns, models need exactly one")
        refuses([x, x, y], "data set data has 2 feature columns (x, x), models need exactly one")
        refuses([x], "data set data has 0 label columns, models need exactly one")
        refuses(
            [Samples.feature([3, 0]), y],
            "column x of data set data cannot be used: a row of shape [3, 0] is no row")
        refuses(
            [x, Samples.classes(3, type: .float32)],
            "column y of data set data cannot be used: classes are one whole number a row")
    }
}
