import Tensor

@testable import WorkerKit

/// A graph made of tensors, and the labels the analysis gives its outputs.
struct LabelledGraph {
    /// Something the graph is computed from.
    struct Source {
        let tensor: Tensor
        let type: ValueType
        let label: RowLabel

        init(
            _ name: String, _ sizes: [Int], _ label: RowLabel, elementType: ElementType = .float32
        ) throws {
            tensor = .input(name, elementType, dimensions: sizes.map { $0 })
            type = ValueType(elementType, try Shape(sizes))
            self.label = label
        }
    }

    let graph: Graph
    let outputs: [RowLabel]

    init(_ sources: [Source], _ outputs: [Tensor]) throws {
        graph = try Graph(inputs: sources.map(\.tensor), outputs: outputs)
        let types = try graph.types(binding: sources.map(\.type))
        let labels = RowAnalysis.labels(of: graph, types: types, inputs: sources.map(\.label))
        self.outputs = graph.outputs.map { labels[$0] }
    }

    /// Whether each output may leave.
    func mayLeave(rowsMinimum: Int) -> [Bool] {
        outputs.map { RowAnalysis.mayLeave($0, rowsMinimum: rowsMinimum) }
    }
}

/// A dataset of forty rows, a model's parameters, and whatever else a trainer may bring along.
struct Bench {
    static let rowCount = 40
    static let featureCount = 6
    static let classCount = 3

    let batch = RowBatch(dataset: "digits", part: "train 0/1", rowCount: Bench.rowCount)
    let features, pixels, target, classes, heldOut: LabelledGraph.Source
    let weight, bias, first, firstBias, second, secondBias, scalar: LabelledGraph.Source
    let mask, picker, wide, ones, loss, mean: LabelledGraph.Source

    init() throws {
        let n = Bench.rowCount, f = Bench.featureCount, c = Bench.classCount
        let rows = RowLabel.rows(batch, modelled: false)
        features = try .init("features", [n, f], rows)
        pixels = try .init("pixels", [n, 2, 3], rows, elementType: .uint8)
        target = try .init("target", [n, 1], rows)
        classes = try .init("classes", [n], rows, elementType: .int64)
        let other = RowBatch(dataset: "digits", part: "held out 0/1", rowCount: n)
        heldOut = try .init("held out", [n, f], .rows(other, modelled: false))
        weight = try .init("weight", [1, f], .open)
        bias = try .init("bias", [1], .open)
        first = try .init("0.weight", [f, 5], .open)
        firstBias = try .init("0.bias", [5], .open)
        second = try .init("2.weight", [c, 5], .open)
        secondBias = try .init("2.bias", [c], .open)
        scalar = try .init("rate", [], .open)
        mask = try .init("mask", [n, 1], .open)
        picker = try .init("picker", [1, n], .open)
        wide = try .init("wide", [n, f], .open)
        ones = try .init("ones", [n], .open)
        loss = try .init(
            "loss", [], .aggregate(datasets: ["digits"], rowCount: n, modelled: true))
        mean = try .init("mean", [f], .aggregate(datasets: ["digits"], rowCount: n, modelled: false))
    }

    var sources: [LabelledGraph.Source] {
        [
            features, pixels, target, classes, heldOut, weight, bias, first, firstBias, second, secondBias,
            scalar, mask, picker, wide, ones, loss, mean,
        ]
    }

    /// The labels of tensors made of the bench's.
    func labels(_ outputs: Tensor...) throws -> [RowLabel] {
        try LabelledGraph(sources, outputs).outputs
    }

    /// The label of one tensor.
    func label(_ output: Tensor) throws -> RowLabel {
        try LabelledGraph(sources, [output]).outputs[0]
    }
}
