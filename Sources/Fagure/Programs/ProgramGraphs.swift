import Federation
import Jobs
import Protocol
import Tensor

/// The placeholders every program over a task's rows has, and what the model makes of them.
struct ProgramInputs {
    let shift: Tensor
    let scale: Tensor
    let feature: Tensor
    let label: Tensor

    init(_ task: LearningTask) {
        let scaling: [Int?] = Scaling.dimensions(for: task)
        shift = .input("shift", dimensions: scaling)
        scale = .input("scale", dimensions: scaling)
        feature = .input(
            "column.\(task.feature.name)", task.feature.type, dimensions: [nil] + task.feature.dimensions)
        label = .input(
            "column.\(task.label.name)", task.label.type, dimensions: [nil] + task.label.dimensions)
    }

    /// What stays the same for a whole program.
    var constants: [Tensor] { [shift, scale] }

    /// What is read batch by batch.
    var columns: [Tensor] { [feature, label] }

    /// The feature column as the model reads it: a row of scaled floats per example.
    var modelInput: Tensor { shift.addingProduct(feature.flattened().cast(to: .float32), scale) }
}

/// What a model's outputs are worth: the loss that is descended, and the sums that are reported.
struct Objective {
    /// The loss of the batch on average, a scalar.
    let meanLoss: Tensor
    /// The sum of losses, then for classes the number of right ones; scalars.
    let metrics: [Tensor]
    /// Their names.
    let names: [String]

    init(_ task: LearningTask, outputs: Tensor, label: Tensor) {
        guard task.isClassification else {
            // A row's loss is its mean over outputs, so that the batch's is the mean over all: as PyTorch's
            // MSELoss.
            let target = label.cast(to: .float32).flattened()
            meanLoss = meanOfSquares(outputs, target)
            metrics = [((outputs - target) ** 2).mean(axes: [1]).sum()]
            names = ["loss"]
            return
        }
        let labels = label.cast(to: .int64).reshaped(to: [-1])
        meanLoss = softmaxCrossEntropy(outputs, labels, reduction: .mean)
        metrics = [softmaxCrossEntropy(outputs, labels, reduction: .sum), correctCount(outputs, labels)]
        names = ["loss", "correct"]
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
    /// Takes the metrics a program released as its last outputs.
    ///
    /// - Throws: `Failure` with code `malformed` for outputs that are not what the program asked for.
    func metrics(_ names: [String]) throws(ResultError) -> Metrics {
        var values: [String: Double] = [:]
        for name in names {
            guard let value = self[name], let scalar = try? value.scalar() else {
                throw ResultError(missing: name)
            }
            values[name] = Double(scalar)
        }
        return Metrics(examples: examples, loss: values["loss"] ?? 0, correct: values["correct"])
    }
}

/// A worker's result that is not what its program asked for.
struct ResultError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is not there, or not as it should be.
    let missing: String
    var description: String { "the result of a worker lacks \(missing)" }
}
