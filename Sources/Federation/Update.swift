/// What training on one shard gave.
public struct Update: Sendable, Hashable {
    /// The shard's index.
    public let shard: Int
    /// The version of the model training started from.
    public let baseVersion: Int
    /// How much the update counts: for federated averaging, the examples seen.
    public let weight: Double
    /// The parameters after training, in the model's order.
    public let values: [NamedValue]
    /// What was counted on the way.
    public let metrics: Metrics

    /// Puts an update together.
    public init(
        shard: Int, baseVersion: Int, weight: Double, values: [NamedValue], metrics: Metrics = Metrics()
    ) {
        self.shard = shard
        self.baseVersion = baseVersion
        self.weight = weight
        self.values = values
        self.metrics = metrics
    }
}

/// What training on several shards gave, summed where they are.
public struct UpdateSum: Sendable, Hashable {
    /// What one of the shards counted.
    public struct Part: Sendable, Hashable {
        /// The shard's index.
        public let shard: Int
        /// How much its update counts.
        public let weight: Double
        /// What was counted on the way.
        public let metrics: Metrics

        /// Puts a part together.
        public init(shard: Int, weight: Double, metrics: Metrics) {
            self.shard = shard
            self.weight = weight
            self.metrics = metrics
        }
    }

    /// Who is in the sum.
    public let parts: [Part]
    /// The version of the model training started from.
    public let baseVersion: Int
    /// The sums of parameters times weights, int64, in the fold's units; in the model's order.
    public let values: [NamedValue]

    /// Puts a sum together.
    public init(parts: [Part], baseVersion: Int, values: [NamedValue]) {
        self.parts = parts
        self.baseVersion = baseVersion
        self.values = values
    }
}

/// Sums over examples; sums of sums are sums, so batches, shards and workers may be grouped at will.
public struct Metrics: Sendable, Hashable {
    /// The number of examples summed over.
    public var examples: Int
    /// The sum of the losses of all examples.
    public var loss: Double
    /// How many examples were classified right; `nil` where nothing is classified.
    public var correct: Double?
    /// Sums of whatever else was measured, by name.
    public var others: [String: Double] = [:]

    /// Sums of nothing, or of what is given.
    public init(examples: Int = 0, loss: Double = 0, correct: Double? = nil) {
        self.examples = examples
        self.loss = loss
        self.correct = correct
    }

    /// The loss of an example on average; `nil` without examples.
    public var meanLoss: Double? { examples > 0 ? loss / Double(examples) : nil }

    /// The part of examples classified right; `nil` without examples or classes.
    public var accuracy: Double? {
        guard let correct, examples > 0 else { return nil }
        return correct / Double(examples)
    }

    /// Whether the loss is a number; training that diverges makes it infinite or none.
    public var isFinite: Bool { loss.isFinite }

    /// Adds sums to sums.
    public static func += (left: inout Metrics, right: Metrics) {
        // What comes from workers is checked before; should it fail to be, a count stays at its largest.
        let (examples, overflow) = left.examples.addingReportingOverflow(right.examples)
        left.examples = overflow ? .max : examples
        left.loss += right.loss
        left.others.merge(right.others) { $0 + $1 }
        if let correct = right.correct { left.correct = (left.correct ?? 0) + correct }
    }
}
