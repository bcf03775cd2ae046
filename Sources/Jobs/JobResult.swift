package import Protocol
public import Tensor

/// What a job gave: the values it released and what it took to compute them.
public struct JobResult: Sendable {
    /// What a fold gave for one of its shards.
    package struct Part: Sendable {
        /// The released values in the order of the job's outputs, with their names.
        package var outputs: [(name: String, value: TensorValue)] = []
        /// Rows seen, over all epochs.
        package var examples = 0
        /// Batches run.
        package var batches = 0
        /// Why the shard gave nothing, where it did not.
        package var failure: Failure?
        /// The greatest magnitude among what it added to the job's sums.
        package var largest: Float = 0

        /// Puts a part together.
        package init(
            outputs: [(name: String, value: TensorValue)], examples: Int, batches: Int
        ) {
            self.outputs = outputs
            self.examples = examples
            self.batches = batches
        }

        /// A shard that failed.
        package init(_ failure: Failure) { self.failure = failure }
    }

    /// Time spent computing.
    public var seconds: Double
    /// The objects the worker keeps, by id, where the job asked.
    public var objects: [HeldObject]
    /// What a fold gave, for each of its shards in their order; none of what is no fold.
    package var parts: [Part] = []
    /// Sums over the shards that did not fail, int64, with the names of the outputs; in their order.
    package var sums: [(name: String, value: TensorValue)] = []
    private var own: [(name: String, value: TensorValue)] = []

    /// Puts a result together; one that is about rows is a fold's over one shard.
    public init(
        outputs: [(name: String, value: TensorValue)], examples: Int, batches: Int, seconds: Double,
        objects: [HeldObject] = []
    ) {
        self.seconds = seconds
        self.objects = objects
        if examples > 0 || batches > 0 {
            parts = [Part(outputs: outputs, examples: examples, batches: batches)]
        } else {
            own = outputs
        }
    }

    /// Puts a fold's result together.
    package init(
        parts: [Part], sums: [(name: String, value: TensorValue)] = [], seconds: Double,
        objects: [HeldObject] = []
    ) {
        self.init(outputs: [], examples: 0, batches: 0, seconds: seconds, objects: objects)
        self.parts = parts
        self.sums = sums
    }

    /// The released values in the order of the job's outputs, with their names (empty names for a `TensorJob`);
    /// none of a fold over several shards.
    public var outputs: [(name: String, value: TensorValue)] {
        get { parts.isEmpty ? own : parts.count == 1 ? parts[0].outputs : [] }
        set { if parts.count == 1 { parts[0].outputs = newValue } else { own = newValue } }
    }

    /// Rows seen, over all epochs.
    public var examples: Int {
        get { parts.reduce(0) { $0.addingSaturated($1.examples) } }
        set { change { $0.examples = newValue } }
    }

    /// Batches run.
    public var batches: Int {
        get { parts.reduce(0) { $0.addingSaturated($1.batches) } }
        set { change { $0.batches = newValue } }
    }

    private mutating func change(_ change: (inout Part) -> Void) {
        if parts.isEmpty { parts = [Part(outputs: own, examples: 0, batches: 0)] }
        change(&parts[0])
    }

    /// The output of a name.
    public subscript(name: String) -> TensorValue? { outputs.first { $0.name == name }?.value }
}
