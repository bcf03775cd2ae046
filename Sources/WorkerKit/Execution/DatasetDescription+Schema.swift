package import Datasets
package import Protocol
import Tensor

extension DatasetDescription {
    /// What a catalogue says of a data set with these columns.
    package init(_ schema: Schema, name: String, tags: [String] = [], digest: [UInt8] = []) {
        self.init(
            name: name, tags: tags, columns: schema.columns.map { ColumnDescription($0) },
            missing: MissingCells(schema.missing), digest: digest)
    }
}

extension ColumnDescription {
    fileprivate init(_ column: Column) {
        self.init(
            name: column.name, role: column.role == .feature ? .feature : .label,
            elementType: column.elementType.rawValue, dimensions: column.rowShape.dimensions,
            classes: column.classes ?? [], features: column.features.compactMap { FeatureDescription($0) },
            unit: column.unit)
    }
}

extension FeatureDescription {
    /// `nil` for a tensor, which is a column of its own and packed into none.
    fileprivate init?(_ feature: DataSchema.Feature) {
        switch feature.kind {
        case .number: self.init(name: feature.name, kind: .number, unit: feature.unit)
        case .categories(let names):
            self.init(name: feature.name, kind: .categories(names), unit: feature.unit)
        case .tensor: return nil
        }
    }
}

extension MissingCells {
    fileprivate init(_ missing: DataSchema.Missing) {
        switch missing {
        case .refuse: self = .refuse
        case .mean: self = .mean
        case .zero: self = .zero
        case .dropRow: self = .dropRow
        }
    }
}

extension DataSchema {
    /// The schema a catalogue describes: what a file must have to be read as the workers' were.
    ///
    /// - Throws: `DatasetError.invalidSchema` for a description that no file can meet.
    package init(_ description: DatasetDescription) throws(DatasetError) {
        func refused(_ reason: String) -> DatasetError {
            .invalidSchema(file: description.name, line: nil, reason: reason)
        }
        var features: [Feature] = []
        for column in description.features {
            guard column.features.isEmpty else {
                features += column.features.map { Feature($0) }
                continue
            }
            guard let type = ElementType(rawValue: column.elementType),
                let shape = try? Shape(column.dimensions)
            else { throw refused("column \(column.name) has an unknown type or shape") }
            features.append(Feature(name: column.name, kind: .tensor(shape: shape, type: type)))
        }
        guard description.labels.count == 1, let label = description.labels.first else {
            throw refused("\(description.labels.count) labels, expected one")
        }
        let kind: Label.Kind = label.classes.isEmpty ? .number : .classes(label.classes)
        try self.init(
            dataset: description.name, features: features,
            label: Label(name: label.name, kind: kind, unit: label.unit),
            missing: DataSchema.Missing(rawValue: "\(description.missing)") ?? .refuse)
    }
}

extension DataSchema.Feature {
    fileprivate init(_ feature: FeatureDescription) {
        switch feature.kind {
        case .number: self.init(name: feature.name, unit: feature.unit)
        case .categories(let names):
            self.init(name: feature.name, kind: .categories(names), unit: feature.unit)
        }
    }
}
