extension DatasetDescription {
    /// What differs in meaning from another schema, for a person: `bp is missing, weight is new`.
    ///
    /// Empty exactly where both have the same `schemaHash`.
    public func differences(from expected: DatasetDescription) -> String {
        guard schemaHash != expected.schemaHash else { return "" }
        let own = SchemaTerm.terms(of: self), other = SchemaTerm.terms(of: expected)
        var sentences = SchemaTerm.differences(own, from: other)
        if missing != expected.missing {
            sentences.append("a missing cell means \(missing), expected \(expected.missing)")
        }
        // Terms say all that is hashed but how columns are stored.
        if sentences.isEmpty { sentences.append("the columns are stored differently") }
        let limit = ProtocolLimits.differencesMaximum
        let rest = sentences.count - limit
        return sentences.prefix(limit).joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more differences" : "")
    }

    /// Where both say in which unit a feature is, and not the same: `age is in months, expected years`. Units are no
    /// part of the hash, for many files do not say them.
    public func unitDifferences(from expected: DatasetDescription) -> String {
        let units = Dictionary(
            expected.columns.flatMap(\.features).map { ($0.name, $0.unit) },
            uniquingKeysWith: { first, _ in first })
        let sentences = columns.flatMap(\.features).compactMap { feature -> String? in
            guard let unit = units[feature.name], !unit.isEmpty, !feature.unit.isEmpty, unit != feature.unit
            else {
                return nil
            }
            return "\(feature.name) is in \(feature.unit), expected \(unit)"
        }
        let rest = sentences.count - ProtocolLimits.differencesMaximum
        return sentences.prefix(ProtocolLimits.differencesMaximum).joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more differences" : "")
    }

    /// The names of what it holds, features first: `age, bp, outcome`.
    public var termNames: [String] { SchemaTerm.terms(of: self).map(\.name) }
}

/// One thing a schema speaks of: a feature or a label, and what it is.
private struct SchemaTerm: Hashable {
    let name: String
    let isLabel: Bool
    /// Such as `a number`, or `one of the classes sick, well`.
    let meaning: String
    /// The classes or categories in their order.
    var names: [String] = []

    /// The features in their order, then the labels.
    static func terms(of dataset: DatasetDescription) -> [SchemaTerm] {
        dataset.features.flatMap(terms) + dataset.labels.flatMap(terms)
    }

    private static func terms(of column: ColumnDescription) -> [SchemaTerm] {
        let isLabel = column.role == .label
        guard column.features.isEmpty else {
            return column.features.map { feature in
                let names: [String] = if case .categories(let names) = feature.kind { names } else { [] }
                return SchemaTerm(
                    name: feature.name, isLabel: isLabel, meaning: SchemaTerm.meaning(of: feature.kind),
                    names: names)
            }
        }
        let stored = "\(typeNames[Int(column.elementType)] ?? "unknown") \(column.dimensions)"
        let classes = "one of the classes \(listed(column.classes))"
        return [
            SchemaTerm(
                name: column.name, isLabel: isLabel, meaning: column.classes.isEmpty ? stored : classes,
                names: column.classes)
        ]
    }

    private static func meaning(of kind: FeatureDescription.Kind) -> String {
        switch kind {
        case .number: "a number"
        case .categories(let names): "one of the categories \(listed(names))"
        }
    }

    private static let typeNames = [1: "float32", 2: "int32", 3: "int64", 4: "uint8"]

    private static func listed(_ names: [String]) -> String {
        let limit = ProtocolLimits.differencesMaximum
        return names.prefix(limit).joined(separator: ", ") + (names.count > limit ? ", …" : "")
    }

    static func differences(_ own: [SchemaTerm], from expected: [SchemaTerm]) -> [String] {
        let known = Dictionary(expected.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let present = Set(own.map(\.name))
        var sentences = expected.filter { !present.contains($0.name) }.map { "\($0.name) is missing" }
        for term in own {
            guard let other = known[term.name] else {
                sentences.append("\(term.name) is new")
                continue
            }
            if term.isLabel != other.isLabel {
                sentences.append("\(term.name) is a \(term.role), expected a \(other.role)")
            } else if let difference = term.order(unlike: other) {
                sentences.append(difference)
            } else if term.meaning != other.meaning || term.names != other.names {
                sentences.append("\(term.name) is \(term.meaning), expected \(other.meaning)")
            }
        }
        if sentences.isEmpty, own.map(\.name) != expected.map(\.name) {
            sentences.append("the features are in another order")
        }
        return sentences
    }

    /// Says that the same names stand in another order, and what cures it: the place of a name is how it is stored.
    private func order(unlike other: SchemaTerm) -> String? {
        guard names != other.names, names.sorted() == other.names.sorted() else { return nil }
        let kind = isLabel ? "classes" : "categories"
        let cure =
            isLabel ? "give every site the same --classes or --schema" : "give every site the same --schema"
        return "\(name) has the same \(kind) in another order, \(SchemaTerm.listed(names)), expected "
            + "\(SchemaTerm.listed(other.names)): \(cure)"
    }

    private var role: String { isLabel ? "label" : "feature" }
}
