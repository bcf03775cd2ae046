import Tensor

/// How a program's state goes from batch to batch.
///
/// DESIGN. A sum over a batch of one row is that row. What is summed over all batches tells of all of them,
/// and metrics are by their nature; a state is what its step makes it. One that takes what it was along and
/// adds to it, as parameters do in training, is about the rows of all batches; one that is made anew by each
/// is about the last batch alone.
enum FoldState: Int, Comparable {
    /// It never changes.
    case fixed
    /// At least half of what it was is kept, and something added: parameters, also with weight decay.
    case kept
    /// Less is kept, but some: a velocity of small momentum. It is about many batches where it is added up,
    /// but the last outweighs all others.
    case fading
    /// It may be made of one batch alone.
    case overwritten

    static func < (left: FoldState, right: FoldState) -> Bool { left.rawValue < right.rawValue }

    /// By the share of itself that is kept.
    ///
    /// - Parameter isLearned: Whether what is added depends on what was learned before, as gradients do. A plain sum
    ///   of rows that is added to a fading state is a number whose digits are the rows: about the last batch.
    init(keeping share: ClosedRange<Double>, isLearned: Bool) {
        switch share {
        case 1...1: self = .kept
        case _ where !isLearned: self = .overwritten
        case let share where share.lowerBound >= 0.5 && share.upperBound <= 1: self = .kept
        case let share where share.lowerBound > 0 && share.upperBound <= 1: self = .fading
        default: self = .overwritten
        }
    }
}

/// How the values of a step graph depend on its states, other than by way of the rows of the batch.
///
/// A gradient depends on parameters by way of the rows, and that is no way to take parameters away again:
/// those ways are not followed. All others are: a state counts as kept only where it is scaled by constants
/// and added to, number by number, and nowhere else has a part.
struct FoldInfluences {
    private enum Influence: Equatable {
        /// The state itself times a number of this range, plus what does not depend on it.
        case scaled(ClosedRange<Double>)
        /// Any other way.
        case tangled
    }

    private typealias Influences = [Int: Influence]

    private static let countMaximum = 1 << 18

    private let graph: Graph
    private var influences: [Influences] = []
    /// Whether a state that changes has a part in a value, and in rows that a value is made of.
    private var isMoving: [Bool] = []
    private var isLearned: [Bool] = []
    /// What is known of values that are the same for a whole program.
    private var ranges: [ClosedRange<Double>?] = []
    private var count = 0
    private var isTooLarge = false

    /// Follows the states through a step graph.
    ///
    /// - Parameters:
    ///   - states: what is known of every value.
    ///   - constants: what is bound to the inputs after the state, where it is known and tells of no rows.
    init(_ graph: Graph, stateCount: Int, states: [RowState], constants: [TensorValue?]) {
        self.graph = graph
        for index in graph.inputs.indices {
            influences.append(index < stateCount ? [index: .scaled(1...1)] : [:])
            isMoving.append(index < stateCount && graph.outputs[index] != index)
            let constant = index - stateCount
            ranges.append(constants.indices.contains(constant) ? constants[constant]?.range : nil)
        }
        for constant in graph.constants {
            influences.append([:])
            ranges.append(constant.range)
        }
        isMoving += graph.constants.map { _ in false }
        isLearned = isMoving.map { _ in false }
        for (index, node) in graph.nodes.enumerated() {
            for value in graph.values(ofNode: index) where value < states.count {
                follow(node, states[value])
            }
        }
    }

    /// Adds what is known of a value that a node makes.
    private mutating func follow(_ node: Graph.Node, _ state: RowState) {
        let moves = node.inputs.contains { isMoving[$0] }
        isMoving.append(moves)
        isLearned.append(state.form.isRows && moves || node.inputs.contains { isLearned[$0] })
        let next = state.form.isRows || isTooLarge ? [:] : influence(of: node)
        count += next.count
        isTooLarge = isTooLarge || count > FoldInfluences.countMaximum
        ranges.append(range(of: node))
        influences.append(next)
    }

    /// How a state goes from batch to batch.
    func state(_ index: Int) -> FoldState {
        let output = graph.outputs[index]
        if output == index { return .fixed }
        guard !isTooLarge, case .scaled(let share) = influences[output][index] else { return .overwritten }
        return FoldState(keeping: share, isLearned: isLearned[output])
    }

    private func influence(of node: Graph.Node) -> Influences {
        let inputs = node.inputs
        switch node.operation {
        case .add: return sum(influences[inputs[0]], influences[inputs[1]])
        case .subtract: return sum(influences[inputs[0]], scaled(influences[inputs[1]], by: -1 ... -1))
        case .negate: return scaled(influences[inputs[0]], by: -1 ... -1)
        case .multiply: return product(inputs[0], inputs[1])
        case .addProduct: return sum(influences[inputs[0]], product(inputs[1], inputs[2]))
        default:
            // What lends its shape alone has no part in it.
            let informing = node.operation.rowEffect.informing ?? inputs.count
            return inputs.prefix(informing).reduce(into: [:]) { result, id in
                result.merge(tangled(influences[id])) { first, _ in first }
            }
        }
    }

    private func product(_ left: Int, _ right: Int) -> Influences {
        if let range = ranges[left] { return scaled(influences[right], by: range) }
        if let range = ranges[right] { return scaled(influences[left], by: range) }
        return tangled(influences[left]).merging(tangled(influences[right])) { first, _ in first }
    }

    private func sum(_ left: Influences, _ right: Influences) -> Influences {
        left.merging(right) { left, right in
            guard case .scaled(let left) = left, case .scaled(let right) = right else { return .tangled }
            return scaled(left.lowerBound + right.lowerBound, left.upperBound + right.upperBound)
        }
    }

    private func scaled(_ influences: Influences, by range: ClosedRange<Double>) -> Influences {
        influences.mapValues { influence in
            guard case .scaled(let own) = influence else { return .tangled }
            return range.product(own).map { .scaled($0) } ?? .tangled
        }
    }

    private func scaled(_ low: Double, _ high: Double) -> Influence {
        low.isFinite && high.isFinite && low <= high ? .scaled(low...high) : .tangled
    }

    private func tangled(_ influences: Influences) -> Influences { influences.mapValues { _ in .tangled } }

    /// Rates are often negated, and products of constants are scales.
    private func range(of node: Graph.Node) -> ClosedRange<Double>? {
        guard let first = node.inputs.first, let range = ranges[first] else { return nil }
        switch node.operation {
        case .negate: return -range.upperBound ... -range.lowerBound
        case .multiply: return ranges[node.inputs[1]].flatMap { range.product($0) }
        default: return nil
        }
    }
}

extension ClosedRange<Double> {
    fileprivate func product(_ other: ClosedRange<Double>) -> ClosedRange<Double>? {
        let corners = [
            lowerBound * other.lowerBound, lowerBound * other.upperBound, upperBound * other.lowerBound,
            upperBound * other.upperBound,
        ]
        guard corners.allSatisfy(\.isFinite), let low = corners.min(), let high = corners.max() else {
            return nil
        }
        return low...high
    }
}

extension TensorValue {
    /// From its least number to its largest; nothing where it holds none, or one that is not finite.
    fileprivate var range: ClosedRange<Double>? {
        guard elementType == .float32, isFinite, let floats = try? floats, let low = floats.min(),
            let high = floats.max()
        else { return nil }
        return Double(low)...Double(high)
    }
}
