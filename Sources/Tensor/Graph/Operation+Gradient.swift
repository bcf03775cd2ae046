/// One step of the walk backwards: a node, the cotangent of its output, and where to put new nodes.
///
/// No rule knows a shape: what must follow a shape is made by `sumLike`, `broadcastLike` and `reshapeLike`
/// from the value that has it. Every rule is made of operations of the table, so gradients have gradients.
struct GradientRule {
    typealias ValueID = GraphBuilder.ValueID

    let node: Graph.Node
    let output: ValueID
    let cotangent: ValueID
    /// For each input, whether anyone wants its gradient.
    let isNeeded: [Bool]
    let origin: Origin?
    var builder: GraphBuilder

    private var x: ValueID { node.inputs[0] }
    private var y: ValueID { node.inputs[1] }
    private var z: ValueID { node.inputs[2] }

    /// What each input's gradient gains from this node; `nil` where it gains nothing.
    ///
    /// - Throws: `TensorError.notDifferentiable` naming the operation.
    mutating func contributions() throws(TensorError) -> [ValueID?] {
        switch node.operation {
        case .add, .subtract, .multiply, .divide, .maximum, .minimum, .greater, .equal, .addProduct, .select:
            broadcasting()
        case .negate, .exp, .log, .sqrt, .reciprocal, .tanh, .sigmoid, .relu, .abs, .sign, .power,
            .reluGradient:
            elementwise()
        case .cast(let elementType):
            try elementType.isDifferentiable ? [cotangent] : refuse("\(elementType) values have no gradient")
        case .argmax, .oneHot:
            try refuse("it makes or reads whole numbers")
        case .sum, .mean, .max, .min, .sumLike, .broadcastLike, .reshapeLike:
            reduction()
        case .matmul(let transposeLeft, let transposeRight):
            matrixProduct(transposeLeft, transposeRight)
        case .linear:
            linear()
        case .reshape:
            [emit(.reshapeLike, cotangent, x)]
        case .transpose(let permutation):
            [emit(.transpose(permutation: inverse(permutation)), cotangent)]
        case .expand:
            [emit(.sumLike, cotangent, x)]
        case .slice(let starts, let stops, let steps):
            [emit(.sliceGradient(starts: starts, stops: stops, steps: steps), cotangent, x)]
        case .sliceGradient(let starts, let stops, let steps):
            [isNeeded[0] ? emit(.slice(starts: starts, stops: stops, steps: steps), cotangent) : nil, nil]
        case .softmax, .logSoftmax, .softmaxCrossEntropy, .softmaxCrossEntropyGradient:
            try classification()
        }
    }

    private mutating func emit(_ operation: Operation, _ inputs: ValueID...) -> ValueID {
        builder.append(operation, inputs, origin: origin)
    }

    private mutating func constant(_ scalar: Float) -> ValueID { builder.constant(scalar) }

    /// A product, left out where one side is the constant 1 the walk starts from.
    private mutating func product(_ left: ValueID, _ right: ValueID) -> ValueID {
        let one = constant(1)
        if left == one { return right }
        if right == one { return left }
        return emit(.multiply, left, right)
    }

    /// Sums what broadcasting repeated: `value()` with the shape of an input, if its gradient is wanted.
    private mutating func like(_ index: Int, _ value: (inout GradientRule) -> ValueID) -> ValueID? {
        guard isNeeded[index] else { return nil }
        let value = value(&self)
        return emit(.sumLike, value, node.inputs[index])
    }

    private func refuse(_ reason: String) throws(TensorError) -> [ValueID?] {
        throw .notDifferentiable(operation: node.operation.name, reason: reason, origin: origin)
    }

