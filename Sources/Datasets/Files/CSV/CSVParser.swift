/// Cuts the bytes of a CSV file into records, after RFC 4180 and its kin.
///
/// Lines end in LF, CRLF or CR; a cell in quotation marks may hold delimiters, line breaks and doubled quotation
/// marks. Empty lines are passed over, as is a byte order mark. Cells are handed out as ranges of the bytes:
/// text is made only of those that are asked for.
struct CSVParser {
    /// Where one cell is.
    struct Cell {
        /// The bytes between the quotation marks, or between the delimiters without blanks at either end.
        let bytes: Range<Int>
        /// Whether it stands in quotation marks.
        let isQuoted: Bool
        /// Whether doubled quotation marks must be halved.
        let hasDoubledQuotes: Bool
        /// The line it begins on, from 1.
        let line: Int
    }

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    /// The file's name, for errors.
    let file: String
    /// The file's bytes, which cells are ranges of.
    let bytes: [UInt8]
    /// The line the next cell begins on, from 1.
    private(set) var line = 1
    private let delimiter: UInt8
    private var position: Int

    /// Takes the bytes of a file.
    init(_ bytes: [UInt8], file: String, delimiter: UInt8 = UInt8(ascii: ",")) {
        self.bytes = bytes
        self.file = file
        self.delimiter = delimiter
        self.position = bytes.starts(with: CSVParser.byteOrderMark) ? CSVParser.byteOrderMark.count : 0
    }

    /// Reads the next record into `cells`; false at the end of the file.
    ///
    /// - Throws: `DatasetError.csv` for quotation marks that do not match, a byte of zero, or too many cells.
    mutating func next(into cells: inout [Cell]) throws(DatasetError) -> Bool {
        cells.removeAll(keepingCapacity: true)
        while position < bytes.count, atLineEnd { endLine() }
        guard position < bytes.count else { return false }
        repeat {
            guard cells.count < DatasetLimits.csvColumnCountMaximum else {
                throw fault(.tooManyColumns(limit: DatasetLimits.csvColumnCountMaximum))
            }
            let isQuoted = position < bytes.count && bytes[position] == CSVParser.quote
            let column = cells.count + 1
            cells.append(isQuoted ? try quotedCell(column: column) : try plainCell(column: column))
        } while endCell()
        return true
    }

    /// The text of a cell.
    ///
    /// - Throws: `DatasetError.csv` for bytes that are not UTF-8.
    func text(of cell: Cell, column: Int, columnName: String? = nil) throws(DatasetError) -> String {
        guard let text = String(validating: bytes[cell.bytes], as: UTF8.self) else {
            throw fault(.invalidText, line: cell.line, column: column, columnName: columnName)
        }
        return cell.hasDoubledQuotes ? text.halvingQuotes() : text
    }

    /// An error at a position in this file.
    func fault(
        _ fault: CSVFault, line: Int? = nil, column: Int? = nil, columnName: String? = nil
    ) -> DatasetError {
        .csv(
            fault,
            at: CSVPosition(file: file, line: line ?? self.line, column: column, columnName: columnName))
    }

    /// Whether a line break, or the end of the file, is next.
    private var atLineEnd: Bool {
        position >= bytes.count || bytes[position] == CSVParser.lineFeed
            || bytes[position] == CSVParser.carriageReturn
    }

    /// Passes over a line break.
    private mutating func endLine() {
        guard position < bytes.count else { return }
        let isPair =
            bytes[position] == CSVParser.carriageReturn && position + 1 < bytes.count
            && bytes[position + 1] == CSVParser.lineFeed
        position += isPair ? 2 : 1
        line += 1
    }

    /// Passes over what ends a cell; true when another cell of the record follows.
    private mutating func endCell() -> Bool {
        guard position < bytes.count, bytes[position] == delimiter else {
            endLine()
            return false
        }
        position += 1
        return true
    }

    private mutating func plainCell(column: Int) throws(DatasetError) -> Cell {
        let start = position
        scan: while position < bytes.count {
            switch bytes[position] {
            case delimiter, CSVParser.lineFeed, CSVParser.carriageReturn: break scan
            case CSVParser.quote: throw fault(.strayQuote, column: column)
            case 0: throw fault(.nulByte, column: column)
            default: position += 1
            }
        }
        var range = start..<position
        while let first = range.first, CSVParser.isBlank(bytes[first]) { range.removeFirst() }
        while let last = range.last, CSVParser.isBlank(bytes[last]) { range.removeLast() }
        return Cell(bytes: range, isQuoted: false, hasDoubledQuotes: false, line: line)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private mutating func quotedCell(column: Int) throws(DatasetError) -> Cell {
        let firstLine = line
        position += 1
        let start = position
        var hasDoubledQuotes = false
        while true {
            guard position < bytes.count else { throw fault(.unclosedQuote, line: firstLine, column: column) }
            switch bytes[position] {
            case CSVParser.quote:
                let isDoubled = position + 1 < bytes.count && bytes[position + 1] == CSVParser.quote
                guard isDoubled else {
                    let range = start..<position
                    position += 1
                    guard atLineEnd || bytes[position] == delimiter else {
                        throw fault(.strayQuote, column: column)
                    }
                    return Cell(
                        bytes: range, isQuoted: true, hasDoubledQuotes: hasDoubledQuotes, line: firstLine)
                }
                hasDoubledQuotes = true
                position += 2
            case CSVParser.lineFeed, CSVParser.carriageReturn: endLine()
            case 0: throw fault(.nulByte, column: column)
            default: position += 1
            }
        }
    }
}

extension String {
    /// The text with every doubled quotation mark made single.
    fileprivate func halvingQuotes() -> String {
        var halved = String.UnicodeScalarView()
        var wasQuote = false
        for scalar in unicodeScalars {
            wasQuote = scalar == "\"" && !wasQuote
            if !wasQuote { halved.append(scalar) }
        }
        return String(halved)
    }
}
