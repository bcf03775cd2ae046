import Tensor
import Testing

@testable import WorkerKit

/// Something a trainer may try, to learn of rows more than a loss tells.
struct Attempt: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable (Bench) -> Tensor

    init(_ name: String, _ make: @escaping @Sendable (Bench) -> Tensor) {
        testDescription = name
        self.make = make
    }

    static let all: [Attempt] = plain + ordered + masked + moved + mixed + windowed

    /// A model's value per row: attempts at selection use it, so that no missing model saves us.
    private static func score(_ bench: Bench) -> Tensor {
        bench.features.tensor.matmul(bench.weight.tensor.transposed())
    }

    private static let plain: [Attempt] = [
        Attempt("the column itself") { $0.features.tensor },
        Attempt("the labels") { $0.classes.tensor },
        Attempt("the column plus nothing") { $0.features.tensor + 0 },
        Attempt("its predictions") { score($0) },
        Attempt("a loss per row") {
            softmaxCrossEntropy($0.features.tensor, $0.classes.tensor, reduction: .none)
        },
        Attempt("the sum of a column") { $0.features.tensor.sum() },
        Attempt("the mean of a column") { $0.features.tensor.mean() },
        Attempt("means of features") { $0.features.tensor.mean(axes: [0]) },
        Attempt("means of features times a parameter") {
            $0.features.tensor.mean(axes: [0]) * $0.weight.tensor
        },
        Attempt("the mean of scaled pixels") { ($0.pixels.tensor.cast(to: .float32) / 255).mean() },
        Attempt("how often each class is there") { $0.classes.tensor.oneHot(depth: 3).sum(axes: [0]) },
        Attempt("a kept mean") { $0.mean.tensor },
        Attempt("a loss plus a mean") { $0.loss.tensor + $0.features.tensor.mean() },
        Attempt("a mean, laundered through rows that a model had met") {
            ($0.features.tensor * $0.weight.tensor * 0 + $0.mean.tensor).mean()
        },
        Attempt("the same, through rows of its own") {
            ($0.features.tensor * $0.weight.tensor * 0 + ($0.features.tensor * 0 + $0.mean.tensor)).mean()
        },
        Attempt("the same, as a factor") {
            (($0.features.tensor * $0.weight.tensor * 0 + 1) * $0.mean.tensor).mean()
        },
        Attempt("a loss times nothing plus a mean") { (score($0) ** 2).sum() * 0 + $0.mean.tensor },
        Attempt("products of features") {
            $0.features.tensor.matmul($0.features.tensor, transposeLeft: true)
        },
        Attempt("the gradient of a sum, which is a sum of features") {
            gradient(of: score($0).sum(), withRespectTo: [$0.weight.tensor])[0]
        },
        Attempt("the gradient with respect to the features") {
            gradient(of: (score($0) ** 2).sum(), withRespectTo: [$0.features.tensor])[0]
        },
        Attempt("the gradient with respect to predictions") { bench in
            let score = score(bench)
            return gradient(of: (score ** 2).sum(), withRespectTo: [score])[0]
        },
        Attempt("the gradient with respect to a weight for each row") { bench in
            gradient(of: (score(bench) * bench.mask.tensor).sum(), withRespectTo: [bench.mask.tensor])[0]
        },
        Attempt("the gradient with respect to a column of zeros added") { bench in
            gradient(of: ((score(bench) + bench.mask.tensor) ** 2).sum(), withRespectTo: [bench.mask.tensor])[
                0]
        },
    ]

    private static let ordered: [Attempt] = [
        Attempt("the largest") { score($0).max() },
        Attempt("the smallest") { score($0).min() },
        Attempt("the largest of each feature") { $0.features.tensor.max(axes: [0]) },
        Attempt("the smallest, kept as a row") { $0.features.tensor.min(axes: [0], keepsDimensions: true) },
        Attempt("which row is largest") { score($0).argmax(axis: 0) },
        Attempt("which class each row is") { $0.features.tensor.argmax(axis: 1) },
        Attempt("how many are right") {
            correctCount($0.features.tensor * $0.weight.tensor, $0.classes.tensor)
        },
        Attempt("how many are greater than a parameter") {
            $0.features.tensor.greater(than: $0.weight.tensor).sum()
        },
        Attempt("how many are of a class") {
            $0.classes.tensor.equal(to: Tensor(labels: [1], shape: [1])).sum()
        },
        Attempt("the signs of features, with a model") {
            ($0.features.tensor.sign() * $0.weight.tensor).sum()
        },
        Attempt("the loss where a column says so") { bench in
            bench.target.tensor.select(score(bench) ** 2, otherwise: Tensor(0)).sum()
        },
        Attempt("softmax over the rows") { score($0).softmax(axis: 0).sum() },
        Attempt("softmax over the rows, by its negative axis") {
            (score($0).logSoftmax(axis: -2) ** 2).sum()
        },
        Attempt("ranks: each row against each") { bench in
            let score = score(bench)
            return score.greater(than: score.transposed()).sum(axes: [1])
        },
        Attempt("the gradient of the largest") {
            gradient(of: score($0).max(), withRespectTo: [$0.weight.tensor])[0]
        },
    ]

    private static let masked: [Attempt] = [
        Attempt("a mask") { (score($0) * $0.mask.tensor).sum() },
        Attempt("a mask added") { ((score($0) + $0.mask.tensor) ** 2).sum() },
        Attempt("a mask as a constant") { bench in
            (score(bench) * Tensor([1] + [Float](repeating: 0, count: 39), shape: [40, 1])).sum()
        },
        Attempt("a mask as a condition") { bench in
            bench.mask.tensor.select(score(bench), otherwise: Tensor(0)).sum()
        },
        Attempt("a mask as a weight in addProduct") { bench in
            Tensor(0).addingProduct(score(bench), bench.mask.tensor).sum()
        },
        Attempt("a mask as divisor") { (score($0) / $0.mask.tensor).sum() },
        Attempt("a mask as a bound") { score($0).minimum($0.mask.tensor).sum() },
        Attempt("a mask of the features' shape") { ($0.features.tensor * $0.wide.tensor).sum() },
        Attempt("a mask times ones, reshaped") { (score($0) * $0.ones.tensor.reshaped(to: [-1, 1])).sum() },
        Attempt("a mask that took a way over a loss") {
            (score($0) * ($0.mask.tensor * $0.loss.tensor)).sum()
        },
        Attempt("a mask that took a way over a broadcast") { bench in
            (score(bench) * (bench.mask.tensor + Tensor(0).expanded(to: [40, 1]))).sum()
        },
        Attempt("labels of the trainer's for each row") { bench in
            softmaxCrossEntropy(
                bench.features.tensor * bench.weight.tensor, bench.ones.tensor.cast(to: .int64))
        },
        Attempt("a product that picks rows") { $0.picker.tensor.matmul($0.features.tensor).sum() },
        Attempt("a product that picks rows of a model's") { $0.picker.tensor.matmul(score($0)) },
        Attempt("the same, read transposed") { $0.mask.tensor.matmul(score($0), transposeLeft: true) },
        Attempt("the same from the right") { score($0).matmul($0.mask.tensor, transposeLeft: true) },
        Attempt("the same from the right, both transposed") {
            score($0).matmul($0.picker.tensor, transposeLeft: true, transposeRight: true)
        },
        Attempt("a product that leaves the rows, as columns") { bench in
            Tensor(1).expanded(to: [Bench.featureCount, 2]).matmul(
                bench.features.tensor * bench.weight.tensor, transposeLeft: true, transposeRight: true)
        },
        Attempt("a mask turned out of a value that was the same for all") { bench in
            let same = bench.ones.tensor.expanded(to: [Bench.featureCount, Bench.rowCount])
            return
                (score(bench) * same.matmul(bench.weight.tensor, transposeLeft: true, transposeRight: true))
                .sum()
        },
        Attempt("rows as a weight") {
            $0.picker.tensor.linear(weight: score($0).transposed(), bias: $0.bias.tensor)
        },
        Attempt("rows as a bias") { bench in
            bench.weight.tensor.linear(weight: bench.wide.tensor, bias: score(bench).reshaped(to: [40])).sum()
        },
        Attempt("each row with each, by broadcasting") { bench in
            (score(bench) * score(bench).reshaped(to: [40])).sum()
        },
        Attempt("each row with each, by a product") { bench in
            bench.features.tensor.matmul(bench.features.tensor, transposeRight: true).sum()
        },
    ]

    private static let moved: [Attempt] = [
        Attempt("the first row") { $0.features.tensor[0..<1] },
        Attempt("the last row of predictions, summed") { score($0)[39...].sum() },
        Attempt("all rows but one, summed") { (score($0)[1...] ** 2).sum() },
        Attempt("one feature") { $0.features.tensor.sliced(starts: [0, 2], stops: [40, 3]).sum() },
        Attempt("a slice that takes all") { (score($0)[0..<40] ** 2).sum() },
        Attempt("a slice's gradient") { bench in
            gradient(of: (score(bench)[0..<1] ** 2).sum(), withRespectTo: [bench.weight.tensor])[0]
        },
        Attempt("the rows put last, then summed over features") { score($0).transposed().sum(axes: [0]) },
        Attempt("the rows put last, then picked") { score($0).transposed().matmul($0.mask.tensor) },
        Attempt("the rows put last and back") { score($0).transposed().transposed().sum() },
        Attempt("rows flattened into one another") {
            ($0.features.tensor * $0.weight.tensor).reshaped(to: [-1]).sum()
        },
        Attempt("rows in pairs, one of each kept") { bench in
            (bench.features.tensor * bench.weight.tensor).reshaped(to: [20, 12]).max(axes: [1]).sum()
        },
        Attempt("rows repeated along a new axis") { score($0).expanded(to: [2, 40, 3]).sum() },
        Attempt("rows under an axis, by broadcasting") { bench in
            (score(bench) * bench.wide.tensor.reshaped(to: [6, 40, 1])).sum()
        },
    ]

    private static let mixed: [Attempt] = [
        Attempt("training and held-out rows together") {
            (($0.features.tensor - $0.heldOut.tensor) * $0.weight.tensor).sum()
        },
        Attempt("training and held-out rows in a product") {
            ($0.features.tensor * $0.weight.tensor).matmul($0.heldOut.tensor, transposeLeft: true)
        },
        Attempt("held-out labels for training rows") { bench in
            softmaxCrossEntropy(
                score(bench) * bench.weight.tensor, bench.heldOut.tensor.sum(axes: [1]).cast(to: .int64))
        },
    ]
}

