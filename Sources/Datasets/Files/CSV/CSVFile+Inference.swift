extension CSVFile {
    /// Looks at every cell, for a schema to be inferred.
    ///
    /// - Complexity: O(bytes).
    func survey(
        label: String, ignoring ignored: [String] = [], classes: [String]? = nil
    ) throws(DatasetError) -> SchemaInference {
        let columns = columns
        guard let labelIndex = columns[label] else {
            let known = names.filter { !$0.isEmpty }
            throw .csv(.unknownLabel(name: label, columns: known), at: CSVPosition(file: file, line: 1))
        }
        if let unknown = ignored.first(where: { columns[$0] == nil || $0 == label }) {
            throw .invalidFile(
                path: file,
                reason: "\(quoted(unknown)) is to be ignored, but is no column of a feature"
                    + NearName.hint(for: unknown, among: names.filter { $0 != label }))
        }
        let indices = names.indices.filter { !names[$0].isEmpty && !ignored.contains(names[$0]) }
        guard indices.count > 1 else { throw .csv(.noFeatures, at: CSVPosition(file: file, line: 1)) }
        var facts = names.indices.map { index in
            ColumnFacts(
                limit: index == labelIndex
                    ? DatasetLimits.classCountMaximum : DatasetLimits.guessedCategoryCountMaximum,
                name: names[index], expected: index == labelIndex ? classes : nil)
        }
        try forEachRow { (parser, cells) throws(DatasetError) in
            guard !isHeader(cells, parser) else {
                throw .csv(.repeatedHeader(nil), at: CSVPosition(file: file, line: cells[0].line))
            }
            for index in indices { try see(cells[index], parser, index, &facts[index]) }
        }
        return SchemaInference(
            columns: indices.filter { $0 != labelIndex }.map { (names[$0], facts[$0]) },
            label: (label, facts[labelIndex]),
            error: { fault, name, line in self.fault(fault, line: line, column: columns[name] ?? 0) })
    }

    /// Whether a row is the header again, as where files were put one after another.
    private func isHeader(_ cells: [CSVParser.Cell], _ parser: CSVParser) -> Bool {
        cells.indices.allSatisfy { parser.bytes[cells[$0].bytes].elementsEqual(names[$0].utf8) }
    }

    private func see(
        _ cell: CSVParser.Cell, _ parser: CSVParser, _ index: Int, _ facts: inout ColumnFacts
    ) throws(DatasetError) {
        let reading = NumberText.read(parser.bytes, cell.bytes, mark: decimalMark)
        if case .text = reading {
            let text = try parser.text(of: cell, column: index + 1, columnName: names[index])
            facts.see(reading, text: text, line: cell.line, mark: decimalMark)
        } else {
            let text = { String(decoding: parser.bytes[cell.bytes], as: UTF8.self) }
            facts.see(reading, text: text(), line: cell.line, mark: decimalMark)
        }
    }
}
