import Tensor

/// What the outputs of a graph tell of the worker's rows, found before it runs.
struct RowVerdict: Sendable {
    /// An operation that would fail or not by what single rows hold.
    struct TellingFailure: Sendable, Hashable {
        let operation: String
        let datasets: [String]
    }

    /// An operation that would compute something secret, which the time it takes could tell.
    struct SecretWork: Sendable, Hashable {
        let operation: String
        let datasets: [String]
    }

    /// A label for each output.
    let outputs: [RowLabel]
    /// Such an operation, where there is one: its failure could not be hidden.
    let failure: TellingFailure?
    /// Such an operation, where there is one: wherever its value stays, it is not computed.
    let secret: SecretWork?

    /// Judges a graph.
    ///
    /// - Parameters:
    ///   - types: of every value of the graph.
    ///   - inputs: what is known of each input.
    init(_ graph: Graph, types: [ValueType], inputs: [RowState]) {
        let states = RowAnalysis.states(of: graph, types: types, inputs: inputs)
        outputs = graph.outputs.map { states[$0].label }
        failure = RowVerdict.failure(graph, types, states)
        secret = RowVerdict.secret(graph, states)
    }

    /// Of values that pass as they are: nothing is computed, so nothing fails.
    init(passing labels: [RowLabel]) {
        outputs = labels
        failure = nil
        secret = nil
    }

    /// The first operation that would compute something secret.
    static func secret(_ graph: Graph, _ states: [RowState]) -> SecretWork? {
        RowAnalysis.secretNode(of: graph, states).map { node, state in
            SecretWork(operation: node.operation.name, datasets: state.source.datasets)
        }
    }

    /// Kernels check one thing of the values they meet: that a class index is below the number of classes. A
    /// trainer that could make indices of rows would read the rows bit by bit from which jobs fail, so where
    /// the index is not open it must be a whole column whose classes are all in range.
    static func failure(_ graph: Graph, _ types: [ValueType], _ states: [RowState]) -> TellingFailure? {
        for node in graph.nodes {
            guard let checked = node.operation.checkedClasses(node.inputs.map { types[$0] }) else { continue }
            let indices = states[node.inputs[checked.input]]
            guard indices.source.isPrivate else { continue }
            guard let known = indices.classCount, known <= checked.classCount else {
                return TellingFailure(operation: node.operation.name, datasets: indices.source.datasets)
            }
        }
        return nil
    }
}
