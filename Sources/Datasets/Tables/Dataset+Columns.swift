import Tensor

extension Dataset {
    /// Makes a data set of columns in memory, checked like a file.
    ///
    /// - Parameters:
    ///   - name: The data set's name; the schema's unless given.
    ///   - columns: The columns by their names, all of as many rows.
    ///   - schema: What they mean.
    /// - Throws: `DatasetError` naming the column and the row, from 1, of the first cell that does not fit.
    /// - Complexity: O(cells).
    public init(
        name: String? = nil, columns: [String: ColumnValues], schema: DataSchema
    ) throws(DatasetError) {
        guard let name = name ?? schema.dataset else {
            throw .invalidTable(reason: "a data set without a name")
        }
        try self.init(name: name, columns: columns, schema: schema, isInferred: false)
    }

    private init(
        name: String, columns: [String: ColumnValues], schema: DataSchema, isInferred: Bool
    ) throws(DatasetError) {
        let rows = try MemoryRows(columns, source: name).rows(by: schema)
        try self.init(
            name: name, tags: ["memory"], rows: rows, schema: schema, isInferred: isInferred, source: name)
    }

    /// Makes a data set of columns in memory, whose kinds are inferred like those of a file.
    ///
    /// - Throws: As `init(name:columns:schema:)`.
    public init(
        name: String, columns: [String: ColumnValues], label: String, labelKind: LabelKind = .automatic
    ) throws(DatasetError) {
        let schema = try MemoryRows(columns, source: name).schema(
            label: label, kind: labelKind, dataset: name)
        try self.init(name: name, columns: columns, schema: schema, isInferred: true)
    }
}

extension Table {
    /// Makes a table of columns in memory, none held out and labels or none: to predict for, or to judge by.
    ///
    /// - Throws: As `Dataset.init(name:columns:schema:)`.
    /// - Complexity: O(cells).
    public init(columns: [String: ColumnValues], schema: DataSchema) throws(DatasetError) {
        self = try MemoryRows(columns, source: schema.dataset ?? "the table")
            .rows(by: schema, labelIsOptional: true).table
    }
}

/// Columns in memory on their way to a table.
private struct MemoryRows {
    private let columns: [String: ColumnValues]
    private let names: [String]
    private let rowCount: Int
    private let source: String

    init(_ columns: [String: ColumnValues], source: String) throws(DatasetError) {
        self.columns = columns
        self.names = columns.keys.sorted()
        self.source = source
        self.rowCount = columns.values.first?.count ?? 0
        for name in names where columns[name]?.count != rowCount {
            throw .invalidTable(
                reason:
                    "column \(quoted(name)) has \(counted(columns[name]?.count ?? 0, "row")), others have \(rowCount)"
            )
        }
        guard rowCount > 0, rowCount <= Int(Int32.max) else {
            throw .invalidTable(reason: "\(rowCount) rows")
        }
    }

    func rows(by schema: DataSchema, labelIsOptional: Bool = false) throws(DatasetError) -> TableRows {
        let hasLabel = !labelIsOptional || columns[schema.label.name] != nil
        let by = labelIsOptional ? [] : schema.test.by.map { [$0] } ?? []
        let needed = schema.features.map(\.name) + (hasLabel ? [schema.label.name] : []) + by
        try checkColumns(names, needed: needed, schema: schema, file: source, order: names)
        if schema.hasTensors { return try tensorRows(by: schema, hasLabel: hasLabel) }
        var builder = TableBuilder(schema, hasLabel: hasLabel, labelIsOptional: labelIsOptional)
        for row in 0..<rowCount {
            builder.begin(line: row + 1)
            for (index, feature) in schema.features.enumerated() {
                do throws(CSVFault) {
                    try append(feature.name, row, feature: index, to: &builder)
                } catch {
                    throw fault(error, feature.name, row + 1)
                }
            }
            if hasLabel { try append(labelOf: schema, row, to: &builder) }
            if let by = schema.test.by { builder.append(group: text(by, row) ?? "") }
            try builder.end(file: source)
        }
        return try builder.finish(notices: [])
    }

    func schema(label: String, kind: LabelKind, dataset: String) throws(DatasetError) -> DataSchema {
        guard columns[label] != nil else {
            throw .invalidTable(
                reason: "no label column \(quoted(label)), the columns are \(listed(names))"
                    + NearName.hint(for: label, among: names))
        }
        var features: [DataSchema.Feature] = []
        var facts: [(name: String, facts: ColumnFacts)] = []
        for name in names {
            if name != label, case .tensor(let value)? = columns[name] {
                let shape = try checked(Shape(Array(value.shape.dimensions.dropFirst())))
                features.append(
                    DataSchema.Feature(name: name, kind: .tensor(shape: shape, type: value.elementType)))
            } else {
                facts.append((name, self.facts(name, isLabel: name == label, kind)))
            }
        }
        guard let labelFacts = facts.first(where: { $0.name == label }) else {
            throw .invalidTable(reason: "label \(quoted(label)) is a tensor, expected numbers or texts")
        }
        let inference = SchemaInference(
            columns: facts.filter { $0.name != label }, label: labelFacts, error: fault)
        return try inference.schema(dataset: dataset, labelKind: kind, file: source, features: features)
    }

