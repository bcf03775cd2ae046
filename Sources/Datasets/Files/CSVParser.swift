/// Cuts the bytes of a CSV file into records, after RFC 4180.
///
/// Lines end in LF or CRLF; a cell in quotation marks may hold commas, line breaks and doubled quotation
/// marks. Empty lines are passed over, as is a byte order mark. Cells are handed out as places in the bytes:
/// text is made only of those that are asked for.
struct CSVParser {
    /// Where one cell is.
    struct Cell {
        /// The bytes between the quotation marks, or between the commas.
        let bytes: Range<Int>
        /// Whether doubled quotation marks must be halved.
        let isQuoted: Bool
        /// The line it begins on, from 1.
        let line: Int
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    /// The file's name, for errors.
    let file: String
    /// The line the next cell begins on, from 1.
    private(set) var line = 1
    private let bytes: [UInt8]
    private var position: Int

    /// Takes the bytes of a file.
    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
        self.position = bytes.starts(with: CSVParser.byteOrderMark) ? CSVParser.byteOrderMark.count : 0
    }

    /// Reads the next record into `cells`; false at the end of the file.
    ///
    /// - Throws: `DatasetError.csv` for quotation marks that do not match, or too many cells.
    mutating func next(into cells: inout [Cell]) throws(DatasetError) -> Bool {
        cells.removeAll(keepingCapacity: true)
        skipEmptyLines()
        guard position < bytes.count else { return false }
        repeat {
            guard cells.count < DatasetLimits.csvColumnCountMaximum else {
                throw fault(.tooManyColumns(limit: DatasetLimits.csvColumnCountMaximum))
            }
            cells.append(try nextCell(column: cells.count + 1))
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
        guard cell.isQuoted else { return text.trimmingBlanks() }
        return text.utf8.contains(CSVParser.quote) ? text.halvingQuotes() : text
    }

    /// An error at a place in this file.
    func fault(
        _ fault: CSVFault, line: Int? = nil, column: Int? = nil, columnName: String? = nil
    ) -> DatasetError {
        .csv(
            fault,
            at: CSVPosition(file: file, line: line ?? self.line, column: column, columnName: columnName))
    }

    private mutating func skipEmptyLines() {
        while position < bytes.count, atLineEnd { endLine() }
    }

    /// Whether a line break, or the end of the file, is next.
    private var atLineEnd: Bool {
        guard position < bytes.count else { return true }
        if bytes[position] == CSVParser.lineFeed { return true }
        return bytes[position] == CSVParser.carriageReturn
            && position + 1 < bytes.count && bytes[position + 1] == CSVParser.lineFeed
    }

    /// Passes over a line break.
    private mutating func endLine() {
        guard position < bytes.count else { return }
        position += bytes[position] == CSVParser.carriageReturn ? 2 : 1
        line += 1
    }

    /// Passes over what ends a cell; true when another cell of the record follows.
    private mutating func endCell() -> Bool {
        guard position < bytes.count, bytes[position] == CSVParser.comma else {
            endLine()
            return false
        }
        position += 1
        return true
    }

    private mutating func nextCell(column: Int) throws(DatasetError) -> Cell {
        if position < bytes.count, bytes[position] == CSVParser.quote {
            return try quotedCell(column: column)
        }
        let start = position
        while !atLineEnd, bytes[position] != CSVParser.comma {
            guard bytes[position] != CSVParser.quote else { throw fault(.strayQuote, column: column) }
            position += 1
        }
        return Cell(bytes: start..<position, isQuoted: false, line: line)
    }

    private mutating func quotedCell(column: Int) throws(DatasetError) -> Cell {
        let firstLine = line
        position += 1
        let start = position
        while try !atClosingQuote(since: firstLine, column: column) {
            if bytes[position] == CSVParser.lineFeed { line += 1 }
            position += 1
        }
        let cell = Cell(bytes: start..<position, isQuoted: true, line: firstLine)
        position += 1
        guard atLineEnd || bytes[position] == CSVParser.comma else {
            throw fault(.strayQuote, column: column)
        }
        return cell
    }

    /// Whether the quotation mark that ends a cell is next, passing over doubled ones.
    private mutating func atClosingQuote(since firstLine: Int, column: Int) throws(DatasetError) -> Bool {
        while position < bytes.count, bytes[position] == CSVParser.quote {
            guard position + 1 < bytes.count, bytes[position + 1] == CSVParser.quote else { return true }
            position += 2
        }
        guard position < bytes.count else { throw fault(.unclosedQuote, line: firstLine, column: column) }
        return false
    }
}

extension String {
    /// The text without blanks at either end.
    fileprivate func trimmingBlanks() -> String {
        guard utf8.first == 0x20 || utf8.first == 0x09 || utf8.last == 0x20 || utf8.last == 0x09 else {
            return self
        }
        let head = drop { $0 == " " || $0 == "\t" }
        guard let last = head.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(head[...last])
    }

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
