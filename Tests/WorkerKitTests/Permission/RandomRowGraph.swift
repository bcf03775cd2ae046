import Tensor
import TestSupport

@testable import WorkerKit

/// A graph drawn from the closed set of operations, on rows of two batches, aggregates and open values.
///
/// Most sizes are the number of rows, so that rows cannot be told from other axes by size. What is drawn is
/// steered by what is known of it, for were it not, all would soon be secret.
struct RandomRowGraph {
    /// The rows of one batch, or none.
    enum Owner: Hashable {
        case open, aggregate, first, second
    }

    struct Input {
        let owner: Owner
        let type: ValueType
        let label: RowLabel
        let isClasses: Bool
    }

    static let classCount = 3

    let rowCount: Int
    private(set) var inputs: [Input] = []
    private(set) var graph: Graph
    private(set) var states: [RowState] = []
    private(set) var types: [ValueType] = []
    private var constants: [TensorValue] = []
    private var nodes: [Graph.Node] = []
    /// Values sure to be class indices in range.
    private var classes: [Int] = []
    /// Where pools have found their largest, and what they looked at.
    private var places: [(source: Int, indices: Int)] = []
    private var random: SplitMix64

    init(seed: UInt64, nodeCount: Int) throws {
        random = SplitMix64(seed: seed)
        graph = Graph(inputs: [], constants: [], nodes: [], outputs: [])
        rowCount = [1, 2, 3, 4, 4][Int.random(in: 0..<5, using: &random)]
        try addLeaves()
        for _ in 0..<nodeCount { addNode() }
        graph = Graph(
            inputs: inputs.indices.map { index in
                let type = inputs[index].type
                return Graph.Input(
                    name: "\(index)", elementType: type.elementType,
                    dimensions: type.shape.dimensions.map { $0 })
            }, constants: constants, nodes: nodes, outputs: Array(types.indices))
        if Bool.random(using: &random) { try addGradients() }
    }

    // MARK: Leaves

    private mutating func addLeaves() throws {
        let n = rowCount
        let rows: [Owner: RowLabel] = [
            .open: .open, .aggregate: .aggregate(datasets: ["d"], rowCount: n, modelled: true),
            .first: .rows(RowBatch(dataset: "d", part: "first", rowCount: n), modelled: true),
            .second: .rows(RowBatch(dataset: "d", part: "second", rowCount: n), modelled: true),
        ]
        let leaves: [(Owner, [Int], ElementType)] = [
            (.first, [n, 3], .float32), (.first, [n, n], .float32), (.first, [n], .float32),
            (.first, [n, 1], .float32), (.first, [n, 2, n], .float32), (.first, [n], .int64),
            (.second, [n, n], .float32), (.second, [n], .int64), (.aggregate, [n, n], .float32),
            (.aggregate, [3], .float32), (.open, [n, n], .float32), (.open, [n, 3], .float32),
            (.open, [3, n], .float32), (.open, [1, n], .float32), (.open, [n], .float32),
            (.open, [n], .int64), (.open, [2, 2, 2], .float32),
        ]
        for (owner, sizes, elementType) in leaves {
            if elementType == .int64 { classes.append(inputs.count) }
            let type = ValueType(elementType, try Shape(sizes))
            let label = rows[owner, default: .open]
            inputs.append(Input(owner: owner, type: type, label: label, isClasses: elementType == .int64))
            types.append(type)
            states.append(RowState(label, isFloat: elementType == .float32))
        }
        constants = [
            TensorValue(scalar: 0), TensorValue(scalar: 0.5),
            try TensorValue((0..<n).map { Float($0) }, shape: [n, 1]),
        ]
        types += constants.map(\.type)
        states += constants.map { _ in .constant }
    }

    /// Values for the inputs, small and of few digits; each owner's come from their own seed.
    func values(seeds: [Owner: UInt64]) throws -> [TensorValue] {
        var sources = seeds.mapValues { SplitMix64(seed: $0) }
        return try inputs.map { input in
            let shape = input.type.shape
            var source = sources[input.owner] ?? SplitMix64(seed: 0)
            defer { sources[input.owner] = source }
            return input.isClasses
                ? try TensorValue(
                    (0..<shape.elementCount).map { _ in
                        Int64.random(in: 0..<Int64(RandomRowGraph.classCount), using: &source)
                    }, shape: shape.dimensions)
                : try TensorValue(
                    (0..<shape.elementCount).map { _ in Float(Int.random(in: -15...15, using: &source)) / 8 },
                    shape: shape.dimensions)
        }
    }

