import Tensor

extension ArrayFile {
    /// Reads all rows by a schema of tensors.
    func rows(by schema: DataSchema, labelIsOptional: Bool) throws(DatasetError) -> TableRows {
        guard schema.hasTensors else {
            throw .invalidFile(
                path: path,
                reason:
                    "arrays need a schema whose features have a shape, this one has \(listed(schema.columnNames))"
            )
        }
        guard schema.test.by == nil || labelIsOptional else {
            throw .invalidFile(path: path, reason: "arrays have no column that test.by could name")
        }
        var values: [TensorValue] = []
        var lacking = Set<Int>()
        var rowCount: Int?
        for feature in schema.features {
            let (value, without) = try self.value(of: feature, schema)
            guard rowCount ?? value.shape[0] == value.shape[0] else {
                throw .invalidFile(
                    path: path, reason: "arrays of \(rowCount ?? 0) and of \(value.shape[0]) rows")
            }
            rowCount = value.shape[0]
            values.append(value)
            lacking.formUnion(without)
        }
        let labels = label(schema.label.name)
        guard labels != nil || labelIsOptional else { throw noArray(schema.label.name, or: "y") }
        var classes: [Int32]?
        if let labels {
            let read = try labelValue(labels, schema, rowCount: rowCount ?? 0, isOptional: labelIsOptional)
            values.append(read.value)
            classes = read.classes
            lacking.formUnion(read.lacking)
        }
        let table = try Table(schema: schema.tableSchema(hasLabel: labels != nil), values: values)
        return try keep(table, lacking: lacking, classes: classes)
    }

    /// What a file of arrays means where no schema says it.
    func schema(_ file: DataFile, dataset: String?) throws(DatasetError) -> DataSchema {
        guard let array = feature("x", isOnly: true) else { throw noArray("x", or: "x") }
        let labelName = file.label ?? "y"
        guard let labels = label(labelName) else { throw noArray(labelName, or: "y") }
        let count = try checkLabels(labels, rowCount: array.rowCount ?? 0)
        var facts = ColumnFacts(
            limit: DatasetLimits.classCountMaximum, expected: file.labelKind.classes)
        for index in 0..<count {
            facts.see(
                reading(labels, index), text: labels.text(index), line: index + 1, mark: UInt8(ascii: "."))
        }
        let path = path
        let inference = SchemaInference(columns: [], label: (labelName, facts)) { fault, name, row in
            .invalidFile(path: path, reason: "row \(row) of \(quoted(name)): \(fault)")
        }
        let shape = try checked(Shape(array.rowSizes))
        let feature = DataSchema.Feature(name: "x", kind: .tensor(shape: shape, type: array.featureType))
        return try inference.schema(
            dataset: dataset, labelKind: file.labelKind, file: path, features: [feature])
    }

    private func reading(_ array: ArrayData, _ index: Int) -> NumberText.Reading {
        guard let number = array.number(index) else {
            let bytes = Array(array.text(index).utf8)
            return NumberText.read(bytes, bytes.indices, mark: UInt8(ascii: "."))
        }
        let float = Float(number)
        return number.isNaN ? .text : float.isFinite ? .number(float) : .unholdable
    }

    private func noArray(_ name: String, or other: String) -> DatasetError {
        let sought = name == other ? quoted(name) : "\(quoted(name)) or \(quoted(other))"
        return .invalidFile(
            path: path,
            reason: "no array \(sought), there are \(listed(names))" + NearName.hint(for: name, among: names))
    }

    private func value(
        of feature: DataSchema.Feature, _ schema: DataSchema
    ) throws(DatasetError) -> (TensorValue, Set<Int>) {
        guard case .tensor(let shape, let type) = feature.kind else {
            throw .invalidFile(path: path, reason: "\(quoted(feature.name)) has no shape")
        }
        guard let array = self.feature(feature.name, isOnly: schema.features.count == 1) else {
            throw noArray(feature.name, or: "x")
        }
        guard let rowCount = array.rowCount,
            array.rowSizes == shape.dimensions
                || shape.rank == 0 && array.shape.rank == 1
        else {
            throw .invalidFile(
                path: path,
                reason: "\(quoted(feature.name)) has rows of \(array.rowSizes), expected \(shape)")
        }
        let converted: ArrayData.Converted
        do {
            converted = try array.converted(to: type, missing: schema.missing)
        } catch {
            throw elementFault(error, array, name: feature.name, type: type)
        }
        return (try converted.value(type, shape: [rowCount] + shape.dimensions), converted.lacking)
    }

