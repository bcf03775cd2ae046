/// What the label column of a CSV file holds.
public enum LabelKind: Sendable, Hashable {
    /// Classes where the labels are text, or whole numbers with at most 20 distinct values; numbers
    /// otherwise.
    case automatic
    /// Classes of these names, in this order; `nil` takes what the file holds, in order. Name them where
    /// several workers read files of their own, so that all give a class the same index.
    case classes([String]?)
    /// Numbers to be predicted.
    case numbers
}

/// The labels of a CSV file, made of the column's text.
enum CSVLabels {
    /// The index of each row's class, and the names of the classes.
    case classes([Int32], names: [String])
    /// A number per row.
    case numbers([Float])

    /// Reads the labels as the kind asked for.
    ///
    /// - Throws: `DatasetError.csv` at the first label that does not fit.
    init(_ rows: CSVRows, kind: LabelKind) throws(DatasetError) {
        switch kind {
        case .numbers:
            self = .numbers(try CSVLabels.numbers(rows))
        case .classes(let names?):
            self = try CSVLabels.classes(rows, texts: rows.labels, names: names)
        case .classes(nil):
            self = try CSVLabels.classes(rows, wholeNumbers: CSVLabels.wholeNumbers(rows.labels))
        case .automatic:
            self = try CSVLabels.guess(rows)
        }
    }

    private static func guess(_ rows: CSVRows) throws(DatasetError) -> CSVLabels {
        guard rows.labels.contains(where: { CSVRows.decimal($0, as: Double.self) != nil }) else {
            return try classes(rows, wholeNumbers: nil)
        }
        // Where one label is a number all must be: a stray word or a NaN is a fault, not a class.
        let numbers = try numbers(rows)
        guard let whole = wholeNumbers(rows.labels),
            Set(whole).count <= DatasetLimits.guessedClassCountMaximum
        else {
            return .numbers(numbers)
        }
        return try classes(rows, wholeNumbers: whole)
    }

    private static func numbers(_ rows: CSVRows) throws(DatasetError) -> [Float] {
        var numbers: [Float] = []
        for (row, text) in rows.labels.enumerated() {
            do {
                numbers.append(try CSVRows.number(text))
            } catch {
                throw rows.labelFault(error, row: row)
            }
        }
        return numbers
    }

    /// The labels as whole numbers, `1.0` being one; `nil` unless all are.
    private static func wholeNumbers(_ labels: [String]) -> [Int]? {
        var numbers: [Int] = []
        for label in labels {
            guard let number = CSVRows.decimal(label, as: Double.self).flatMap({ Int(exactly: $0) }) else {
                return nil
            }
            numbers.append(number)
        }
        return numbers
    }

    /// Finds the classes in the labels: whole numbers in their order, text in that of Unicode.
    private static func classes(_ rows: CSVRows, wholeNumbers: [Int]?) throws(DatasetError) -> CSVLabels {
        if let wholeNumbers {
            let names = Set(wholeNumbers).sorted().map(String.init)
            return try classes(rows, texts: wholeNumbers.map(String.init), names: names)
        }
        return try classes(rows, texts: rows.labels, names: Set(rows.labels).sorted())
    }

    private static func classes(
        _ rows: CSVRows, texts: [String], names: [String]
    ) throws(DatasetError) -> CSVLabels {
        guard names.count <= DatasetLimits.classCountMaximum else {
            let fault = CSVFault.tooManyClasses(count: names.count, limit: DatasetLimits.classCountMaximum)
            throw rows.labelFault(fault, row: 0)
        }
        let indexOfName = Dictionary(
            names.enumerated().map { ($0.element, Int32($0.offset)) },
            uniquingKeysWith: { first, _ in first },
        )
        var indices: [Int32] = []
        for (row, text) in texts.enumerated() {
            guard let index = indexOfName[text] else {
                throw rows.labelFault(.unknownClass(text, classes: names), row: row)
            }
            indices.append(index)
        }
        return .classes(indices, names: names)
    }
}
