extension CSVFile {
    /// Reads all rows by a schema.
    ///
    /// - Throws: `DatasetError.columnsDiffer`; `DatasetError.csv` at the first cell that does not fit.
    /// - Complexity: O(bytes).
    func rows(by schema: DataSchema, labelIsOptional: Bool) throws(DatasetError) -> TableRows {
        let columns = columns
        let hasLabel = !labelIsOptional || columns[schema.label.name] != nil
        let by = labelIsOptional ? [] : schema.test.by.map { [$0] } ?? []
        let needed = schema.features.map(\.name) + (hasLabel ? [schema.label.name] : []) + by
        try check(needed, against: schema)
        let features = schema.features.compactMap { columns[$0.name] }
        let label = hasLabel ? columns[schema.label.name] : nil
        let group = labelIsOptional ? nil : schema.test.by.flatMap { columns[$0] }
        var builder = TableBuilder(schema, hasLabel: hasLabel, labelIsOptional: labelIsOptional)
        try forEachRow { (parser, cells) throws(DatasetError) in
            builder.begin(line: cells[0].line)
            for (index, column) in features.enumerated() {
                let cell = cells[column]
                do throws(CSVFault) {
                    guard cell.hasDoubledQuotes else {
                        try append(cell, parser, feature: index, to: &builder)
                        continue
                    }
                    try builder.append(
                        quoted: try? parser.text(of: cell, column: column + 1), feature: index)
                } catch {
                    throw fault(explained(error, column: column), cell, column: column)
                }
            }
            if let label { try append(label: label, cells, parser, to: &builder) }
            if let group { try builder.append(group: parser.text(of: cells[group], column: group + 1)) }
            try builder.end(file: file)
        }
        return try builder.finish(notices: notices)
    }

    private func append(
        _ cell: CSVParser.Cell, _ parser: CSVParser, feature index: Int, to builder: inout TableBuilder
    ) throws(CSVFault) {
        guard !builder.isCategorical(index) else {
            guard let text = String(validating: parser.bytes[cell.bytes], as: UTF8.self) else {
                throw .invalidText
            }
            return try builder.append(category: text, feature: index)
        }
        switch NumberText.read(parser.bytes, cell.bytes, mark: decimalMark) {
        case .number(let number): builder.append(number)
        case .text:
            guard MissingWords.contains(parser.bytes, cell.bytes) else {
                throw .textCell(String(decoding: parser.bytes[cell.bytes], as: UTF8.self))
            }
            try builder.appendMissing(feature: index)
        case .unholdable: throw .notFinite(String(decoding: parser.bytes[cell.bytes], as: UTF8.self))
        }
    }

    private func append(
        label column: Int, _ cells: [CSVParser.Cell], _ parser: CSVParser, to builder: inout TableBuilder
    ) throws(DatasetError) {
        let cell = cells[column]
        let text = try parser.text(of: cell, column: column + 1, columnName: names[column])
        do throws(CSVFault) {
            if builder.hasClasses {
                return try builder.append(className: text, mark: decimalMark)
            }
            switch NumberText.read(parser.bytes, cell.bytes, mark: decimalMark) {
            case .number(let number): builder.append(label: number)
            case .text:
                guard MissingWords.contains(text) else { throw .textCell(text) }
                try builder.appendMissingLabel()
            case .unholdable: throw .notFinite(text)
            }
        } catch {
            throw fault(explained(error, column: column), cell, column: column)
        }
    }

    /// A fault that says more where a cell is its column's own name.
    private func explained(_ fault: CSVFault, column: Int) -> CSVFault {
        switch fault {
        case .textCell(let text), .unknownCategory(let text, _), .unknownClass(let text, _):
            text == names[column] ? .repeatedHeader(text) : fault
        default: fault
        }
    }

    /// Requires that the file has the schema's columns and no others but those it ignores.
    private func check(_ needed: [String], against schema: DataSchema) throws(DatasetError) {
        if names.filter({ !$0.isEmpty }) == [schema.label.name] {
            throw .csv(.noFeatures, at: CSVPosition(file: file, line: 1))
        }
        try checkColumns(Array(columns.keys), needed: needed, schema: schema, file: file, order: names)
    }
}

/// Requires that the columns of a table are those of a schema.
func checkColumns(
    _ found: [String], needed: [String], schema: DataSchema, file: String, order: [String]
) throws(DatasetError) {
    var known = Set(needed).union(schema.ignore)
    if let by = schema.test.by { known.insert(by) }
    known.insert(schema.label.name)
    let present = Set(found)
    let missing = needed.filter { !present.contains($0) }
    let new = order.filter { !$0.isEmpty && !known.contains($0) }
    guard missing.isEmpty, new.isEmpty else {
        throw .columnsDiffer(
            file: file, missing: missing, new: new, expected: schema.columnNames,
            found: order.filter { !$0.isEmpty })
    }
}
