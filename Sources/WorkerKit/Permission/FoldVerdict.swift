/// What a program tells of a shard's rows, found before it runs.
struct FoldVerdict: Sendable {
    /// The data set.
    let dataset: String
    /// How many different rows it sees at least; 0 where it reads none, and then nothing else counts.
    let rowCount: Int
    /// What its finish graph puts out: names and labels.
    var outputs: [(name: String, label: RowLabel)] = []
    /// An operation that would fail or not by what single rows hold.
    var failure: RowVerdict.TellingFailure?
    /// An operation that would compute something secret.
    var secret: RowVerdict.SecretWork?
    /// The state or metric that is rows, such as `metric 0`.
    var rows: String?
}
