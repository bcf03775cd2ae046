import Foundation

/// One figure: ours, and where a limit or a peer did the same work in the same run, theirs.
struct Row: Encodable {
    let name: String
    let value: Double
    let unit: String
    var against: String?
    /// Ours ÷ theirs in speed: above 1 is faster.
    var ratio: Double?

    /// A figure by itself.
    init(_ name: String, _ value: Double, _ unit: String) {
        self.name = name
        self.value = Row.rounded(value)
        self.unit = unit
    }

    /// A time, beside another's.
    static func time(_ name: String, _ value: Double, _ unit: String, against: String, _ theirs: Double)
        -> Row
    {
        var row = Row(name, value, unit)
        row.against = "\(against): \(rounded(theirs)) \(unit)"
        row.ratio = rounded(theirs / value)
        return row
    }

    /// A rate, beside another's.
    static func rate(_ name: String, _ value: Double, _ unit: String, against: String, _ theirs: Double)
        -> Row
    {
        var row = Row(name, value, unit)
        row.against = "\(against): \(rounded(theirs)) \(unit)"
        row.ratio = rounded(value / theirs)
        return row
    }

    /// Prints the row: JSON on standard output, a line of a table on standard error.
    func report() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(self), as: UTF8.self))
        var line = name.padding(toLength: 58, withPad: " ", startingAt: 0) + " \(value) \(unit)"
        if let against, let ratio { line += "   \(ratio)x of \(against)" }
        Row.note(line)
    }

    /// Writes a line for people.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// Four digits are more than a shared machine gives.
    private static func rounded(_ value: Double) -> Double {
        guard value.isFinite, value != 0 else { return value }
        let scale = pow(10, 3 - floor(log10(abs(value))))
        return (value * scale).rounded() / scale
    }
}

/// The median of some times, in the unit of the times.
func median(_ times: [Double]) -> Double {
    let sorted = times.sorted()
    return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
}

/// Seconds that a piece of work takes.
func seconds(_ work: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure(work) / .seconds(1)
}