@Suite("What tells of rows stays")
struct RowSecrecyTests {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test("whatever is tried leaves over no number of rows, and names the dataset", arguments: Attempt.all)
    func attempts(attempt: Attempt) throws {
        let label = try bench.label(attempt.make(bench))
        #expect(!RowAnalysis.mayLeave(label, rowsMinimum: 0), "\(label)")
        #expect(label.datasets == ["digits"])
    }

    @Test("the loss of a batch of one row leaves over one row, and over no more")
    func oneRow() throws {
        let one = RowBatch(dataset: "digits", part: "train 0/9", rowCount: 1)
        let x = try LabelledGraph.Source("x", [1, 3], .rows(one, modelled: false))
        let w = try LabelledGraph.Source("w", [1, 3], .open)
        let mask = try LabelledGraph.Source("mask", [5, 1], .open)
        let loss = ((x.tensor * w.tensor) ** 2).sum()
        let slope = gradient(of: loss, withRespectTo: [w.tensor])[0]
        let spread = ((x.tensor * mask.tensor) * w.tensor).sum()
        let graph = try LabelledGraph(
            [x, w, mask], [loss, slope, x.tensor * w.tensor, spread, x.tensor.sum()])
        #expect(graph.mayLeave(rowsMinimum: 1) == [true, true, false, false, false])
        #expect(graph.mayLeave(rowsMinimum: 2) == [false, false, false, false, false])
    }

