import Tensor
import TestSupport
import Testing

@testable import WorkerKit

/// One graph, computed three times.
struct FormCheck {
    private let random: RandomRowGraph
    private let seed: UInt64
    private let orders: [String: [Int]]
    /// What computes each value; nil for inputs and constants.
    private let makers: [Graph.Node?]

    init(_ random: RandomRowGraph, seed: UInt64) {
        self.random = random
        self.seed = seed
        var source = SplitMix64(seed: seed &+ 77)
        let rows = Array(0..<random.rowCount)
        // Another order, wherever there is one.
        var orders = ["first": rows, "second": rows]
        for part in orders.keys.sorted() {
            while random.rowCount > 1, orders[part] == rows { orders[part] = rows.shuffled(using: &source) }
        }
        self.orders = orders
        let graph = random.graph
        makers =
            Array(repeating: nil, count: graph.firstValue(ofNode: 0))
            + graph.nodes.indices.flatMap { index in
                graph.values(ofNode: index).map { _ in graph.nodes[index] }
            }
    }

    func run(_ tally: inout Tally) throws {
        let seeds: [RandomRowGraph.Owner: UInt64] = [
            .open: seed, .aggregate: ~seed, .first: seed + 1, .second: ~seed - 1,
        ]
        let inputs = try random.values(seeds: seeds)
        let moved = try zip(inputs, random.states).map { value, state in
            guard case .rows(let batch) = state.form else { return value }
            return try Elements(value).rows(in: orders[batch.part] ?? []).value
        }
        var others = seeds.mapValues { $0 &+ 1000 }
        others[.open] = seeds[.open]
        let replaced = try random.values(seeds: others)
        compare(try evaluate(inputs), try evaluate(moved), try evaluate(replaced), &tally)
    }

    private func evaluate(_ inputs: [TensorValue]) throws -> [Elements] {
        try random.graph.evaluate(inputs).map(Elements.init)
    }

    private func compare(
        _ before: [Elements], _ after: [Elements], _ replaced: [Elements], _ tally: inout Tally
    ) {
        // How large numbers were on the way to a value, whether it is rounded, or shaky by what came of it.
        var scales = before.map(\.scale)
        var isRounded = [Bool](repeating: false, count: before.count)
        var isShaky = isRounded
        for id in before.indices {
            let state = random.states[id], node = makers[id]
            let sources = node?.inputs ?? []
            scales[id] = sources.reduce(scales[id]) { Swift.max($0, scales[$1]) }
            count(node, state, &tally)
            if !state.source.isPrivate {
                #expect(
                    before[id].difference(from: replaced[id]) == 0,
                    "open value \(id) of seed \(seed): \(describe(id))")
            }
            guard state.form != .secret else { continue }
            var expected = before[id]
            if case .rows(let batch) = state.form { expected = expected.rows(in: orders[batch.part] ?? []) }
            let difference = after[id].difference(from: expected)
            isRounded[id] = difference != 0
            let wasRounded = sources.contains { isRounded[$0] }
            isShaky[id] =
                sources.contains { isShaky[$0] }
                || wasRounded && (node?.operation.isSteep == true) || scales[id] > 1e5
            tally.checked += 1
            if isShaky[id] {
                tally.skipped += 1
                continue
            }
            #expect(
                difference <= 1e-4 * Swift.max(1, scales[id]),
                "\(state.form) \(id) of seed \(seed): \(describe(id))")
            if state.form == .uniform {
                #expect(before[id].isConstantAlongRows, "uniform \(id) of seed \(seed): \(describe(id))")
            }
        }
    }

    private func count(_ node: Graph.Node?, _ state: RowState, _ tally: inout Tally) {
        guard let node else { return }
        tally.names.insert(node.operation.name)
        guard state.source.isPrivate else {
            tally.uniform += state.form == .uniform ? 1 : 0
            return
        }
        switch state.form {
        case .rows:
            tally.rows += 1
            tally.rowNames.insert(node.operation.name)
        case .whole, .uniform:
            tally.aggregates += 1
            tally.uniform += state.form == .uniform ? 1 : 0
            if node.inputs.contains(where: {
                random.states[$0].form.isRows && random.states[$0].source.isPrivate
            }),
                node.operation.readsAll
            {
                tally.sumNames.insert(node.operation.name)
            }
        case .secret: break
        }
    }

    private func describe(_ id: Int) -> String {
        guard let node = makers[id] else { return "leaf" }
        let inputs = node.inputs.map { "\(random.types[$0]) \(random.states[$0].form)" }
        return "\(node.operation) of \(inputs.joined(separator: ", "))"
    }
}

extension Operation {
    /// Whether a rounded input may change the outcome out of all proportion.
    fileprivate var isSteep: Bool {
        switch self {
        case .greater, .equal, .select, .sign, .argmax, .cast, .reluGradient, .divide, .reciprocal, .log,
            .sqrt, .maxPool,
            .power, .exp:
            true
        default: false
        }
    }

    /// Whether all inputs lend more than a shape.
    fileprivate var readsAll: Bool {
        switch self {
        case .broadcastLike, .reshapeLike, .sumPoolGradient, .convolutionInputGradient, .scatterPlanes,
            .splitLike,
            .sliceGradient:
            false
        default: true
        }
    }
}

/// The elements of a value, whatever their type.
private struct Elements {
    let type: ValueType
    let numbers: [Double]

    init(_ value: TensorValue) throws {
        type = value.type
        numbers =
            switch value.elementType {
            case .float32: try value.floats.map(Double.init)
            case .int32: try value.int32s.map(Double.init)
            case .int64: try value.int64s.map(Double.init)
            case .uint8: try value.bytes.map(Double.init)
            }
    }

    private init(_ type: ValueType, _ numbers: [Double]) {
        self.type = type
        self.numbers = numbers
    }

    /// What a graph's input, float32 or int64, is bound to.
    var value: TensorValue {
        get throws {
            type.elementType == .float32
                ? try TensorValue(numbers.map { Float($0) }, shape: type.shape.dimensions)
                : try TensorValue(numbers.map { Int64($0) }, shape: type.shape.dimensions)
        }
    }

    /// The largest magnitude; infinite where any element is not finite.
    var scale: Double {
        numbers.reduce(0) { $1.isFinite ? Swift.max($0, Swift.abs($1)) : .infinity }
    }

    /// The same with its rows in another order.
    func rows(in order: [Int]) -> Elements {
        let size = order.isEmpty ? 0 : numbers.count / order.count
        return Elements(type, order.flatMap { numbers[($0 * size)..<(($0 + 1) * size)] })
    }

    /// The largest difference of elements; infinite where only one is a number, or types differ.
    func difference(from other: Elements) -> Double {
        guard type == other.type, numbers.count == other.numbers.count else { return .infinity }
        return zip(numbers, other.numbers).reduce(0) { largest, pair in
            if pair.0 == pair.1 || pair.0.isNaN && pair.1.isNaN { return largest }
            let difference = Swift.abs(pair.0 - pair.1)
            return difference.isNaN ? .infinity : Swift.max(largest, difference)
        }
    }

    var isConstantAlongRows: Bool {
        guard let count = type.shape.dimensions.first, count > 0 else { return true }
        let size = numbers.count / count
        return numbers.indices.allSatisfy { index in
            let first = numbers[index % size]
            return numbers[index] == first || numbers[index].isNaN && first.isNaN
        }
    }
}
