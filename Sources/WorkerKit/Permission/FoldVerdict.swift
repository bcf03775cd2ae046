import Jobs
import Tensor

/// What a fold tells of rows, found before it runs.
struct FoldVerdict: Sendable {
    /// All a verdict depends on beside the fold itself: shards that have it in common are judged once.
    struct Key: Hashable {
        /// What was found of a source. Values count for the analysis only where they are the same for every shard.
        struct Input: Hashable {
            let type: ValueType
            let label: RowLabel

            init(_ type: ValueType, _ label: RowLabel) {
                self.type = type
                self.label = label
            }
        }

        /// What a column's row is.
        struct RowType: Hashable {
            let elementType: ElementType
            let dimensions: [Int]
        }

        let dataset: String
        let counts: BatchCounts
        let columns: [RowType]
        let classCounts: [Int?]
        let inputs: [Input]
    }

    /// The data set.
    let dataset: String
    /// How many different rows it sees at least; 0 where it reads none.
    let rowCount: Int
    /// Whether it reads no row and nothing that was made of any: then nothing else counts.
    var isOpen = false
    /// What its finish graph puts out: names and labels.
    var outputs: [(name: String, label: RowLabel)] = []
    /// An operation that would fail or not by what single rows hold.
    var failure: RowVerdict.TellingFailure?
    /// An operation that would compute something secret.
    var secret: RowVerdict.SecretWork?
    /// The state or metric that is rows, such as `metric 0`.
    var rows: String?
}
