/// How many bytes with a name are kept for jobs to come that may need the same.
///
/// Twice as many as the largest job needed: what was just used, and what came before. A peer that kept all it has room
/// for would take new memory for every round of a small model, page by page, until there was none.
package struct ContentAllowance: Sendable {
    private var largest = 0

    /// No job has come.
    package init() {}

    /// Notes how many bytes with a name a job needs.
    package mutating func note(_ byteCount: Int) { largest = max(largest, byteCount) }

    /// How many may be kept.
    package var byteCount: Int { max(ProtocolLimits.contentByteCountMinimum, 2 * largest) }
}