    private mutating func broadcasting() -> [ValueID?] {
        let cotangent = cotangent, output = output, operation = node.operation
        switch operation {
        case .add:
            return [like(0) { _ in cotangent }, like(1) { _ in cotangent }]
        case .subtract:
            return [like(0) { _ in cotangent }, like(1) { $0.emit(.negate, cotangent) }]
        case .multiply:
            return [like(0) { $0.product(cotangent, $0.y) }, like(1) { $0.product(cotangent, $0.x) }]
        case .divide:
            return [
                like(0) { $0.emit(.divide, cotangent, $0.y) },
                like(1) { $0.emit(.negate, $0.emit(.divide, $0.product(cotangent, output), $0.y)) },
            ]
        case .maximum, .minimum:
            let isMaximum = operation == .maximum
            return [
                like(0) {
                    $0.emit(.multiply, cotangent, isMaximum ? $0.share($0.x, $0.y) : $0.share($0.y, $0.x))
                },
                like(1) {
                    $0.emit(.multiply, cotangent, isMaximum ? $0.share($0.y, $0.x) : $0.share($0.x, $0.y))
                },
            ]
        case .addProduct:
            return [
                like(0) { _ in cotangent },
                like(1) { $0.product(cotangent, $0.z) },
                like(2) { $0.product(cotangent, $0.y) },
            ]
        case .select:
            return [
                nil,
                like(1) { $0.emit(.select, $0.x, cotangent, $0.constant(0)) },
                like(2) { $0.emit(.select, $0.x, $0.constant(0), cotangent) },
            ]
        default:
            return [nil, nil]
        }
    }

    /// 1 where the winner is greater, a half where both are equal, else 0.
    private mutating func share(_ winner: ValueID, _ loser: ValueID) -> ValueID {
        emit(.addProduct, emit(.greater, winner, loser), constant(0.5), emit(.equal, winner, loser))
    }

    private mutating func elementwise() -> [ValueID?] {
        switch node.operation {
        case .negate: return [emit(.negate, cotangent)]
        case .exp: return [product(cotangent, output)]
        case .log: return [emit(.divide, cotangent, x)]
        case .sqrt: return [emit(.divide, product(constant(0.5), cotangent), output)]
        case .reciprocal: return [emit(.negate, product(cotangent, emit(.multiply, output, output)))]
        case .tanh:
            return [product(cotangent, emit(.subtract, constant(1), emit(.multiply, output, output)))]
        case .sigmoid:
            return [product(cotangent, emit(.multiply, output, emit(.subtract, constant(1), output)))]
        case .relu: return [emit(.reluGradient, cotangent, output)]
        case .abs: return [product(cotangent, emit(.sign, x))]
        case .power(let exponent): return [power(exponent)]
        case .reluGradient: return [isNeeded[0] ? emit(.reluGradient, cotangent, y) : nil, nil]
        default: return [nil]
        }
    }

    private mutating func power(_ exponent: Float) -> ValueID? {
        // 0 and 1 apart: x⁻¹ and x⁰ would make 0 · ∞ of them at 0.
        switch exponent {
        case 0: nil
        case 1: cotangent
        case 2: product(cotangent, emit(.multiply, constant(2), x))
        default:
            product(cotangent, emit(.multiply, constant(exponent), emit(.power(exponent: exponent - 1), x)))
        }
    }

    private mutating func reduction() -> [ValueID?] {
        switch node.operation {
        case .sum(let axes, let keepsDimensions):
            return [spread(cotangent, axes, keepsDimensions)]
        case .mean(let axes, let keepsDimensions):
            return [spread(cotangent, axes, keepsDimensions, averaging: true)]
        case .max(let axes, let keepsDimensions), .min(let axes, let keepsDimensions):
            let isExtreme = emit(.equal, x, spread(output, axes, keepsDimensions))
            let count = emit(.sum(axes: axes, keepsDimensions: keepsDimensions), isExtreme)
            let share = emit(.divide, cotangent, count)
            return [emit(.multiply, isExtreme, spread(share, axes, keepsDimensions))]
        case .sumLike:
            // Adding to zeros is how a value is broadcast to the shape of another.
            return [isNeeded[0] ? emit(.add, spread(constant(0), nil, false), cotangent) : nil, nil]
        case .broadcastLike(let axes, let keepsDimensions, let averaging):
            guard isNeeded[0] else { return [nil, nil] }
            return averaging
                ? [emit(.mean(axes: axes, keepsDimensions: keepsDimensions), cotangent), nil]
                : [emit(.sum(axes: axes, keepsDimensions: keepsDimensions), cotangent), nil]
        default:
            return [isNeeded[0] ? emit(.reshapeLike, cotangent, x) : nil, nil]
        }
    }