    // MARK: Nodes

    private mutating func addNode() {
        for _ in 0..<30 {
            let operation = randomOperation()
            let arguments = arguments(for: operation)
            guard operation.inputCounts.contains(arguments.count),
                let made = try? operation.outputTypes(of: arguments.map { types[$0] }),
                made.allSatisfy({ $0.shape.elementCount <= 512 && $0.shape.rank <= 4 })
            else { continue }
            let node = Graph.Node(operation, arguments)
            var found = states
            for _ in made {
                found.append(RowAnalysis.state(of: node, types: types + made, after: found))
            }
            // A few secrets will do.
            let isSecret = found.suffix(made.count).contains { $0.form == .secret }
            if isSecret, Int.random(in: 0..<8, using: &random) != 0 { continue }
            if case .argmax = operation, made[0].shape.rank == 1 {
                classes += isFew(arguments[0]) ? [types.count] : []
            }
            if case .maxPool = operation { places.append((arguments[0], types.count + 1)) }
            nodes.append(node)
            types += made
            states = found
            return
        }
    }

    private func isFew(_ id: Int) -> Bool {
        types[id].shape.dimensions.allSatisfy { $0 <= RandomRowGraph.classCount }
    }

    /// A value, half the time one of the latest.
    private mutating func pick() -> Int {
        let count = types.count
        let lowest = Bool.random(using: &random) ? 0 : Swift.max(0, count - 8)
        return Int.random(in: lowest..<count, using: &random)
    }

    /// A value that does what is asked, if a few tries find one.
    private mutating func pick(where condition: (ValueType) -> Bool) -> Int? {
        for _ in 0..<12 {
            let id = pick()
            if condition(types[id]) { return id }
        }
        return nil
    }

    private mutating func pickClasses() -> Int {
        classes[Int.random(in: 0..<classes.count, using: &random)]
    }

    /// A value that has all classes along an axis.
    private mutating func pickWhole(along axis: Int, of rank: Int) -> Int? {
        guard let axis = Shape.resolve(axis: axis, rank: rank) else { return nil }
        return pick { $0.shape.rank == rank && $0.shape[axis] >= RandomRowGraph.classCount }
    }

    /// A value that has a row for each class.
    private mutating func pickTable() -> Int? {
        pick { $0.shape.rank >= 1 && $0.shape[0] >= RandomRowGraph.classCount }
    }

    /// Rows with channels along a line, and a weight for them.
    private mutating func windowed() -> (x: Int, weight: Int)? {
        guard let x = pick(where: { $0.shape.rank == 3 && $0.elementType == .float32 }) else { return nil }
        let channels = types[x].shape[1]
        let weight = pick { $0.shape.rank == 3 && $0.shape[1] == channels && $0.elementType == .float32 }
        return weight.map { (x, $0) }
    }

    /// A value of the type a convolution makes.
    private mutating func pick(like windows: Convolution, _ x: Int, _ weight: Int) -> Int? {
        let made = try? Operation.convolution(windows).outputTypes(of: [types[x], types[weight]])[0]
        return made.flatMap { type in pick { $0 == type } }
    }

