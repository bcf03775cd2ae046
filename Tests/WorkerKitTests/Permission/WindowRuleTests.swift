import Tensor
import Testing

@testable import WorkerKit

@Suite("What leaves of models with windows, tables and gates")
struct WindowRuleTests {
    private let batch = RowBatch(dataset: "digits", part: "train 0/1", rowCount: 40)

    private func source(
        _ name: String, _ sizes: [Int], isPrivate: Bool = false, _ elementType: ElementType = .float32
    ) throws -> LabelledGraph.Source {
        try .init(
            name, sizes, isPrivate ? .rows(batch, modelled: false) : .open, elementType: elementType)
    }

    @Test("a convolutional network's loss and gradients leave, its rows do not")
    func convolution() throws {
        let x = try source("x", [40, 1, 8, 8], isPrivate: true)
        let labels = try source("y", [40], isPrivate: true, .int64)
        let kernel = try source("kernel", [4, 1, 3, 3]), bias = try source("bias", [4, 1, 1])
        let weight = try source("weight", [3, 64]), last = try source("last", [3])
        let features = (x.tensor.convolution(kernel.tensor, padding: [1, 1]) + bias.tensor).relu()
            .maxPool([2, 2]).values
        let logits = features.flattened().linear(weight: weight.tensor, bias: last.tensor)
        let loss = softmaxCrossEntropy(logits, labels.tensor)
        let gradients = gradient(
            of: loss, withRespectTo: [kernel, bias, weight, last].map(\.tensor))
        let labelled = try LabelledGraph(
            [x, labels, kernel, bias, weight, last], [loss] + gradients + [logits, features])
        #expect(labelled.mayLeave(rowsMinimum: 40) == [true, true, true, true, true, false, false])
        #expect(labelled.mayLeave(rowsMinimum: 41) == Array(repeating: false, count: 7))
    }

    @Test("averages over windows and strides leave as well")
    func averages() throws {
        let x = try source("x", [40, 2, 9], isPrivate: true)
        let kernel = try source("kernel", [2, 2, 3])
        let features = x.tensor.convolution(kernel.tensor, stride: [2]).averagePool([2], stride: [1])
        let loss = (features ** 2).mean()
        let labelled = try LabelledGraph(
            [x, kernel], [loss] + gradient(of: loss, withRespectTo: [kernel.tensor]))
        #expect(labelled.mayLeave(rowsMinimum: 40) == [true, true])
    }

    @Test("a table and a gated cell leave, cut and joined along features")
    func cells() throws {
        let tokens = try source("tokens", [40, 2], isPrivate: true, .int64)
        let table = try source("table", [7, 4]), weight = try source("weight", [16, 4])
        let bias = try source("bias", [16])
        let embedded = tokens.tensor.sliced(starts: [0, 1], stops: [.max, 2]).reshaped(to: [0])
        let gates = table.tensor.rows(at: embedded).linear(weight: weight.tensor, bias: bias.tensor)
        func gate(_ index: Int) -> Tensor {
            gates.sliced(starts: [0, index * 4], stops: [.max, index * 4 + 4])
        }
        let cell = gate(0).sigmoid() * gate(2).tanh()
        let both = Tensor.concatenated([gate(3).sigmoid() * cell.tanh(), cell], axis: 1)
        let loss = (both ** 2).mean()
        let gradients = gradient(of: loss, withRespectTo: [table, weight, bias].map(\.tensor))
        let labelled = try LabelledGraph([tokens, table, weight, bias], [loss] + gradients + [both])
        #expect(labelled.mayLeave(rowsMinimum: 40) == [true, true, true, true, false])
    }

    @Test("what a pool found is an index of its plane, for whoever asks whether it is in range")
    func places() throws {
        let x = try source("x", [40, 1, 8, 8], isPrivate: true)
        let (values, indices) = (x.tensor * 2).maxPool([2, 2])
        let unpooled = values.scatterPlanes(axes: 2, at: indices, like: x.tensor)
        let graph = try Graph(inputs: [x.tensor], outputs: [indices, unpooled])
        let types = try graph.types(binding: [x.type])
        let states = RowAnalysis.states(of: graph, types: types, inputs: [x.label])
        #expect(states[graph.outputs[0]].classCount == 64)
        #expect(states[graph.outputs[1]].form == states[0].form)
        #expect(RowVerdict.failure(graph, types, states) == nil)
    }
}
