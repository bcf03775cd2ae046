import Tensor

/// The order in which a program reads the rows of its shard; part of the protocol, so that every worker
/// agrees.
///
/// Rows are numbered from 0 in the order the shard has them (file order). Without a shuffle seed each epoch
/// reads them in that order. With one, epoch `e` (from 0) reads them in the order of the Fisher–Yates
/// permutation drawn from Philox 4x32-10 with the 64-bit seed as key (low word first) and the counter `(0, 2,
/// e, 0)`: the block number, the purpose "shuffle", the epoch, and 0. For `i` from `rows - 1` down to 1,
/// element `i` is exchanged with element `index(below: i + 1)`, Lemire's unbiased draw from the next 32-bit
/// word; see `Philox.permutation`. Batch `b` of an epoch is the rows at positions `b * batchSize ..< (b + 1)
/// * batchSize` of that order; the last batch is shorter unless the schedule drops it.
package enum RowOrder {
    /// The rows of one epoch in the order they are read.
    ///
    /// - Complexity: O(rows).
    package static func rows(_ count: Int, shuffleSeed: UInt64?, epoch: Int) -> [Int32] {
        guard let shuffleSeed else { return [Int32](0..<Int32(count)) }
        var philox = Philox(seed: shuffleSeed, round: UInt32(truncatingIfNeeded: epoch), purpose: .shuffle)
        return philox.permutation(count)
    }
}
