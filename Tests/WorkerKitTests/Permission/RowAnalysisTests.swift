import Tensor
import Testing

@testable import WorkerKit

/// A loss people train with: it, its gradients and the parameters after a step may leave.
struct OrdinaryLoss: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable (Bench) -> (loss: Tensor, parameters: [LabelledGraph.Source])

    init(
        _ name: String, _ make: @escaping @Sendable (Bench) -> (loss: Tensor, [LabelledGraph.Source])
    ) {
        testDescription = name
        self.make = make
    }

    private static func linear(
        _ name: String, _ loss: @escaping @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor
    ) -> OrdinaryLoss {
        OrdinaryLoss(name) { bench in
            let weight = bench.weight, bias = bench.bias
            let prediction = bench.features.tensor.linear(weight: weight.tensor, bias: bias.tensor)
            return (loss(prediction, bench.target.tensor), [weight, bias])
        }
    }

    private static func classifier(
        _ name: String, _ x: @escaping @Sendable (Bench) -> Tensor,
        _ loss: @escaping @Sendable (_ logits: Tensor, Bench) -> Tensor
    ) -> OrdinaryLoss {
        OrdinaryLoss(name) { bench in
            let hidden = (x(bench).matmul(bench.first.tensor) + bench.firstBias.tensor).relu()
            let logits = hidden.matmul(bench.second.tensor, transposeRight: true) + bench.secondBias.tensor
            return (loss(logits, bench), [bench.first, bench.firstBias, bench.second, bench.secondBias])
        }
    }

    static let all: [OrdinaryLoss] = regressions + classifiers

    private static let regressions: [OrdinaryLoss] = [
        linear("sum of squares") { sumOfSquares($0, $1) },
        linear("mean of squares") { meanOfSquares($0, $1) },
        linear("squares as products") { prediction, target in
            let difference = prediction - target
            return (difference * difference).sum() / 2
        },
        linear("mean over rows after a sum over columns") { prediction, target in
            ((prediction - target) ** 2).sum(axes: [1]).mean(axes: [0])
        },
        linear("absolute error") { ($0 - $1).abs().mean() },
        linear("root of the mean square") { meanOfSquares($0, $1).sqrt() },
        linear("hinge") { (1 - $0 * $1).maximum(Tensor(0)).mean() },
        linear("Huber") { prediction, target in
            let error = (prediction - target).abs()
            return error.greater(than: Tensor(1)).select(error - 0.5, otherwise: error ** 2 / 2).sum()
        },
        linear("binary cross-entropy") { prediction, target in
            let p = prediction.sigmoid()
            return -(target * p.log() + (1 - target) * (1 - p).log()).mean()
        },
        OrdinaryLoss("weight decay on top, weight of rank 2 by hand") { bench in
            let prediction = bench.features.tensor.matmul(bench.weight.tensor.transposed())
            let decay = (bench.weight.tensor ** 2).sum() * 0.01
            return (
                meanOfSquares(prediction + bench.bias.tensor, bench.target.tensor) + decay,
                [
                    bench.weight, bench.bias,
                ]
            )
        },
    ]

    private static let classifiers: [OrdinaryLoss] = [
        OrdinaryLoss("logistic regression") { bench in
            let x = bench.features.tensor.matmul(bench.first.tensor)
            return (softmaxCrossEntropy(x, bench.classes.tensor), [bench.first])
        },
        classifier("two layers, mean", { $0.features.tensor }) { softmaxCrossEntropy($0, $1.classes.tensor) },
        classifier("two layers, sum", { $0.features.tensor }) {
            softmaxCrossEntropy($0, $1.classes.tensor, reduction: .sum)
        },
        classifier("two layers, a loss per row, summed", { $0.features.tensor }) {
            softmaxCrossEntropy($0, $1.classes.tensor, reduction: .none).sum()
        },
        classifier("cross-entropy by hand", { $0.features.tensor }) {
            -($0.logSoftmax() * $1.classes.tensor.oneHot(depth: Bench.classCount)).sum(axes: [-1]).mean()
        },
        classifier("softmax and squares", { $0.features.tensor }) {
            sumOfSquares($0.softmax(), $1.classes.tensor.oneHot(depth: Bench.classCount))
        },
        classifier("the largest logit against none", { $0.features.tensor }) { logits, _ in
            (logits.max(axes: [1]) ** 2).mean()
        },
        classifier(
            "pixels flattened, cast and scaled", { $0.pixels.tensor.flattened().cast(to: .float32) / 255 }
        ) {
            softmaxCrossEntropy($0, $1.classes.tensor)
        },
        classifier(
            "features normalised by their own mean and spread",
            { bench in
                let x = bench.features.tensor
                let centred = x - x.mean(axes: [0], keepsDimensions: true)
                return centred / ((centred ** 2).mean(axes: [0]) + 0.1).sqrt()
            },
            { softmaxCrossEntropy($0, $1.classes.tensor) }),
    ]
}

@Suite("Ordinary losses leave")
struct RowAnalysisTests {
    let bench: Bench

    init() throws { bench = try Bench() }

    @Test(
        "a loss, its gradients and the parameters after a step leave over enough rows, not over too few",
        arguments: OrdinaryLoss.all)
    func losses(loss: OrdinaryLoss) throws {
        let (value, parameters) = loss.make(bench)
        let gradients = gradient(of: value, withRespectTo: parameters.map(\.tensor))
        let plain = zip(parameters, gradients).map { $0.tensor - 0.1 * $1 }
        let byInput = zip(parameters, gradients).map {
            $0.tensor.addingProduct(-bench.scalar.tensor, $1)
        }
        let steps = try LabelledGraph(bench.sources, [value] + gradients + plain + byInput)
        let expected = RowLabel.aggregate(datasets: ["digits"], rowCount: Bench.rowCount, modelled: true)
        #expect(steps.outputs.allSatisfy { $0 == expected }, "\(steps.outputs)")
        #expect(steps.mayLeave(rowsMinimum: Bench.rowCount).allSatisfy { $0 })
        #expect(steps.mayLeave(rowsMinimum: Bench.rowCount + 1).allSatisfy { !$0 })
    }

