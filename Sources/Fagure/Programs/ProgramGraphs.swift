import Federation
import Jobs
import Protocol
import Tensor

/// The placeholders every program over a task's rows has, and what the model makes of them.
struct ProgramInputs {
    let mean: Tensor
    let scale: Tensor
    /// What stands in for missing cells; `nil` where there are none.
    let fill: Tensor?
    let feature: Tensor
    let label: Tensor

    init(_ task: LearningTask) {
        let scaling: [Int?] = Scaling.dimensions(for: task)
        mean = .input("mean", dimensions: scaling)
        scale = .input("scale", dimensions: scaling)
        fill = task.missing == .mean ? .input("fill", dimensions: scaling) : nil
        feature = .input(
            "column.\(task.feature.name)", task.feature.type, dimensions: [nil] + task.feature.dimensions)
        label = .input(
            "column.\(task.label.name)", task.label.type, dimensions: [nil] + task.label.dimensions)
    }

    /// What stays the same for a whole program, in the order of `Scaling.constants`.
    var constants: [Tensor] { [mean, scale] + (fill.map { [$0] } ?? []) }

    /// What is read batch by batch.
    var columns: [Tensor] { [feature, label] }

    /// The feature column as the model reads it: a row of scaled floats per example.
    ///
    /// The mean is subtracted before anything is multiplied: `shift + scale · x` would lose what the difference
    /// keeps where the mean is large beside the deviation.
    var modelInput: Tensor {
        let stored = feature.flattened().cast(to: .float32)
        // A missing cell is NaN, the one number that does not equal itself.
        let x = fill.map { stored.equal(to: stored).select(stored, otherwise: $0) } ?? stored
        return (x - mean) * scale
    }
}

extension Graph {
    /// The same graph with its last inputs first: `Graph(inputs:parameters:outputs:)` puts parameters last,
    /// programs want state and constants before columns.
    func rotatingInputs(by count: Int) -> Graph {
        guard count > 0, count < inputs.count else { return self }
        let rest = inputs.count - count
        func moved(_ id: ValueID) -> ValueID {
            guard id < inputs.count else { return id }
            return id < rest ? id + count : id - rest
        }
        return Graph(
            inputs: Array(inputs[rest...] + inputs[..<rest]), constants: constants,
            nodes: nodes.map { Node($0.operation, $0.inputs.map(moved)) }, outputs: outputs.map(moved),
            origins: origins)
    }

    /// A finish graph that releases some of what it is given and nothing else.
    ///
    /// - Parameters:
    ///   - state: The types of the program's state, `constants` those of its constants.
    ///   - metricTypes: The types of its metrics.
    ///   - releasedState: How many values of the last state are released, from the first.
    static func releasing(
        state: [Graph.Input], constants: [Graph.Input], metricTypes: [ValueType], releasedState: Int
    ) -> Graph {
        let first = state.map { $0.renamed("first.\($0.name)") },
            last = state.map { $0.renamed("last.\($0.name)") }
        let metrics = metricTypes.enumerated().map { index, type in
            Graph.Input(
                name: "metric.\(index)", elementType: type.elementType, dimensions: type.shape.dimensions)
        }
        let examples = Graph.Input(name: "examples", elementType: .float32, dimensions: [])
        let released = (0..<releasedState).map { state.count + $0 }
        let sums = metrics.indices.map { 2 * state.count + constants.count + $0 }
        return Graph(
            inputs: first + last + constants + metrics + [examples], constants: [], nodes: [],
            outputs: released + sums)
    }
}

extension Graph.Input {
    fileprivate func renamed(_ name: String) -> Graph.Input {
        Graph.Input(name: name, elementType: elementType, dimensions: dimensions)
    }
}

extension JobResult {
    /// An output.
    ///
    /// - Throws: `ResultError` where it is not there, or of another type or shape.
    func value(_ name: String, _ type: ValueType) throws(ResultError) -> TensorValue {
        guard let value = self[name] else { throw .missing(name) }
        guard value.type == type else { throw .misfit(name, expected: type, got: value.type) }
        return value
    }

    /// The numbers of an output of float32.
    ///
    /// - Throws: `ResultError` where it is not there, or of another type or shape.
    func floats(_ name: String, shape dimensions: [Int]) throws(ResultError) -> [Float] {
        guard let value = self[name] else { throw .missing(name) }
        guard let floats = try? value.floats, value.shape.dimensions == dimensions else {
            let shape = (try? Shape(dimensions)) ?? .scalar
            throw .misfit(name, expected: ValueType(.float32, shape), got: value.type)
        }
        return floats
    }

    /// Takes the metrics a program released as its last outputs.
    ///
    /// - Throws: `Failure` with code `malformed` for outputs that are not what the program asked for.
    func metrics(_ names: [String]) throws(ResultError) -> Metrics {
        var values: [String: Double] = [:]
        for name in names {
            let scalar = try floats(name, shape: [])[0]
            values[name] = Double(scalar)
        }
        var metrics = Metrics(examples: examples, loss: values["loss"] ?? 0, correct: values["correct"])
        for name in names where name.hasPrefix("metric.") {
            metrics.others[String(name.dropFirst("metric.".count))] = values[name]
        }
        return metrics
    }
}

/// A worker's result that is not what its program asked for.
enum ResultError: Error, Sendable, Hashable, CustomStringConvertible {
    /// An output that is not there.
    case missing(String)
    /// An output of another type or shape than the program gives it.
    case misfit(String, expected: ValueType, got: ValueType)

    var description: String {
        switch self {
        case .missing(let name): "the result of a worker lacks \(name)"
        case .misfit(let name, let expected, let got) where expected.elementType == got.elementType:
            "in the result of a worker \(name) has shape \(got.shape), expected \(expected.shape)"
        case .misfit(let name, let expected, let got):
            "in the result of a worker \(name) is \(got), expected \(expected)"
        }
    }
}
