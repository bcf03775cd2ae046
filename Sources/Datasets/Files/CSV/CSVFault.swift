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
    /// Nothing, or a word for it, where a number or label should be.
    case missingValue
    /// No label, where rows without one are not left out.
    case missingLabel
    /// A date where a number should be.
    case dateCell(String)
    /// Text where a number should be.
    case textCell(String)
    /// A number that float32 cannot hold: infinite, too large, or so small that it would be zero.
    case notFinite(String)
    /// The header again in the middle of the file: all of it, or the column's name among numbers or listed texts.
    case repeatedHeader(String?)
    /// A text that is none of the categories of its feature.
    case unknownCategory(String, categories: [String])
    /// More distinct texts than a feature may have without a schema that lists them.
    case tooManyCategories(String, limit: Int)
    /// A label that is text among labels that are numbers, of many values.
    case strayLabel(String)
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
    /// A byte of zero.
    case nulByte
    /// More than one character could be what stands between cells.
    case unclearDelimiter([String])
    /// Numbers with a decimal comma and numbers with a decimal point.
    case unclearDecimal(String, other: String)
}

extension CSVFault: CustomStringConvertible {
    /// One lower-case sentence without the position.
    public var description: String {
        switch self {
        case .empty: "empty, expected a header line"
        case .noRows: "no rows below the header line"
        case .unnamedColumn: "a header cell without a name"
        case .duplicateColumn(let name, let first): "column \(quoted(name)) is already column \(first)"
        case .tooManyColumns(let limit): "more than the \(limit) columns allowed"
        case .noFeatures:
            "the label is the only column, expected features beside it "
                + "(if they are separated by another character than comma, semicolon or tab, say so with --delimiter)"
        case .unknownLabel(let name, let columns):
            "no label column \(quoted(name)), the columns are \(listed(columns))"
                + NearName.hint(for: name, among: columns)
        case .raggedRow(let cellCount, let columnCount):
            "\(counted(cellCount, "cell")) where the header has \(columnCount) (if the cells are not separated as it "
                + "seems, say how with --delimiter)"
        case .missingValue:
            "no value, and the schema does not say what that means (missing: mean, zero or drop-row)"
        case .missingLabel: "no label (only missing: drop-row leaves such rows out)"
        case .dateCell(let text): "expected a number, got the date \(quoted(text))"
        case .textCell(let text):
            "expected a number, got \(quoted(text))\(CSVFault.hasComma(text) ? CSVFault.commaAdvice : "")"
        case .notFinite(let text):
            "expected a finite number that float32 can hold, got \(quoted(text)) (correct it, or leave the cell empty "
                + "for a missing value)"
        case .repeatedHeader(let text):
            (text.map { "\(quoted($0)) is the column's own name: this line" } ?? "this line")
                + " repeats the header, as where files were put one after another: take it out"
        case .unknownCategory(let text, let categories):
            "\(quoted(text)) is none of the categories \(listed(categories))"
        case .tooManyCategories(let text, let limit):
            "expected a number, got \(quoted(text)) (a column of text has at most \(limit) different values, "
                + "unless a schema lists them as categories; --ignore passes it over)"
        case .strayLabel(let text):
            "expected a number like the other labels, got \(quoted(text)) (if they are classes, say "
                + "--label-kind classes)"
        case .unknownClass(let text, let classes): "\(quoted(text)) is none of the classes \(listed(classes))"
        case .tooManyClasses(let count, let limit): "\(count) distinct labels, classes may be \(limit)"
        case .unclosedQuote: "a quotation mark opens a cell that does not end"
        case .strayQuote: "a quotation mark inside a cell (quote the whole cell and double the mark)"
        case .invalidText: "not UTF-8"
        case .nulByte: "a byte of zero inside a cell"
        case .unclearDelimiter(let candidates):
            "cells could be separated by \(candidates.joined(separator: " or by ")), say which with --delimiter"
        case .unclearDecimal(let text, let other):
            "\(quoted(text)) has another decimal mark than \(quoted(other)), say which it is with --decimal"
        }
    }

    private static let commaAdvice = " (if that is a decimal comma, say --decimal ,)"

    private static func hasComma(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.contains(0x2C) && NumberText.isNumber(bytes, bytes.indices, mark: 0x2C)
    }
}

/// A position in a CSV file.
public struct CSVPosition: Sendable, Hashable, CustomStringConvertible {
    /// The file as it was named.
    public let file: String
    /// The line, from 1; the header is line 1 when nothing precedes it.
    public let line: Int
    /// The column, from 1; `nil` for what concerns the whole line.
    public let column: Int?
    /// The column's name where the header has given it one.
    public let columnName: String?

    /// Names a position.
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
