public import Tensor

/// One graph, run once on values the job brings along.
public struct TensorJob: Sendable {
    /// What is computed.
    public var graph: SealedGraph
    /// A value for each of the graph's inputs, in order.
    public var bindings: [TensorValue]

    /// Puts a job together; shapes are checked by the worker, before it runs.
    public init(graph: SealedGraph, bindings: [TensorValue]) {
        self.graph = graph
        self.bindings = bindings
    }
}

/// A program with the values it starts from.
public struct ProgramJob: Sendable {
    /// What is folded over which rows.
    public var program: Program
    /// The first state, then the constants.
    public var bindings: [TensorValue]

    /// Puts a job together.
    public init(program: Program, bindings: [TensorValue]) {
        self.program = program
        self.bindings = bindings
    }
}

/// What a job gave: the values it released and what it took to compute them.
public struct JobResult: Sendable {
    /// The released values in the order of the graph's outputs, with their names (empty names for a
    /// `TensorJob`).
    public var outputs: [(name: String, value: TensorValue)]
    /// Rows seen, over all epochs.
    public var examples: Int
    /// Batches run.
    public var batches: Int
    /// Time spent computing.
    public var seconds: Double

    /// Puts a result together.
    public init(outputs: [(name: String, value: TensorValue)], examples: Int, batches: Int, seconds: Double) {
        self.outputs = outputs
        self.examples = examples
        self.batches = batches
        self.seconds = seconds
    }

    /// The output of a name.
    public subscript(name: String) -> TensorValue? { outputs.first { $0.name == name }?.value }
}
