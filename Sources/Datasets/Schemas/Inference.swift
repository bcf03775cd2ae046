extension DataSchema {
    /// A schema found out from a file's own cells, and what was decided on the way.
    public struct Inference: Sendable, Hashable {
        /// The schema.
        public let schema: DataSchema
        /// The decisions, a line each.
        public let decisions: [String]
    }
}

/// Infers kinds from what was seen of columns: the same at every site whose cells are of the same kinds.
struct SchemaInference {
    /// A column's name and what was seen of it.
    let columns: [(name: String, facts: ColumnFacts)]
    /// What was seen of the label.
    let label: (name: String, facts: ColumnFacts)
    /// The error for a fault: a column's name and a line.
    let error: (CSVFault, String, Int) -> DatasetError

    /// Decides.
    ///
    /// - Throws: `DatasetError` at the first cell that leaves no choice.
    ///
    /// - Parameter features: What is known of features already.
    func schema(
        dataset: String?, labelKind: LabelKind, file: String, features: [DataSchema.Feature] = []
    ) throws(DatasetError) -> DataSchema {
        var features = features
        for column in columns.sorted(by: { $0.name < $1.name }) {
            features.append(
                DataSchema.Feature(name: column.name, kind: try kind(of: column.name, column.facts)))
        }
        let label = DataSchema.Label(name: self.label.name, kind: try self.labelKind(labelKind))
        do {
            return try DataSchema(dataset: dataset, features: features, label: label)
        } catch {
            guard case .invalidSchema(_, _, let reason) = error else { throw error }
            throw .invalidSchema(file: file, line: nil, reason: reason)
        }
    }

    /// The decisions as lines for a person.
    func decisions(_ schema: DataSchema) -> [String] {
        var lines = schema.features.map(\.description)
        lines.append("label \(schema.label)")
        for (name, facts) in columns.sorted(by: { $0.name < $1.name })
        where facts.isNumeric && facts.countsRows {
            lines.append(
                "\(shortened(name)): a number that counts the rows; --ignore it if it is an identifier")
        }
        for (name, facts) in columns.sorted(by: { $0.name < $1.name }) + [label] where facts.missingCount > 0
        {
            lines.append(
                "\(counted(facts.missingCount, "cell")) of \(shortened(name)) "
                    + "\(facts.missingCount == 1 ? "has" : "have") no value, the first in line "
                    + "\(facts.firstMissing ?? 0): missing is refuse, unless you make it mean, zero or drop-row"
            )
        }
        let unseen = unseenClasses(schema)
        if !unseen.isEmpty { lines.append("no row of \(shortened(label.name)) is \(listed(unseen))") }
        return lines
    }

    /// Classes that were told and stand in no row: right where another site has them, else misspelled.
    private func unseenClasses(_ schema: DataSchema) -> [String] {
        let facts = label.facts, wholes = Set((facts.wholes ?? []).map(String.init))
        guard !facts.isOverLimit else { return [] }
        return (schema.label.classes ?? []).filter { !facts.texts.contains($0) && !wholes.contains($0) }
    }

    private func kind(of name: String, _ facts: ColumnFacts) throws(DatasetError) -> DataSchema.Feature.Kind {
        if facts.isNumeric {
            try checkNumbers(name, facts)
            return .number
        }
        if let first = facts.firstText ?? facts.firstName {
            if facts.isDates { throw error(.dateCell(first.text), name, first.line) }
            if facts.isOverLimit {
                let fault = CSVFault.tooManyCategories(
                    first.text, limit: DatasetLimits.guessedCategoryCountMaximum)
                throw error(fault, name, first.line)
            }
        }
        return .categories(facts.texts.sorted())
    }

    /// Refuses the cells of a column of numbers that are none: infinite, too large, or the header again.
    private func checkNumbers(_ name: String, _ facts: ColumnFacts) throws(DatasetError) {
        let unholdable = facts.firstUnholdable
        if let header = facts.firstName, header.line < unholdable?.line ?? .max {
            throw error(.repeatedHeader(header.text), name, header.line)
        }
        if let unholdable { throw error(.notFinite(unholdable.text), name, unholdable.line) }
    }

    private func labelKind(_ kind: LabelKind) throws(DatasetError) -> DataSchema.Label.Kind {
        let facts = label.facts
        switch kind {
        case .number:
            if let text = facts.firstText {
                let isDate = DateText.isDate(text.text)
                throw error(isDate ? .dateCell(text.text) : .textCell(text.text), label.name, text.line)
            }
            try checkNumbers(label.name, facts)
            guard facts.numberCount > 0 else {
                throw error(.missingLabel, label.name, facts.firstMissing ?? 1)
            }
            return .number
        case .classes(let names?):
            if let odd = facts.firstUnexpected {
                throw error(.unknownClass(odd.text, classes: names), label.name, odd.line)
            }
            return .classes(names)
        case .classes(nil):
            if facts.isNumeric { try checkNumbers(label.name, facts) }
            return .classes(try classes())
        case .automatic: break
        }
        if facts.isNumeric {
            try checkNumbers(label.name, facts)
            guard let wholes = facts.wholes, wholes.count <= DatasetLimits.guessedClassCountMaximum else {
                return .number
            }
            return .classes(try classes())
        }
        let isMixed = facts.numberCount > 0 && facts.texts.count > DatasetLimits.guessedClassCountMaximum
        if isMixed, let stray = facts.firstText {
            throw error(.strayLabel(stray.text), label.name, stray.line)
        }
        return .classes(try classes())
    }

    /// The classes seen: whole numbers in their order, text in that of Unicode.
    private func classes() throws(DatasetError) -> [String] {
        let facts = label.facts
        let count = facts.wholes?.count ?? facts.texts.count
        guard count > 0 else { throw error(.missingLabel, label.name, facts.firstMissing ?? 1) }
        guard count <= DatasetLimits.classCountMaximum else {
            let fault = CSVFault.tooManyClasses(count: count, limit: DatasetLimits.classCountMaximum)
            throw error(fault, label.name, 2)
        }
        return facts.wholes.map { $0.sorted().map(String.init) } ?? facts.texts.sorted()
    }
}
