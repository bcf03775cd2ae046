/// What can be wrong in a CSV file.
public enum CSVFault: Error, Sendable, Hashable {
    /// No header line.
    case empty
    /// A header line and nothing below.
    case noRows
    /// A header cell without a name.
    case unnamedColumn
    /// Two columns of one name; `first` is the number of the earlier one, from 1.
    case duplicateColumn(name: String, first: Int)
    /// More columns than a file may have.
    case tooManyColumns(limit: Int)
    /// Only one column, which leaves no feature.
    case noFeatures
    /// No column of the name asked for.
    case unknownLabel(name: String, columns: [String])
    /// More or fewer cells than the header has.
    case raggedRow(cellCount: Int, columnCount: Int)
    /// Nothing where a number or label should be.
    case missingValue
    /// Text where a number should be.
    case textCell(String)
    /// A number that is none: NaN, infinite, or too large for 32 bits.
    case notFinite(String)
    /// A label that is none of the classes named.
    case unknownClass(String, classes: [String])
    /// So many distinct labels that they are hardly classes.
    case tooManyClasses(count: Int, limit: Int)
    /// A quoted cell that does not end.
    case unclosedQuote
    /// A quotation mark in a cell that does not begin with one, or text after a closing one.
    case strayQuote
    /// Bytes that are not UTF-8.
    case invalidText
}

extension CSVFault: CustomStringConvertible {
    /// One lower-case sentence without the place.
    public var description: String {
        switch self {
        case .empty: "empty, expected a header line"
        case .noRows: "no rows below the header line"
        case .unnamedColumn: "a header cell without a name"
        case .duplicateColumn(let name, let first): "column \(quoted(name)) is already column \(first)"
        case .tooManyColumns(let limit): "more than the \(limit) columns allowed"
        case .noFeatures: "the label is the only column, expected features beside it (separated by commas)"
        case .unknownLabel(let name, let columns):
            "no label column \(quoted(name)), the columns are \(listed(columns))"
        case .raggedRow(let cellCount, let columnCount):
            "\(cellCount) cells where the header has \(columnCount)"
        case .missingValue: "the cell is empty"
        case .textCell(let text): "expected a number, got \(quoted(text))"
        case .notFinite(let text): "expected a finite number, got \(quoted(text))"
        case .unknownClass(let text, let classes): "\(quoted(text)) is none of the classes \(listed(classes))"
        case .tooManyClasses(let count, let limit): "\(count) distinct labels, classes may be \(limit)"
        case .unclosedQuote: "a quotation mark opens a cell that does not end"
        case .strayQuote: "a quotation mark inside a cell (quote the whole cell and double the mark)"
        case .invalidText: "not UTF-8"
        }
    }
}

/// A place in a CSV file.
public struct CSVPosition: Sendable, Hashable, CustomStringConvertible {
    /// The file as it was named.
    public let file: String
    /// The line, from 1; the header is line 1 when nothing precedes it.
    public let line: Int
    /// The column, from 1; `nil` for what concerns the whole line.
    public let column: Int?
    /// The column's name where the header has given it one.
    public let columnName: String?

    /// Names a place.
    public init(file: String, line: Int, column: Int? = nil, columnName: String? = nil) {
        self.file = file
        self.line = line
        self.column = column
        self.columnName = columnName
    }

    /// Such as `patients.csv:12: column 3 (age)`.
    public var description: String {
        guard let column else { return "\(file):\(line)" }
        return "\(file):\(line): column \(column)" + (columnName.map { " (\(shortened($0)))" } ?? "")
    }
}