    private mutating func arguments(for operation: Operation) -> [Int] {
        switch operation {
        case .oneHot:
            return [pickClasses()]
        case .softmaxCrossEntropy, .softmaxCrossEntropyGradient:
            let labels = pickClasses(), shape = types[labels].shape
            let logits = pick {
                $0.shape.rank == 2 && $0.shape[0] == shape.elementCount
                    && $0.shape[1] >= RandomRowGraph.classCount
            }
            guard let logits else { return [] }
            guard operation.inputCounts.contains(3) else { return [logits, labels] }
            let cotangent = pick {
                $0.shape.rank == (operation == .softmaxCrossEntropyGradient(.none) ? 1 : 0)
            }
            return cotangent.map { [$0, logits, labels] } ?? []
        case .broadcastLike(let axes, let keepsDimensions, _):
            let second = pick(), shape = types[second].shape
            guard let resolved = Shape.resolve(axes: axes, rank: shape.rank) else { return [] }
            let reduced = shape.reduced(over: resolved, keepsDimensions: keepsDimensions)
            return pick { $0.shape.dimensions == reduced }.map { [$0, second] } ?? []
        case .sumLike:
            let first = pick(), shape = types[first].shape
            return pick { $0.shape.broadcasts(to: shape) }.map { [first, $0] } ?? []
        case .reshapeLike:
            let first = pick(), count = types[first].shape.elementCount
            return pick { $0.shape.elementCount == count }.map { [first, $0] } ?? []
        case .linear:
            guard let x = pick(where: { $0.shape.rank >= 2 }) else { return [] }
            let size = types[x].shape.dimensions.last
            guard let weight = pick(where: { $0.shape.rank == 2 && $0.shape[1] == size }) else { return [] }
            let sizes = Array(types[weight].shape.dimensions.prefix(1))
            return pick { $0.shape.dimensions == sizes }.map { [x, weight, $0] } ?? []
        case .sliceGradient(let starts, let stops, let steps):
            let second = pick()
            let slice = Operation.slice(starts: starts, stops: stops, steps: steps)
            guard let type = try? slice.outputTypes(of: [types[second]])[0] else { return [] }
            return pick { $0 == type }.map { [$0, second] } ?? []
        case .takeAlong(let axis):
            let classes = pickClasses()
            return pickWhole(along: axis, of: types[classes].shape.rank).map { [$0, classes] } ?? []
        case .scatterAlong(let axis):
            let classes = pickClasses(), shape = types[classes].shape
            guard let values = pick(where: { $0 == ValueType(.float32, shape) }) else { return [] }
            return pickWhole(along: axis, of: shape.rank).map { [values, classes, $0] } ?? []
        case .convolution:
            return windowed().map { [$0.x, $0.weight] } ?? []
        case .convolutionInputGradient(let windows):
            guard let (x, weight) = windowed(), let cotangent = pick(like: windows, x, weight) else {
                return []
            }
            return [cotangent, weight, x]
        case .convolutionWeightGradient(let windows):
            guard let (x, weight) = windowed(), let cotangent = pick(like: windows, x, weight) else {
                return []
            }
            return [x, cotangent, weight]
        case .maxPool, .sumPool:
            return pick { $0.shape.rank == 3 }.map { [$0] } ?? []
        case .sumPoolGradient(let pool):
            guard let x = pick(where: { $0.shape.rank == 3 }),
                let type = try? Operation.sumPool(pool).outputTypes(of: [types[x]])[0]
            else { return [] }
            return pick { $0 == type }.map { [$0, x] } ?? []
        case .takePlanes:
            return places.randomElement(using: &random).map { [$0.source, $0.indices] } ?? []
        case .scatterPlanes:
            guard let (source, indices) = places.randomElement(using: &random) else { return [] }
            let shape = types[indices].shape
            return pick { $0 == ValueType(.float32, shape) }.map { [$0, indices, source] } ?? []
        case .takeRows:
            return pickTable().map { [$0, pickClasses()] } ?? []
        case .scatterRows:
            guard let table = pickTable() else { return [] }
            let classes = pickClasses()
            let sizes = types[classes].shape.dimensions + types[table].shape.dimensions.dropFirst()
            let values = pick { $0.elementType == .float32 && $0.shape.dimensions == sizes }
            return values.map { [$0, classes, table] } ?? []
        case .concatenate:
            let first = pick(), rank = types[first].shape.rank
            return pick { $0.shape.rank == rank }.map { [first, $0] } ?? []
        default:
            return (0..<operation.inputCounts.lowerBound).map { _ in pick() }
        }
    }

