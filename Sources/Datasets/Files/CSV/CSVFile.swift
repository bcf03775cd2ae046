/// A CSV file whose dialect and header are known: its rows can be read, again and again.
struct CSVFile {
    /// The file's name, for errors.
    let file: String
    /// The names of the columns, in file order; empty for an index.
    let names: [String]
    /// What stands before the fraction of a number.
    let decimalMark: UInt8
    /// What a person should hear of how it was read.
    private(set) var notices: [String]
    /// Stands at the first row.
    private let parser: CSVParser

    /// Finds out how a file is written and reads its header.
    ///
    /// - Throws: `DatasetError.csv`.
    init(_ bytes: [UInt8], _ file: DataFile, expecting names: [String]) throws(DatasetError) {
        let dialect = try CSVDialect(bytes, file, names: names)
        var parser = CSVParser(bytes, file: file.path, delimiter: dialect.delimiter)
        self.names = try CSVFile.header(&parser)
        self.file = file.path
        self.decimalMark = dialect.decimalMark
        self.notices = dialect.notices
        self.parser = parser
        if self.names.first == "" {
            try checkIndex()
            notices.append("column 1 has no name and counts rows: ignored")
        }
    }

    /// Calls `body` with the cells of each row, which are as many as the header's.
    func forEachRow(
        _ body: (CSVParser, [CSVParser.Cell]) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        var parser = parser
        var cells: [CSVParser.Cell] = []
        var isEmpty = true
        while try parser.next(into: &cells) {
            guard cells.count == names.count else {
                throw parser.fault(
                    .raggedRow(cellCount: cells.count, columnCount: names.count), line: cells[0].line)
            }
            isEmpty = false
            try body(parser, cells)
        }
        if isEmpty { throw parser.fault(.noRows, line: 1) }
    }

    /// The positions of columns by their names.
    var columns: [String: Int] {
        Dictionary(
            names.enumerated().filter { !$0.element.isEmpty }.map { ($0.element, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    /// An error at a cell.
    func fault(_ fault: CSVFault, _ cell: CSVParser.Cell, column: Int) -> DatasetError {
        self.fault(fault, line: cell.line, column: column)
    }

    /// An error at a position.
    func fault(_ fault: CSVFault, line: Int, column: Int) -> DatasetError {
        let name = names[column].isEmpty ? nil : names[column]
        return .csv(fault, at: CSVPosition(file: file, line: line, column: column + 1, columnName: name))
    }

    private static func header(_ parser: inout CSVParser) throws(DatasetError) -> [String] {
        var cells: [CSVParser.Cell] = []
        guard try parser.next(into: &cells) else { throw parser.fault(.empty, line: 1) }
        var columnOfName: [String: Int] = [:]
        var names: [String] = []
        for (index, cell) in cells.enumerated() {
            let name = try parser.text(of: cell, column: index + 1)
            // The first may be the index that data frames write.
            guard !name.isEmpty || index == 0 && cells.count > 1 else {
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

    /// Requires that the first column counts: a column without a name is nothing else.
    private func checkIndex() throws(DatasetError) {
        var expected: Int?
        try forEachRow { (parser, cells) throws(DatasetError) in
            let number = Int(try parser.text(of: cells[0], column: 1))
            guard let number, number == expected ?? number, number < Int.max else {
                throw parser.fault(.unnamedColumn, line: 1, column: 1)
            }
            expected = number + 1
        }
    }
}
