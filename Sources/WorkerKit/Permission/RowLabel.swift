/// The rows of one part of one shard of a dataset, in the order the worker has them.
///
/// Two values have the same rows in the same order exactly when their batches are equal.
struct RowBatch: Hashable, Sendable {
    /// The dataset's name.
    var dataset: String
    /// What tells shards and parts of the dataset apart.
    var part: String
    /// The number of rows.
    var rowCount: Int
}

/// What a value tells of a dataset's rows, as it is remembered between jobs.
enum RowLabel: Hashable, Sendable {
    /// Nothing.
    case open
    /// Axis 0 are the rows of the batch. Each was computed, all alike, from that row and from values that are
    /// the same in whatever order the rows are. `modelled`: a model's parameters had a part in it. `raw`: an
    /// aggregate had, in which none had, and no parameter has met the rows since.
    case rows(RowBatch, modelled: Bool, raw: Bool = false)
    /// The same in whatever order the rows are: sums over all rows of a batch, and what follows from them.
    /// `rowCount`: the fewest rows of any batch summed over. `modelled`: all sums were over modelled rows.
    case aggregate(datasets: [String], rowCount: Int, modelled: Bool)
    /// Anything else: never leaves.
    case secret(datasets: [String])

    /// The datasets the value was computed from, sorted, each once; none for `open`.
    var datasets: [String] {
        switch self {
        case .open: []
        case .rows(let batch, _, _): [batch.dataset]
        case .aggregate(let datasets, _, _), .secret(let datasets): Set(datasets).sorted()
        }
    }
}