    private mutating func randomOperation() -> Operation {
        let n = rowCount
        let flag = Bool.random(using: &random), other = Bool.random(using: &random)
        let axis = Int.random(in: -2..<2, using: &random)
        let axes = [nil, [0], [1], [-1], [0, 1], [1, 2], [2]][Int.random(in: 0..<7, using: &random)]
        let sizes = [
            [n, -1], [-1, n], [-1], [0, -1], [n, n, -1], [1, -1], [-1, 1], [n, 1, -1], [0, 0],
        ]
        let longer = [[n, n], [0, n], [n, 0], [n, n, 0], [n, 0, 0], [0, 0], [1, 0], [n, 0, n]]
        let orders = [[1, 0], [0, 2, 1], [2, 1, 0], [0, 1], [1, 0, 2], [0], [2, 0, 1]]
        let elementTypes: [ElementType] = [.float32, .float32, .int64, .int32, .uint8]
        let reduction: Reduction = [.none, .sum, .mean][Int.random(in: 0..<3, using: &random)]
        let windows = Convolution(strides: [1], padding: [1], dilations: [1])
        let pool = Pool(sizes: [2], strides: [1], padding: [flag ? 1 : 0])
        let all: [Operation] = [
            .erf, .sin, .cos, .cumulativeSum(axis: axis, reversed: flag),
            .pad(before: [flag ? 0 : 1, 1], after: [0, 0], value: 0.5), .takeRows, .scatterRows,
            .convolution(windows), .convolution(windows), .convolutionInputGradient(windows),
            .convolutionWeightGradient(windows), .maxPool(pool), .maxPool(pool), .sumPool(pool),
            .sumPoolGradient(pool), .takePlanes(axes: 1), .scatterPlanes(axes: 1),
            .add, .subtract, .multiply, .divide, .maximum, .minimum, .greater, .equal, .addProduct, .select,
            .negate, .exp, .log, .sqrt, .reciprocal, .tanh, .sigmoid, .relu, .abs, .sign,
            .power(exponent: flag ? 2 : 3), .reluGradient,
            .cast(to: elementTypes[Int.random(in: 0..<elementTypes.count, using: &random)]),
            .sum(axes: axes, keepsDimensions: flag), .mean(axes: axes, keepsDimensions: flag),
            .max(axes: axes, keepsDimensions: flag), .min(axes: axes, keepsDimensions: flag),
            .argmax(axis: axis), .topK(count: flag ? 1 : n, axis: axis), .sort(axis: axis, descending: flag),
            .takeAlong(axis: axis), .scatterAlong(axis: axis), .concatenate(axis: axis),
            .splitLike(axis: axis, count: 1),
            .sumLike, .sumLike, .broadcastLike(axes: axes, keepsDimensions: flag, averaging: other),
            .broadcastLike(axes: axes, keepsDimensions: flag, averaging: other), .reshapeLike,
            .matmul(transposeLeft: flag, transposeRight: other),
            .matmul(transposeLeft: true, transposeRight: false),
            .matmul(transposeLeft: flag, transposeRight: other), .linear, .linear,
            .reshape(to: sizes[Int.random(in: 0..<sizes.count, using: &random)]),
            .transpose(permutation: orders[Int.random(in: 0..<orders.count, using: &random)]),
            .expand(to: longer[Int.random(in: 0..<longer.count, using: &random)]),
            .slice(starts: [flag ? 0 : -1], stops: [.max], steps: [1]),
            .slice(starts: [0, 1], stops: [.max, .max], steps: [1, 1]),
            .sliceGradient(starts: [0, flag ? 0 : 1], stops: [.max, .max], steps: [1, 1]),
            .sliceGradient(starts: [flag ? 0 : -1], stops: [.max], steps: [1]),
            .softmax(axis: axis), .logSoftmax(axis: axis),
            .softmaxCrossEntropy(reduction), .softmaxCrossEntropyGradient(reduction),
            .oneHot(depth: RandomRowGraph.classCount),
        ]
        return all[Int.random(in: 0..<all.count, using: &random)]
    }

    // MARK: Gradients

    /// Adds the gradient of the sum of some value with respect to some others, where there is one.
    private mutating func addGradients() throws {
        var builder = try GraphBuilder(graph)
        let candidates = types.indices.filter { id in
            types[id].elementType == .float32 && states[id].form != .secret
                && id >= inputs.count + constants.count
        }
        guard let loss = candidates.randomElement(using: &random) else { return }
        let square = builder.append(.power(exponent: 2), [loss])
        let sum = builder.append(.sum(axes: nil, keepsDimensions: false), [square])
        let targets = types.indices.filter { types[$0].elementType == .float32 && $0 < inputs.count }
        guard (try? builder.gradients(of: sum, withRespectTo: targets)) != nil else { return }
        graph = builder.finish(outputs: Array(builder.entries.indices))
        types = try graph.types(binding: inputs.map(\.type))
        graph = Graph(
            inputs: graph.inputs, constants: graph.constants, nodes: graph.nodes,
            outputs: Array(types.indices))
        states = RowAnalysis.states(of: graph, types: types, inputs: inputs.map(\.label))
    }
}
