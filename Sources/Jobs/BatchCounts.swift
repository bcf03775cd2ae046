/// How many batches of which sizes a schedule makes of a shard's rows.
package struct BatchCounts: Hashable {
    /// Rows in a full batch.
    package let batchSize: Int
    /// Full batches in one epoch.
    package let fullPerEpoch: Int
    /// Rows in the last batch of an epoch; 0 where there is none or it is dropped.
    package let remainder: Int
    /// Batches over all epochs.
    package let total: Int
    /// Whether every row there is is seen, and each as often as all others.
    package let coversAllRows: Bool

    /// Counts. The schedule's own limits have been checked, so nothing overflows.
    package init(_ schedule: Program.Schedule, rowCount: Int) {
        batchSize = schedule.batchSize
        fullPerEpoch = rowCount / schedule.batchSize
        remainder = schedule.dropsRemainder ? 0 : rowCount % schedule.batchSize
        let all = schedule.epochs * (fullPerEpoch + (remainder > 0 ? 1 : 0))
        total = min(all, schedule.batchLimit ?? all)
        coversAllRows = total == all && (remainder > 0 || rowCount % schedule.batchSize == 0)
    }

    /// Batches in one epoch.
    package var perEpoch: Int { fullPerEpoch + (remainder > 0 ? 1 : 0) }

    /// The sizes that occur, full batches first.
    package var sizes: [Int] {
        var sizes: [Int] = []
        if fullPerEpoch > 0, total > 0 { sizes.append(batchSize) }
        if remainder > 0, total > fullPerEpoch { sizes.append(remainder) }
        return sizes
    }

    /// How many different rows are seen at least: those of the first epoch.
    package var distinctRowCount: Int {
        let first = min(total, perEpoch)
        return min(first, fullPerEpoch) * batchSize + (first > fullPerEpoch ? remainder : 0)
    }

    /// The positions of a batch in its epoch's order of rows.
    package func positions(ofBatch batch: Int) -> Range<Int> {
        let start = batch * batchSize
        return start..<start + (batch < fullPerEpoch ? batchSize : remainder)
    }
}
