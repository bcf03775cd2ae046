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

    @Test("networks for images are sized from a column's height and width")
    func images() throws {
        func shapes(_ kind: ModelKind, _ sizes: [Int]) throws -> [[Int]] {
            let task = try LearningTask(
                Samples.description([Samples.feature(sizes, type: .uint8), Samples.classes(10)]))
            return try kind.makeModel(for: task, seed: 1).parameters.map(\.parameter.type.shape.dimensions)
        }
        #expect(
            try shapes(.cnn, [28, 28]) == [
                [32, 1, 5, 5], [32], [64, 32, 5, 5], [64], [512, 3136], [512], [10, 512], [10],
            ])
        #expect(
            try shapes(.lenet, [28, 28]) == [
                [6, 1, 5, 5], [6], [16, 6, 5, 5], [16], [120, 256], [120], [84, 120], [84], [10, 84], [10],
            ])
        #expect(try shapes(.cnn, [3, 32, 30])[4] == [512, 64 * 8 * 7])
        let task = try LearningTask(
            Samples.description([Samples.feature([28, 28]), Samples.classes(10)]))
        let names = try ModelKind.cnn.makeModel(for: task, seed: 1).parameters.map(\.name)
        #expect(
            names == [
                "1.weight", "1.bias", "4.weight", "4.bias", "8.weight", "8.bias", "10.weight", "10.bias",
            ])
    }

    @Test("what is no image, or too small a one, is refused, named")
    func noImages() {
        func refuses(_ kind: ModelKind, _ sizes: [Int], _ text: String) {
            let error = #expect(throws: ModelError.self) {
                let task = try LearningTask(
                    Samples.description([Samples.feature(sizes), Samples.classes(10)]))
                _ = try kind.makeModel(for: task, seed: 1)
            }
            #expect(error.map { "\($0)" } == text)
        }
        refuses(
            .cnn, [784],
            "model cnn reads images [height, width] or [channels, height, width], a row of x of data set data is "
                + "[784]")
        refuses(.cnn, [3, 28], "model cnn halves an image 2 times, one of 3x28 is too small")
        refuses(.lenet, [28, 15], "model lenet halves an image 2 times, one of 28x15 is too small")
        refuses(
            .cnn, [1 << 14, 1 << 14],
            "a layer of 1073741824 inputs and 512 units is too large to send, a tensor may have 17179869184 bytes"
        )
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
