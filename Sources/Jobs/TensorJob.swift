package import Protocol
public import Tensor

/// One graph, run once on values the job brings along or the worker has.
public struct TensorJob: Sendable {
    /// Where the value of an input comes from.
    public typealias Binding = Job.Source

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
    /// Objects the worker lets go once it has found the job's own, whatever comes of it.
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

    /// The job as it travels.
    package var job: Job {
        Job(
            sources: bindings, compute: .graph(graph, inputs: nil), outputs: destinations,
            released: released)
    }

    private var destinations: [Job.Output] {
        if kept.isEmpty, transfer == nil { return [] }
        let count = graph.graph.outputs.count
        var outputs = Array(repeating: Job.Output(to: .release), count: count)
        var named = kept.map { ($0.output, Job.Destination.object($0.object)) }
        if let transfer {
            named += transfer.kept.map { ($0.output, .transfer(transfer.worker, $0.object)) }
        }
        for (output, destination) in named {
            // One for an output that is not there, or has one, is one too many: the worker refuses the job.
            guard outputs.indices.contains(output), output < count, outputs[output].destination == .release
            else {
                outputs.append(Job.Output(to: destination))
                continue
            }
            outputs[output].destination = destination
        }
        return outputs
    }
}
