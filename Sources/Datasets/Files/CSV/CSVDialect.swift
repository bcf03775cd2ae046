/// How a CSV file is written: what stands between its cells, and in its numbers.
struct CSVDialect {
    /// The bytes that may stand between cells, found out in this order.
    private static let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    private static let comma = UInt8(ascii: ",")
    private static let point = UInt8(ascii: ".")

    /// What stands between cells.
    let delimiter: UInt8
    /// What stands before the fraction of a number.
    let decimalMark: UInt8

    /// Finds out what the file's owner has not said.
    ///
    /// - Parameter names: Columns that must be there; they decide where the cells alone do not.
    /// - Throws: `DatasetError.csv` where two dialects are equally likely, naming the flag that decides.
    init(_ bytes: [UInt8], _ file: DataFile, names: [String]) throws(DatasetError) {
        let delimiter: UInt8
        if let told = file.delimiter {
            delimiter = try CSVDialect.byte(told, "delimiter", in: file)
        } else {
            delimiter = try CSVDialect.findDelimiter(bytes, file: file.path, names: names)
        }
        self.delimiter = delimiter
        if let told = file.decimalMark {
            let mark = try CSVDialect.byte(told, "decimal", in: file)
            guard mark == CSVDialect.comma || mark == CSVDialect.point else {
                throw .invalidFile(
                    path: file.path, reason: "--decimal is \(quoted(String(told))), expected . or ,")
            }
            self.decimalMark = mark
        } else {
            self.decimalMark = try CSVDialect.findDecimalMark(bytes, file: file.path, delimiter: delimiter)
        }
    }

    /// What a person should hear of it: nothing where the file is as most are.
    var notices: [String] {
        var notices: [String] = []
        if delimiter != CSVDialect.comma {
            notices.append("cells are separated by \(CSVDialect.name(delimiter))")
        }
        if decimalMark == CSVDialect.comma { notices.append("numbers have a decimal comma") }
        return notices
    }

    private static func byte(_ told: Character, _ flag: String, in file: DataFile) throws(DatasetError)
        -> UInt8
    {
        guard let byte = told.asciiValue, byte != UInt8(ascii: "\""), byte == 0x09 || byte >= 0x20 else {
            throw .invalidFile(
                path: file.path, reason: "--\(flag) is \(quoted(String(told))), expected one plain character")
        }
        return byte
    }

    private static func name(_ delimiter: UInt8) -> String {
        delimiter == 0x09 ? "tab" : "'\(Character(Unicode.Scalar(delimiter)))'"
    }

    /// The candidate that gives the first records equally many cells, and more than one.
    private static func findDelimiter(
        _ bytes: [UInt8], file: String, names: [String]
    ) throws(DatasetError) -> UInt8 {
        var likely: [UInt8] = []
        var naming: [UInt8] = []
        for candidate in candidates {
            guard let header = header(bytes, delimiter: candidate), header.count > 1 else { continue }
            likely.append(candidate)
            if !names.isEmpty, names.allSatisfy(header.contains) { naming.append(candidate) }
        }
        if likely.count > 1, !naming.isEmpty { likely = naming }
        guard likely.count <= 1 else {
            throw .csv(.unclearDelimiter(likely.map(name)), at: CSVPosition(file: file, line: 1))
        }
        return likely.first ?? mostFrequent(bytes)
    }

    /// The cells of the first record, if the records after it have as many.
    private static func header(_ bytes: [UInt8], delimiter: UInt8) -> [String]? {
        var parser = CSVParser(bytes, file: "", delimiter: delimiter)
        var cells: [CSVParser.Cell] = []
        var header: [String] = []
        do {
            guard try parser.next(into: &cells) else { return nil }
            for (index, cell) in cells.enumerated() {
                header.append(try parser.text(of: cell, column: index + 1))
            }
            for _ in 0..<DatasetLimits.dialectRecordCountMaximum {
                guard try parser.next(into: &cells) else { break }
                guard cells.count == header.count else { return nil }
            }
        } catch {
            return nil
        }
        return header
    }

    /// The candidate most frequent in the first line, so that a fault in the file is named in its own terms.
    private static func mostFrequent(_ bytes: [UInt8]) -> UInt8 {
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        let counts = candidates.map { candidate in line.reduce(0) { $0 + ($1 == candidate ? 1 : 0) } }
        let most = counts.max() ?? 0
        return zip(candidates, counts).first { $0.1 == most }?.0 ?? comma
    }

    /// Comma where the file has numbers with a comma in them and none with a point.
    private static func findDecimalMark(
        _ bytes: [UInt8], file: String, delimiter: UInt8
    ) throws(DatasetError) -> UInt8 {
        // Between commas only a cell in quotation marks can have one.
        guard delimiter != comma || bytes.contains(UInt8(ascii: "\"")) else { return point }
        var parser = CSVParser(bytes, file: file, delimiter: delimiter)
        var cells: [CSVParser.Cell] = []
        var seen: [UInt8: (text: String, line: Int, column: Int)] = [:]
        while seen.count < 2, try parser.next(into: &cells) {
            for (index, cell) in cells.enumerated() {
                for mark in [comma, point] where seen[mark] == nil {
                    guard bytes[cell.bytes].contains(mark), NumberText.isNumber(bytes, cell.bytes, mark: mark)
                    else { continue }
                    seen[mark] = (try parser.text(of: cell, column: index + 1), cell.line, index + 1)
                }
            }
        }
        guard let decimalComma = seen[comma] else { return point }
        guard let decimalPoint = seen[point] else { return comma }
        let isLater = (decimalComma.line, decimalComma.column) > (decimalPoint.line, decimalPoint.column)
        let (odd, first) = isLater ? (decimalComma, decimalPoint) : (decimalPoint, decimalComma)
        throw parser.fault(
            .unclearDecimal(odd.text, other: first.text), line: odd.line, column: odd.column)
    }
}