    @Test("a second and third step with updated parameters is over the same rows")
    func severalSteps() throws {
        var weight = bench.weight.tensor, bias = bench.bias.tensor, velocity = weight * 0
        var outputs: [Tensor] = []
        for _ in 0..<3 {
            let prediction = bench.features.tensor.linear(weight: weight, bias: bias)
            let loss = sumOfSquares(prediction, bench.target.tensor)
            let slopes = gradient(of: loss, withRespectTo: [weight, bias])
            velocity = slopes[0].addingProduct(Tensor(0.9), velocity)
            weight = weight - 0.1 * velocity
            bias = bias - 0.1 * slopes[1]
            outputs = [loss, weight, bias, velocity]
        }
        let labels = try LabelledGraph(bench.sources, outputs).outputs
        let expected = RowLabel.aggregate(datasets: ["digits"], rowCount: Bench.rowCount, modelled: true)
        #expect(labels.allSatisfy { $0 == expected }, "\(labels)")
    }

    @Test("a gradient's own gradient leaves as well")
    func secondOrder() throws {
        let (loss, parameters) = OrdinaryLoss.all[2].make(bench)
        let slopes = gradient(of: loss, withRespectTo: parameters.map(\.tensor))
        let curvature = gradient(of: (slopes[0] ** 2).sum(), withRespectTo: [bench.weight.tensor])
        let label = try bench.label(curvature[0])
        #expect(RowAnalysis.mayLeave(label, rowsMinimum: Bench.rowCount), "\(label)")
    }

    @Test("a loss over two batches counts the smaller one and names both datasets")
    func twoBatches() throws {
        let small = RowBatch(dataset: "andere", part: "train 0/1", rowCount: 8)
        let more = try LabelledGraph.Source("more", [8, 6], .rows(small, modelled: false))
        let weight = bench.weight.tensor.transposed()
        let loss =
            (bench.features.tensor.matmul(weight) ** 2).sum() + (more.tensor.matmul(weight) ** 2).sum()
        let slope = gradient(of: loss, withRespectTo: [bench.weight.tensor])[0]
        let graph = try LabelledGraph(bench.sources + [more], [loss, slope])
        let expected = RowLabel.aggregate(datasets: ["andere", "digits"], rowCount: 8, modelled: true)
        #expect(graph.outputs == [expected, expected])
    }

    @Test("what is open stays open, wherever it takes its shape from")
    func open() throws {
        let x = bench.features.tensor, w = bench.weight.tensor
        let still = gradient(of: (w ** 2).sum(), withRespectTo: [w, x])
        // d loss / d bias of a sum of predictions counts rows, and their number is no secret.
        let count = gradient(
            of: (x.matmul(w.transposed()) + bench.bias.tensor).sum(),
            withRespectTo: [bench.bias.tensor])
        let labels = try LabelledGraph(
            bench.sources, [w.exp().sum(), w.max(), w.argmax(axis: 1)] + still + count)
        #expect(labels.outputs.allSatisfy { $0 == .open }, "\(labels.outputs)")
    }

    @Test("a graph without private inputs is open throughout; one that is not as announced is secret")
    func totality() throws {
        let graph = try LabelledGraph(bench.sources, [bench.features.tensor.sum()]).graph
        let count = graph.inputs.count
        let open = RowAnalysis.labels(of: graph, types: [], inputs: Array(repeating: .open, count: count))
        #expect(open == Array(repeating: .open, count: graph.valueCount))
        let labels = RowAnalysis.labels(of: graph, types: [], inputs: bench.sources.map(\.label))
        #expect(labels == Array(repeating: .secret(datasets: ["digits"]), count: graph.valueCount))
        let types = try graph.types(binding: bench.sources.map(\.type))
        let few = RowAnalysis.labels(of: graph, types: types, inputs: [bench.features.label])
        #expect(few == Array(repeating: .secret(datasets: ["digits"]), count: graph.valueCount))
    }

    @Test("nodes that read what is not there are secret, not a trap")
    func invalidNodes() throws {
        let type = bench.features.type
        let graph = Graph(
            inputs: [Graph.Input(name: "x", elementType: .float32, dimensions: [nil, nil])], constants: [],
            nodes: [
                Graph.Node(.negate, [7]), Graph.Node(.negate, [-1]), Graph.Node(.add, [0]),
                Graph.Node(.linear, []),
            ], outputs: [1])
        let labels = RowAnalysis.labels(
            of: graph, types: Array(repeating: type, count: 5), inputs: [bench.features.label])
        #expect(labels.dropFirst().allSatisfy { $0 == .secret(datasets: ["digits"]) })
    }

    @Test("rows of which axis 0 has not as many as the batch are secret")
    func wrongCount() throws {
        let batch = RowBatch(dataset: "digits", part: "train 0/1", rowCount: 39)
        for sizes in [[40, 2], [38, 39], []] {
            let x = try LabelledGraph.Source("x", sizes, .rows(batch, modelled: true))
            #expect(try LabelledGraph([x], [x.tensor.sum()]).outputs == [.secret(datasets: ["digits"])])
        }
    }
}
