/// The rows of a CSV file: every column but one as numbers, the label as text.
struct CSVRows {
    /// The file's name, for errors.
    let file: String
    /// The names of the feature columns, in file order.
    let featureNames: [String]
    /// The label column's name.
    let labelName: String
    /// The label column's number, from 1, for errors.
    let labelColumn: Int
    /// The features, row after row.
    private(set) var features: [Float] = []
    /// The label of each row, never empty.
    private(set) var labels: [String] = []
    /// The line each row begins on, for errors.
    private(set) var lines: [Int] = []

    /// The number of rows: at least one.
    var rowCount: Int { labels.count }

    /// Reads a whole file.
    ///
    /// - Throws: `DatasetError.csv` at the first fault.
    /// - Complexity: O(bytes).
    init(_ bytes: [UInt8], file: String, label: String) throws(DatasetError) {
        var parser = CSVParser(bytes, file: file)
        let names = try CSVRows.header(&parser)
        guard let labelIndex = names.firstIndex(of: label) else {
            throw parser.fault(.unknownLabel(name: label, columns: names), line: 1)
        }
        guard names.count > 1 else { throw parser.fault(.noFeatures, line: 1) }
        self.file = file
        self.featureNames = names.enumerated().filter { $0.offset != labelIndex }.map(\.element)
        self.labelName = label
        self.labelColumn = labelIndex + 1
        var cells: [CSVParser.Cell] = []
        while try parser.next(into: &cells) {
            try append(cells, names: names, parser: parser)
        }
        guard !labels.isEmpty else { throw parser.fault(.noRows, line: 1) }
    }

    /// An error in the label of a row.
    func labelFault(_ fault: CSVFault, row: Int) -> DatasetError {
        .csv(fault, at: CSVPosition(file: file, line: lines[row], column: labelColumn, columnName: labelName))
    }

    private static func header(_ parser: inout CSVParser) throws(DatasetError) -> [String] {
        var cells: [CSVParser.Cell] = []
        guard try parser.next(into: &cells) else { throw parser.fault(.empty, line: 1) }
        var columnOfName: [String: Int] = [:]
        var names: [String] = []
        for (index, cell) in cells.enumerated() {
            let name = try parser.text(of: cell, column: index + 1)
            guard !name.isEmpty else {
                throw parser.fault(.unnamedColumn, line: cell.line, column: index + 1)
            }
            if let first = columnOfName.updateValue(index + 1, forKey: name) {
                throw parser.fault(
                    .duplicateColumn(name: name, first: first), line: cell.line, column: index + 1)
            }
            names.append(name)
        }
        return names
    }

    private mutating func append(
        _ cells: [CSVParser.Cell], names: [String], parser: CSVParser
    ) throws(DatasetError) {
        let line = cells[0].line
        guard cells.count == names.count else {
            throw parser.fault(.raggedRow(cellCount: cells.count, columnCount: names.count), line: line)
        }
        lines.append(line)
        for (index, cell) in cells.enumerated() {
            let text = try parser.text(of: cell, column: index + 1, columnName: names[index])
            do {
                if index + 1 == labelColumn {
                    labels.append(try CSVRows.label(text))
                } else {
                    features.append(try CSVRows.number(text))
                }
            } catch {
                throw parser.fault(error, line: cell.line, column: index + 1, columnName: names[index])
            }
        }
    }

    private static func label(_ text: String) throws(CSVFault) -> String {
        guard !text.isEmpty else { throw .missingValue }
        return text
    }

    /// Reads a number that must be finite.
    static func number(_ text: String) throws(CSVFault) -> Float {
        guard !text.isEmpty else { throw .missingValue }
        guard let number = decimal(text, as: Float.self) else { throw .textCell(text) }
        guard number.isFinite else { throw .notFinite(text) }
        return number
    }

    /// Reads a number in decimal notation; `nil` for anything else.
    static func decimal<Number: LosslessStringConvertible>(_ text: String, as type: Number.Type) -> Number? {
        // Swift also reads hexadecimal, which in a table is a code and no measurement.
        text.utf8.contains { $0 | 0x20 == UInt8(ascii: "x") } ? nil : Number(text)
    }
}
