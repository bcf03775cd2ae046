import Tensor

/// Rows put together cell by cell, by a schema: what files and tables in memory have in common.
///
/// For each row: `begin`, one `append` for each feature in the schema's order, one for the label, `end`.
struct TableBuilder {
    private let schema: DataSchema
    private let categories: [[String: Int]?]
    private let widths: [Int]
    private let classes: [String: Int32]?
    private let classNames: [String]
    private var hasLabel: Bool
    private let labelIsOptional: Bool
    private var floats: [Float] = []
    private var classIndices: [Int32] = []
    private var numbers: [Float] = []
    private var groups: [Int32] = []
    private var groupOfText: [String: Int32] = [:]
    private var lines: [Int] = []
    /// The number of each row that is kept, from 1.
    private var numbersOfRows: [Int] = []
    private var begun = 0
    /// How many rows were left out for want of a value, by the column that was first without one.
    private var dropped: [String: Int] = [:]
    private var rowStart = 0
    private var lacking: String?

    /// Starts a table.
    init(_ schema: DataSchema, hasLabel: Bool, labelIsOptional: Bool) {
        self.schema = schema
        self.hasLabel = hasLabel
        self.labelIsOptional = labelIsOptional
        self.widths = schema.features.map(\.width)
        self.categories = schema.features.map { feature in
            guard case .categories(let names) = feature.kind else { return nil }
            return Dictionary(names.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        }
        self.classNames = schema.label.classes ?? []
        self.classes = schema.label.classes.map { names in
            Dictionary(names.enumerated().map { ($0.element, Int32($0.offset)) }) { first, _ in first }
        }
    }

    /// Whether the label is one of some classes.
    var hasClasses: Bool { classes != nil }

    /// Whether a feature is one of some categories.
    func isCategorical(_ feature: Int) -> Bool { categories[feature] != nil }

    /// Begins a row that stands at a line.
    mutating func begin(line: Int) {
        rowStart = floats.count
        lacking = nil
        begun += 1
        lines.append(line)
        numbersOfRows.append(begun)
    }

    /// Adds a number.
    mutating func append(_ number: Float) { floats.append(number) }

    /// Adds a category; one that the schema lists is no missing value, whatever it is called.
    mutating func append(category text: String, feature: Int) throws(CSVFault) {
        guard let index = categories[feature]?[text] else {
            guard MissingWords.contains(text) else {
                throw .unknownCategory(
                    text,
                    categories: categories[feature].map { names in
                        names.sorted { $0.value < $1.value }.map(\.key)
                    } ?? [])
            }
            return try appendMissing(feature: feature)
        }
        for position in 0..<widths[feature] { floats.append(position == index ? 1 : 0) }
    }

    /// Adds a cell with quotation marks in it, which is no number; `nil` for one that is no text either.
    mutating func append(quoted text: String?, feature: Int) throws(CSVFault) {
        guard let text else { throw .invalidText }
        guard isCategorical(feature) else { throw .textCell(text) }
        try append(category: text, feature: feature)
    }

    /// Adds what the schema says a missing value is.
    mutating func appendMissing(feature: Int) throws(CSVFault) {
        let filler: Float
        switch schema.missing {
        case .refuse: throw .missingValue
        case .mean: filler = .nan
        case .zero: filler = 0
        case .dropRow:
            filler = 0
            lacking = lacking ?? schema.features[feature].name
        }
        for _ in 0..<widths[feature] { floats.append(filler) }
    }

    /// Adds a class.
    mutating func append(className text: String, mark: UInt8 = UInt8(ascii: ".")) throws(CSVFault) {
        if let index = classes?[text] {
            classIndices.append(index)
        } else if MissingWords.contains(text) {
            try appendMissingLabel()
        } else if let number = NumberText.whole(text, mark: mark), let index = classes?[String(number)] {
            // `1.0` and `01` are the class 1.
            classIndices.append(index)
        } else {
            throw .unknownClass(text, classes: classNames)
        }
    }

    /// Adds a number to be predicted.
    mutating func append(label number: Float) { numbers.append(number) }

    /// Adds a label without a value.
    mutating func appendMissingLabel() throws(CSVFault) {
        if labelIsOptional {
            hasLabel = false
        } else if schema.missing == .dropRow {
            lacking = lacking ?? schema.label.name
        } else {
            throw .missingLabel
        }
        if hasClasses { classIndices.append(0) } else { numbers.append(0) }
    }

    /// Says which group a row is of.
    mutating func append(group text: String) {
        let next = Int32(truncatingIfNeeded: groupOfText.count)
        let group = groupOfText[text] ?? next
        groupOfText[text] = group
        groups.append(group)
    }

    /// Ends a row, and leaves it out if that is what a missing value means.
    mutating func end(file: String) throws(DatasetError) {
        if let lacking {
            dropped[lacking, default: 0] += 1
            floats.removeLast(floats.count - rowStart)
            lines.removeLast()
            numbersOfRows.removeLast()
            if !groups.isEmpty { groups.removeLast() }
            if hasClasses { _ = classIndices.popLast() } else { _ = numbers.popLast() }
        }
        guard floats.count <= DatasetLimits.packedElementCountMaximum else {
            throw .invalidFile(
                path: file,
                reason: "more than the \(DatasetLimits.packedElementCountMaximum) numbers a table may have")
        }
    }

    /// The table, with what a person should hear of it.
    func finish(notices: [String]) throws(DatasetError) -> TableRows {
        var values = [try checked(TensorValue(floats, shape: [lines.count, schema.width]))]
        if hasLabel {
            values.append(
                try hasClasses
                    ? checked(TensorValue(classIndices))
                    : checked(TensorValue(numbers, shape: [lines.count, 1])))
        }
        let words = dropped.sorted { $0.key < $1.key }.map {
            "\(counted($0.value, "row")) without \(shortened($0.key)) dropped"
        }
        return TableRows(
            table: try Table(schema: schema.tableSchema(hasLabel: hasLabel), values: values), lines: lines,
            rowNumbers: numbersOfRows, groups: groups.isEmpty ? nil : groups,
            classes: hasLabel && hasClasses ? classIndices : nil,
            notices: notices + words)
    }
}

/// A table and what is known of its rows beside their values.
struct TableRows {
    /// The rows.
    let table: Table
    /// Where each row stands: a file's line, or a number from 1.
    let lines: [Int]
    /// Which row of the file each is, from 1: those that were left out are counted, too.
    let rowNumbers: [Int]
    /// The group each row is of.
    let groups: [Int32]?
    /// The class of each row.
    let classes: [Int32]?
    /// What a person should hear.
    let notices: [String]
}
