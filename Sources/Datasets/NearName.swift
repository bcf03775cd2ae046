/// Which of the names there are was meant by one there is not.
enum NearName {
    /// Letters that may differ, be missing, too many or exchanged with a neighbour.
    private static let distanceMaximum = 2

    /// The end of a sentence that says that a name is not there: `; did you mean 'age'?`, or nothing.
    static func hint(for name: String, among names: [String]) -> String {
        nearest(to: name, among: names).map { "; did you mean \(quoted($0))?" } ?? ""
    }

    /// The nearest name: one that differs by case alone, else one at most two letters away.
    ///
    /// In a short name two letters are all there is: at most every other one may differ.
    static func nearest(to name: String, among names: [String]) -> String? {
        let wanted = name.lowercased()
        var best: (name: String, distance: Int)?
        for candidate in names where candidate != name && !candidate.isEmpty {
            let lower = candidate.lowercased()
            guard lower != wanted else { return candidate }
            let limit = min(distanceMaximum, max(lower.count, wanted.count) / 2)
            guard abs(lower.count - wanted.count) <= limit else { continue }
            let distance = distance(Array(lower), Array(wanted))
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Optimal string alignment: letters inserted, deleted, replaced, or exchanged with their neighbour.
    ///
    /// - Complexity: O(left · right); names have at most 256 bytes.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var before: [Int] = [], last = Array(0...right.count)
        for (row, character) in left.enumerated() {
            var next = [row + 1]
            for (column, other) in right.enumerated() {
                var least = min(
                    last[column] + (character == other ? 0 : 1), last[column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                    least = min(least, before[column - 1] + 1)
                }
                next.append(least)
            }
            (before, last) = (last, next)
        }
        return last[right.count]
    }
}
