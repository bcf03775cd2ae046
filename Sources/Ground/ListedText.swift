extension Collection {
    /// The first few, and how many more there are, such as `north, south and 3 more`.
    ///
    /// - Complexity: O(those shown), where counting them all takes no time.
    package func listed(atMost countMaximum: Int, separator: String = ", ") -> String {
        let shown = prefix(countMaximum).map { "\($0)" }.joined(separator: separator)
        let more = count - countMaximum
        return more > 0 ? "\(shown) and \(more) more" : shown
    }
}
