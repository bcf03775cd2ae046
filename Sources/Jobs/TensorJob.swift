package import Protocol
public import Tensor

/// One graph, run once on values the job brings along or the worker has.
public struct TensorJob: Sendable {
    /// Where the value of an input comes from.
    public enum Binding: Sendable, Hashable {
        /// It travels with the job.
        case value(TensorValue)
        /// The worker keeps it for the trainer.
        case object(ObjectID)
        /// It is a column of the worker's own data; see the worker's rules for what may leave.
        case column(ColumnReference)
    }

    /// An output that stays at a worker, and the object it becomes there.
    public struct Kept: Sendable, Hashable {
        /// The number of the output.
        public let output: Int
        /// The object; one of that name is replaced.
        public let object: ObjectID

        /// Says that an output stays.
        public init(output: Int, object: ObjectID) {
            self.output = output
            self.object = object
        }
    }

    /// Outputs that go to another worker, which keeps them and answers the job.
    public struct Transfer: Sendable, Hashable {
        /// The session of the other worker.
        package let worker: SessionID
        /// The outputs, and the objects they become there.
        public let kept: [Kept]

        /// Says where outputs go.
        package init(worker: SessionID, kept: [Kept]) {
            self.worker = worker
            self.kept = kept
        }
    }

    /// What is computed.
    public var graph: SealedGraph
    /// For each of the graph's inputs, in order, where its value comes from.
    public var bindings: [Binding]
    /// Outputs that stay; each output is named at most once here and in `transfer` together.
    public var kept: [Kept]
    /// Outputs that go to another worker; then none may be left to come back.
    public var transfer: Transfer?
    /// Objects the worker lets go once the job has run, whatever came of it; never one the job binds.
    public var released: [ObjectID]

    /// Puts a job together; all outputs neither kept nor transferred come back, in order. Shapes are checked
    /// by the worker, before it runs.
    public init(
        graph: SealedGraph, bindings: [Binding], kept: [Kept] = [], transfer: Transfer? = nil,
        released: [ObjectID] = []
    ) {
        self.graph = graph
        self.bindings = bindings
        self.kept = kept
        self.transfer = transfer
        self.released = released
    }

    /// Puts a job together that brings all its values along and whose outputs all come back.
    public init(graph: SealedGraph, bindings: [TensorValue]) {
        self.init(graph: graph, bindings: bindings.map { .value($0) }, kept: [])
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
    /// The answer to an `InquiryJob`, by id.
    public var objects: [HeldObject]

    /// Puts a result together.
    public init(
        outputs: [(name: String, value: TensorValue)], examples: Int, batches: Int, seconds: Double,
        objects: [HeldObject] = []
    ) {
        self.outputs = outputs
        self.examples = examples
        self.batches = batches
        self.seconds = seconds
        self.objects = objects
    }

    /// The output of a name.
    public subscript(name: String) -> TensorValue? { outputs.first { $0.name == name }?.value }
}