    private func facts(_ name: String, isLabel: Bool, _ kind: LabelKind) -> ColumnFacts {
        var facts = ColumnFacts(
            limit: isLabel ? DatasetLimits.classCountMaximum : DatasetLimits.guessedCategoryCountMaximum,
            expected: isLabel ? kind.classes : nil)
        for row in 0..<rowCount {
            let text = text(name, row) ?? ""
            let bytes = Array(text.utf8)
            facts.see(
                NumberText.read(bytes, bytes.indices, mark: UInt8(ascii: ".")), text: text, line: row + 1,
                mark: UInt8(ascii: "."))
        }
        return facts
    }

    private func fault(_ fault: CSVFault, _ column: String, _ row: Int) -> DatasetError {
        .invalidTable(reason: "row \(row) of column \(quoted(column)): \(fault)")
    }

    /// A cell as text; whole numbers without a fraction, so that classes may be given as numbers.
    private func text(_ name: String, _ row: Int) -> String? {
        switch columns[name] {
        case .numbers(let numbers): Int(exactly: numbers[row]).map(String.init) ?? "\(numbers[row])"
        case .texts(let texts): texts[row]
        case .tensor, nil: nil
        }
    }

    private func append(
        _ name: String, _ row: Int, feature: Int, to builder: inout TableBuilder
    ) throws(CSVFault) {
        if builder.isCategorical(feature) {
            try builder.append(category: text(name, row) ?? "", feature: feature)
        } else if let number = try number(name, row) {
            builder.append(number)
        } else {
            try builder.appendMissing(feature: feature)
        }
    }

    private func append(
        labelOf schema: DataSchema, _ row: Int, to builder: inout TableBuilder
    ) throws(DatasetError) {
        do throws(CSVFault) {
            try append(label: schema.label.name, row, to: &builder)
        } catch {
            throw fault(error, schema.label.name, row + 1)
        }
    }

    private func append(label name: String, _ row: Int, to builder: inout TableBuilder) throws(CSVFault) {
        if builder.hasClasses {
            try builder.append(className: text(name, row) ?? "")
        } else if let number = try number(name, row) {
            builder.append(label: number)
        } else {
            try builder.appendMissingLabel()
        }
    }

    /// A number float32 can hold; `nil` for none.
    private func number(_ name: String, _ row: Int) throws(CSVFault) -> Float? {
        if case .numbers(let numbers)? = columns[name] {
            let number = numbers[row]
            let float = Float(number)
            if number.isNaN { return nil }
            guard float.isFinite, float != 0 || number == 0 else { throw .notFinite("\(number)") }
            return float
        }
        let text = text(name, row) ?? ""
        let bytes = Array(text.utf8)
        switch NumberText.read(bytes, bytes.indices, mark: UInt8(ascii: ".")) {
        case .number(let number): return number
        case .unholdable: throw .notFinite(text)
        case .text:
            guard MissingWords.contains(text) else { throw .textCell(text) }
            return nil
        }
    }

    private func tensorRows(by schema: DataSchema, hasLabel: Bool) throws(DatasetError) -> TableRows {
        var values: [TensorValue] = []
        for feature in schema.features {
            guard case .tensor(let value)? = columns[feature.name] else {
                throw .invalidTable(reason: "column \(quoted(feature.name)) is no tensor")
            }
            values.append(value)
        }
        guard hasLabel else {
            let numbers = Array(1...rowCount)
            return TableRows(
                table: try Table(schema: schema.tableSchema(hasLabel: false), values: values), lines: numbers,
                rowNumbers: numbers, groups: nil, classes: nil, notices: [])
        }
        // The labels are read like any others, beside a feature that is left out again.
        let stand = DataSchema.Feature(name: schema.label.name + "?")
        let labels = try DataSchema(features: [stand], label: schema.label, test: schema.test)
        var builder = TableBuilder(labels, hasLabel: true, labelIsOptional: false)
        for row in 0..<rowCount {
            builder.begin(line: row + 1)
            builder.append(0)
            try append(labelOf: schema, row, to: &builder)
            if let by = schema.test.by { builder.append(group: text(by, row) ?? "") }
            try builder.end(file: source)
        }
        let read = try builder.finish(notices: [])
        let table = try Table(
            schema: schema.tableSchema(hasLabel: true), values: values + read.table.values.suffix(1))
        return TableRows(
            table: table, lines: read.lines, rowNumbers: read.rowNumbers, groups: read.groups,
            classes: read.classes, notices: [])
    }
}
