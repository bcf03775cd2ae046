package import Protocol
import Tensor

/// A graph folded over the batches of shards, of each by itself.
///
/// For each batch the step graph runs on states, constants and the batch's columns, and gives the new states and
/// metrics; metrics are summed over batches. Then the finish graph runs on whatever sources it names: what states
/// were and have become, metrics and examples among them. What it gives are the outputs.
package struct Fold: Sendable, Hashable {
    /// A shard and what is its own about how its rows become batches.
    package struct Rows: Sendable, Hashable {
        /// The shard.
        package var shard: ShardReference
        /// Rows in a batch.
        package var batchSize: Int
        /// What the order of rows is drawn from; 0 where none is.
        package var shuffleSeed: UInt64

        /// Names a shard.
        package init(_ shard: ShardReference, batchSize: Int, shuffleSeed: UInt64 = 0) {
            self.shard = shard
            self.batchSize = batchSize
            self.shuffleSeed = shuffleSeed
        }
    }

    /// Inputs: states, constants, columns. Outputs: new states, metrics.
    package var step: SealedGraph
    /// The numbers of the sources that states are before the first batch.
    package var states: [Int]
    /// The numbers of the sources that stay the same.
    package var constants: [Int]
    /// The columns the step's remaining inputs are bound to, in order.
    package var columns: [String]
    /// What gives the outputs.
    package var finish: SealedGraph
    /// The numbers of the sources that the finish graph's inputs are.
    package var finishInputs: [Int]
    /// Which of the shards' rows.
    package var part: Program.Part
    /// Passes over the rows.
    package var epochs: Int
    /// Whether each epoch reads the rows in a new order, drawn from the shard's seed.
    package var shuffles: Bool
    /// Stop a shard after so many batches, over all epochs; `nil` for no limit.
    package var batchLimit: Int?
    /// Whether a last batch that is not full is left out.
    package var dropsRemainder: Bool
    /// The shards.
    package var shards: [Rows]

    /// Puts a fold together; the job's `check` tells whether its parts fit.
    package init(
        step: SealedGraph, states: [Int], constants: [Int], columns: [String], finish: SealedGraph,
        finishInputs: [Int], part: Program.Part, epochs: Int = 1, shuffles: Bool = false,
        batchLimit: Int? = nil, dropsRemainder: Bool = false, shards: [Rows]
    ) {
        self.step = step
        self.states = states
        self.constants = constants
        self.columns = columns
        self.finish = finish
        self.finishInputs = finishInputs
        self.part = part
        self.epochs = epochs
        self.shuffles = shuffles
        self.batchLimit = batchLimit
        self.dropsRemainder = dropsRemainder
        self.shards = shards
    }

    /// The number of the step's outputs that are metrics.
    package var metricCount: Int { step.graph.outputs.count - states.count }

    /// How the rows of one of the shards become batches.
    package func schedule(of rows: Rows) -> Program.Schedule {
        Program.Schedule(
            epochs: epochs, batchSize: rows.batchSize, shuffleSeed: shuffles ? rows.shuffleSeed : nil,
            batchLimit: batchLimit, dropsRemainder: dropsRemainder)
    }
}