    @Test("a sum over few rows stays one, whichever rows it goes through")
    func fewRowsByWayOfMany() throws {
        let one = RowLabel.aggregate(datasets: ["patients"], rowCount: 1, modelled: true)
        let secret = try LabelledGraph.Source("secret", [1], one)
        let x = bench.features.tensor * bench.weight.tensor
        let through = (x * 0 + secret.tensor).mean()
        let graph = try LabelledGraph(bench.sources + [secret], [through, x + secret.tensor])
        #expect(graph.mayLeave(rowsMinimum: 2) == [false, false])
        #expect(
            graph.outputs[0] == .aggregate(datasets: ["digits", "patients"], rowCount: 1, modelled: true))
        // Kept, such rows would come back as the batch's own: so they are not kept as rows.
        #expect(graph.outputs[1] == .secret(datasets: ["digits", "patients"]))
    }

    @Test("integers and constants are no model's parameters")
    func noModel() throws {
        let whole = try LabelledGraph.Source("whole", [1, 6], .open, elementType: .int64)
        let x = bench.features.tensor
        let sums = [
            (x * 2 + 1).sum(), (x * Tensor([1, 2, 3, 4, 5, 6])).sum(),
            (x * whole.tensor.cast(to: .float32)).sum(), (x - x.mean(axes: [0])).exp().sum(),
            (x + bench.mean.tensor).sum(),
        ]
        let labels = try LabelledGraph(bench.sources + [whole], sums).outputs
        let expected = RowLabel.aggregate(datasets: ["digits"], rowCount: Bench.rowCount, modelled: false)
        #expect(labels.allSatisfy { $0 == expected }, "\(labels)")
    }

    @Test("a shape that is lent lends no rows and no model")
    func lentShapes() throws {
        let x = bench.features, w = bench.weight
        var builder = GraphBuilder()
        let rows = builder.input(Graph.Input(name: "x", elementType: .float32, dimensions: [40, 6]))
        let weight = builder.input(Graph.Input(name: "w", elementType: .float32, dimensions: [1, 6]))
        let repeats = Operation.broadcastLike(axes: [0], keepsDimensions: true, averaging: false)
        let spread = builder.append(repeats, [weight, rows])
        let narrowed = builder.append(.sumLike, [rows, weight])
        let reshaped = builder.append(.reshapeLike, [rows, rows])
        let product = builder.append(.multiply, [rows, spread])
        let graph = builder.finish(outputs: [spread, narrowed, reshaped, product])
        let types = try graph.types(binding: [x.type, w.type])
        let labels = RowAnalysis.labels(of: graph, types: types, inputs: [x.label, w.label])
        #expect(
            graph.outputs.map { labels[$0] } == [
                .open, .aggregate(datasets: ["digits"], rowCount: 40, modelled: false),
                .rows(bench.batch, modelled: false), .rows(bench.batch, modelled: true),
            ])
    }

    @Test("rows that a broadcast has turned under another axis of the same size are secret")
    func turnedRows() throws {
        var builder = GraphBuilder()
        let rows = builder.input(Graph.Input(name: "rows", elementType: .float32, dimensions: [40]))
        let square = builder.input(Graph.Input(name: "square", elementType: .float32, dimensions: [40, 40]))
        let turned = builder.append(
            .broadcastLike(axes: [0], keepsDimensions: false, averaging: false), [rows, square])
        let upright = builder.append(
            .broadcastLike(axes: [1], keepsDimensions: false, averaging: false), [rows, square])
        let graph = builder.finish(outputs: [turned, upright])
        let types = try graph.types(binding: [
            ValueType(.float32, try Shape([40])), ValueType(.float32, try Shape([40, 40])),
        ])
        let rowsLabel = RowLabel.rows(bench.batch, modelled: true)
        let labels = RowAnalysis.labels(of: graph, types: types, inputs: [rowsLabel, .open])
        #expect(graph.outputs.map { labels[$0] } == [.secret(datasets: ["digits"]), rowsLabel])
    }
}