    private func elementFault(
        _ fault: ElementFault, _ array: ArrayData, name: String, type: ElementType
    ) -> DatasetError {
        let row = fault.index / max(array.rowSizes.reduce(1, *), 1) + 1
        return .invalidFile(
            path: path,
            reason: "row \(row) of \(quoted(name)): expected \(type), got \(quoted(fault.text))"
                + (fault.text == "nan" ? " (a schema may say what a missing value means)" : ""))
    }

    /// The number of labels, where there is one for each row.
    @discardableResult
    private func checkLabels(_ labels: ArrayData, rowCount: Int) throws(DatasetError) -> Int {
        let isColumn = labels.shape.rank == 1 || labels.shape.rank == 2 && labels.shape[1] == 1
        guard isColumn, labels.rowCount == rowCount else {
            throw .invalidFile(
                path: path,
                reason: "labels of the shape \(labels.shape) for \(rowCount) rows, expected one for each")
        }
        guard rowCount > 0 else { throw .invalidFile(path: path, reason: "no rows") }
        return rowCount
    }

    private func labelValue(
        _ labels: ArrayData, _ schema: DataSchema, rowCount: Int, isOptional: Bool
    ) throws(DatasetError) -> (value: TensorValue, classes: [Int32]?, lacking: Set<Int>) {
        try checkLabels(labels, rowCount: rowCount)
        var builder = LabelBuilder(schema.label)
        var lacking = Set<Int>()
        for index in 0..<rowCount {
            do throws(CSVFault) {
                let isThere: Bool
                switch reading(labels, index) {
                case .number(let number): isThere = try builder.append(labels.text(index), number: number)
                case .text: isThere = try builder.append(labels.text(index), number: nil)
                case .unholdable: throw .notFinite(labels.text(index))
                }
                guard isThere || schema.missing == .dropRow else { throw .missingLabel }
                if !isThere { lacking.insert(index) }
            } catch {
                throw .invalidFile(
                    path: path, reason: "row \(index + 1) of \(quoted(schema.label.name)): \(error)")
            }
        }
        return (try builder.value(), schema.label.classes == nil ? nil : builder.classIndices, lacking)
    }

    private func keep(
        _ table: Table, lacking: Set<Int>, classes: [Int32]?
    ) throws(DatasetError) -> TableRows {
        guard table.rowCount > 0 else { throw .invalidFile(path: path, reason: "no rows") }
        guard !lacking.isEmpty else {
            return TableRows(
                table: table, lines: Array(1...table.rowCount), rowNumbers: Array(1...table.rowCount),
                groups: nil, classes: classes, notices: [])
        }
        let rows = (0..<table.rowCount).filter { !lacking.contains($0) }
        return TableRows(
            table: try table.selecting(rows: rows.map { Int32($0) }), lines: rows.map { $0 + 1 },
            rowNumbers: rows.map { $0 + 1 }, groups: nil,
            classes: classes.map { classes in rows.map { classes[$0] } },
            notices: ["\(counted(lacking.count, "row")) without a value dropped"])
    }
}

/// The labels of arrays, one after another.
private struct LabelBuilder {
    private let indexOfClass: [String: Int32]?
    private let names: [String]
    private let areIndices: Bool
    private(set) var classIndices: [Int32] = []
    private var numbers: [Float] = []

    init(_ label: DataSchema.Label) {
        names = label.classes ?? []
        indexOfClass = label.classes.map { names in
            Dictionary(names.enumerated().map { ($0.element, Int32($0.offset)) }) { first, _ in first }
        }
        // Classes that are called by words are numbered in arrays.
        areIndices = names.allSatisfy { NumberText.whole($0) == nil }
    }

    /// Adds a label; false where there is none.
    mutating func append(_ text: String, number: Float?) throws(CSVFault) -> Bool {
        guard let indexOfClass else {
            guard let number else {
                guard MissingWords.contains(text) else { throw .textCell(text) }
                numbers.append(0)
                return false
            }
            numbers.append(number)
            return true
        }
        let whole = NumberText.whole(text)
        if let index = indexOfClass[text] ?? whole.flatMap({ indexOfClass[String($0)] }) {
            classIndices.append(index)
        } else if areIndices, let whole, names.indices.contains(whole) {
            classIndices.append(Int32(truncatingIfNeeded: whole))
        } else if MissingWords.contains(text) {
            classIndices.append(0)
            return false
        } else {
            throw .unknownClass(text, classes: names)
        }
        return true
    }

    func value() throws(DatasetError) -> TensorValue {
        try indexOfClass != nil
            ? checked(TensorValue(classIndices)) : checked(TensorValue(numbers, shape: [numbers.count, 1]))
    }
}