    /// Repeats what a reduction of the first input made over the axes it removed.
    private mutating func spread(
        _ value: ValueID, _ axes: [Int]?, _ keepsDimensions: Bool, averaging: Bool = false
    ) -> ValueID {
        emit(.broadcastLike(axes: axes, keepsDimensions: keepsDimensions, averaging: averaging), value, x)
    }

    private mutating func matrixProduct(_ transposeLeft: Bool, _ transposeRight: Bool) -> [ValueID?] {
        let cotangent = cotangent
        return [
            like(0) { rule in
                transposeLeft
                    ? rule.emit(
                        .matmul(transposeLeft: transposeRight, transposeRight: true), rule.y, cotangent)
                    : rule.emit(
                        .matmul(transposeLeft: false, transposeRight: !transposeRight), cotangent, rule.y)
            },
            like(1) { rule in
                transposeRight
                    ? rule.emit(
                        .matmul(transposeLeft: true, transposeRight: transposeLeft), cotangent, rule.x)
                    : rule.emit(
                        .matmul(transposeLeft: !transposeLeft, transposeRight: false), rule.x, cotangent)
            },
        ]
    }

    private mutating func linear() -> [ValueID?] {
        let cotangent = cotangent
        let products = (
            input: Operation.matmul(transposeLeft: false, transposeRight: false),
            weight: Operation.matmul(transposeLeft: true, transposeRight: false)
        )
        return [
            isNeeded[0] ? emit(products.input, cotangent, y) : nil,
            like(1) { $0.emit(products.weight, cotangent, $0.x) },
            like(2) { _ in cotangent },
        ]
    }

    private func inverse(_ permutation: [Int]) -> [Int] {
        permutation.indices.sorted { permutation[$0] < permutation[$1] }
    }

    private mutating func classification() throws(TensorError) -> [ValueID?] {
        switch node.operation {
        case .softmax(let axis):
            let inner = emit(.sum(axes: [axis], keepsDimensions: true), emit(.multiply, cotangent, output))
            return [emit(.multiply, output, emit(.subtract, cotangent, inner))]
        case .logSoftmax(let axis):
            let total = emit(.sum(axes: [axis], keepsDimensions: true), cotangent)
            return [emit(.subtract, cotangent, emit(.multiply, emit(.exp, output), total))]
        case .softmaxCrossEntropy(let reduction):
            guard !isNeeded[1] else { return try refuse("labels have no gradient") }
            return [emit(.softmaxCrossEntropyGradient(reduction), cotangent, x, y), nil]
        case .softmaxCrossEntropyGradient(let reduction):
            guard !isNeeded[2] else { return try refuse("labels have no gradient") }
            return [
                isNeeded[0] ? crossEntropySlope(reduction) : nil,
                isNeeded[1] ? crossEntropyCurvature(reduction) : nil,
                nil,
            ]
        default:
            return [nil]
        }
    }

    /// The gradient is linear in its own cotangent (x): what it is for a cotangent of ones.
    private mutating func crossEntropySlope(_ reduction: Reduction) -> ValueID {
        let ones = spread(constant(1), nil, false)
        let unit = emit(.softmaxCrossEntropyGradient(reduction), ones, y, z)
        let weighted = emit(.multiply, cotangent, unit)
        return emit(.sum(axes: reduction == .none ? [1] : nil, keepsDimensions: false), weighted)
    }

    /// A row's gradient is g (p − label) with p the softmax, so its derivative is that of softmax, times g.
    private mutating func crossEntropyCurvature(_ reduction: Reduction) -> ValueID {
        let probabilities = emit(.softmax(axis: 1), y)
        let inner = emit(
            .sum(axes: [1], keepsDimensions: true), emit(.multiply, cotangent, probabilities))
        let slope = emit(.multiply, probabilities, emit(.subtract, cotangent, inner))
        // The loss's cotangent for each row: the labels' shape is the rows'.
        let repeated = Operation.broadcastLike(
            axes: nil, keepsDimensions: false, averaging: reduction == .mean)
        let perRow = reduction == .none ? x : emit(repeated, x, z)
        let factor = emit(.broadcastLike(axes: [1], keepsDimensions: false, averaging: false), perRow, y)
        return emit(.multiply, slope, factor)
    }
}
