import Jobs
import Protocol
import WorkerKit

// A worker counts what leaves it as of the smallest batch, unless it is made of plain sums of gradients. A shard
// whose rows leave a few over would be refused for its last batch, so the trainer makes the batches a little
// larger where the optimizer asks for it.
extension TrainingProgram {
    /// Rows in a batch of a shard.
    ///
    /// - Parameter isPublic: Whether everybody has the rows; of others so many as a worker asks for by default are
    ///   in a batch, so that a rehearsal in one process makes the batches of the sites.
    func batchSize(for shard: ShardDescription, isPublic: Bool) -> Int {
        guard settings.optimizer.needsFullBatches else { return settings.batchSize }
        let minimum = max(shard.releaseRowsMinimum, isPublic ? 1 : WorkerLimits.releaseRowsMinimum)
        return TrainingProgram.fullBatchSize(
            settings.batchSize, rows: shard.trainRows, minimum: minimum)
    }

    /// The smallest size from a given one on of which no batch of a shard has fewer rows than a minimum; where the
    /// shard itself has fewer, they are one batch.
    static func fullBatchSize(_ batchSize: Int, rows: Int, minimum: Int) -> Int {
        var size = max(batchSize, min(minimum, JobLimits.batchSizeMaximum))
        // All rows in one batch is the last size that is looked at, and always fits.
        while size < rows, size < JobLimits.batchSizeMaximum, rows % size != 0, rows % size < minimum {
            size += 1
        }
        return size
    }
}
