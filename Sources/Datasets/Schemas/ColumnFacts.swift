/// What is seen of a column without a schema, from which its kind is inferred.
struct ColumnFacts {
    private(set) var missingCount = 0
    private(set) var firstMissing: Int?
    private(set) var numberCount = 0
    private(set) var firstText: (text: String, line: Int)?
    private(set) var firstUnholdable: (text: String, line: Int)?
    /// The first cell that is the column's own name: a header in the middle of a file, or a text that happens to be.
    private(set) var firstName: (text: String, line: Int)?
    /// The first cell with a value that is none of the classes expected.
    private(set) var firstUnexpected: (text: String, line: Int)?
    /// Whether every text so far is a date.
    private(set) var isDates = true
    /// The distinct values as texts, until there are more than the limit.
    private(set) var texts = Set<String>()
    /// The distinct values as whole numbers, until there are more than the limit; `nil` once one is none.
    private(set) var wholes: Set<Int>? = []
    /// The last value, as long as each is one more than the one before.
    private var count: Int?
    private var isCounting = true
    private let limit: Int
    private let name: String?
    private let expected: Set<String>?

    /// Starts with nothing seen.
    ///
    /// - Parameters:
    ///   - limit: How many values are told apart.
    ///   - name: The column's name, where a header has one that may stand among the cells again.
    ///   - expected: The classes there may be, where they are known.
    init(limit: Int, name: String? = nil, expected: [String]? = nil) {
        self.limit = limit
        self.name = name
        self.expected = expected.map { Set($0) }
    }

    /// Whether more distinct values were seen than the limit.
    var isOverLimit: Bool { texts.count > limit }

    /// Whether the column is numeric: every cell with a value is a number, and at least one is one float32 holds.
    ///
    /// Where no cell is, the word `inf` may be a category, but digits are a number that is too large. A cell that is
    /// the column's own name changes nothing: among numbers it is a header that stands there again.
    var isNumeric: Bool {
        guard firstText == nil else { return false }
        guard numberCount > 0 || firstName == nil else { return false }
        guard numberCount == 0, let odd = firstUnholdable else { return true }
        return odd.text.utf8.contains { (0x30...0x39).contains($0) }
    }

    /// Whether the column counts the rows, as identifiers do: each value is one more than the one before.
    var countsRows: Bool {
        isCounting && missingCount == 0 && numberCount >= DatasetLimits.countedRowCountMinimum
    }

    /// Sees a cell of a file.
    mutating func see(_ reading: NumberText.Reading, text: @autoclosure () -> String, line: Int, mark: UInt8)
    {
        switch reading {
        case .number:
            numberCount += 1
            if isCounting { go(on: NumberText.whole(text(), mark: mark)) }
            if expected != nil { expect(text(), line, mark) }
            guard !isOverLimit || wholes.map({ $0.count <= limit }) ?? false else { return }
            let text = text()
            note(text)
            if let whole = NumberText.whole(text, mark: mark) { note(whole) } else { wholes = nil }
        case .unholdable:
            let text = text()
            expect(text, line, mark)
            firstUnholdable = firstUnholdable ?? (text, line)
            note(text)
            wholes = nil
        case .text:
            let text = text()
            guard !MissingWords.contains(text) else {
                missingCount += 1
                firstMissing = firstMissing ?? line
                return
            }
            expect(text, line, mark)
            if text == name {
                firstName = firstName ?? (text, line)
            } else {
                firstText = firstText ?? (text, line)
            }
            isDates = isDates && DateText.isDate(text)
            note(text)
            wholes = nil
        }
    }

    /// As rows are read by the classes: a whole number may be written in other ways.
    private mutating func expect(_ text: String, _ line: Int, _ mark: UInt8) {
        guard let expected, firstUnexpected == nil, !expected.contains(text),
            !(NumberText.whole(text, mark: mark).map { expected.contains(String($0)) } ?? false)
        else { return }
        firstUnexpected = (text, line)
    }

    private mutating func go(on whole: Int?) {
        isCounting = whole != nil && (count == nil || count?.addingReportingOverflow(1).partialValue == whole)
        count = whole
    }

    private mutating func note(_ text: String) {
        if texts.count <= limit { texts.insert(text) }
    }

    private mutating func note(_ whole: Int) {
        if let count = wholes?.count, count <= limit { wholes?.insert(whole) }
    }
}

/// Dates as tables write them.
enum DateText {
    /// Whether a text begins with a date: three numbers with the same mark between them, such as `2026-01-31`.
    static func isDate(_ text: String) -> Bool {
        let date = text.utf8.prefix { $0 != 0x20 && $0 != UInt8(ascii: "T") }
        for mark in "-/.".utf8 {
            let parts = date.split(separator: mark, omittingEmptySubsequences: false)
            let isNumeric = parts.allSatisfy { part in
                (1...4).contains(part.count) && part.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            }
            if parts.count == 3, isNumeric { return true }
        }
        return false
    }
}
