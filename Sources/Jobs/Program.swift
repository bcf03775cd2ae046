public import Protocol
import Tensor

/// A graph folded over the batches of a shard: local training, evaluation and statistics alike.
///
/// For each batch the step graph runs on the state, the constants and the batch's columns, and gives the new
/// state and metrics; metrics are summed over batches, so any grouping is legal. At the end the finish graph
/// runs on the first state, the last state, the constants, the summed metrics and the number of examples (a
/// float32 scalar); its outputs are all that leaves the worker.
public struct Program: Sendable {
    /// The rows of a shard a program reads.
    public enum Part: Sendable, Hashable {
        /// The rows to learn from.
        case train
        /// The rows kept aside for evaluation.
        case heldOut
    }

    /// How rows become batches.
    public struct Schedule: Sendable, Hashable {
        /// Passes over the rows.
        public var epochs: Int
        /// Rows in a batch.
        public var batchSize: Int
        /// With a seed, each epoch reads the rows in a new order drawn from it; without, in file order.
        public var shuffleSeed: UInt64?
        /// Stop after so many batches, over all epochs; `nil` for no limit.
        public var batchLimit: Int?
        /// Whether a last batch that is not full is left out.
        public var dropsRemainder: Bool

        /// A schedule; by default one pass in file order, every row used.
        public init(
            epochs: Int = 1, batchSize: Int, shuffleSeed: UInt64? = nil, batchLimit: Int? = nil,
            dropsRemainder: Bool = false
        ) {
            self.epochs = epochs
            self.batchSize = batchSize
            self.shuffleSeed = shuffleSeed
            self.batchLimit = batchLimit
            self.dropsRemainder = dropsRemainder
        }
    }

    /// Inputs: state, constants, columns. Outputs: new state, metrics.
    public var step: SealedGraph
    /// Inputs: first state, last state, constants, summed metrics, examples. Outputs: what is released.
    public var finish: SealedGraph
    /// How many of the step's inputs and outputs are state.
    public var stateCount: Int
    /// How many inputs after the state stay the same for the whole program.
    public var constantCount: Int
    /// The columns the remaining inputs are bound to, in order.
    public var columns: [String]
    /// The rows.
    public var shard: ShardReference
    /// Which of the shard's rows.
    public var part: Part
    /// How the rows become batches.
    public var schedule: Schedule
    /// The names of the finish graph's outputs.
    public var outputs: [String]

    /// Puts a program together; `check` tells whether its parts fit.
    public init(
        step: SealedGraph, finish: SealedGraph, stateCount: Int, constantCount: Int, columns: [String],
        shard: ShardReference, part: Part, schedule: Schedule, outputs: [String]
    ) {
        self.step = step
        self.finish = finish
        self.stateCount = stateCount
        self.constantCount = constantCount
        self.columns = columns
        self.shard = shard
        self.part = part
        self.schedule = schedule
        self.outputs = outputs
    }
}
