import Tensor

extension DataSchema {
    /// The column that numbers and categories are packed into.
    static let packedName = "features"

    /// Whether features are tensors, each a column of its own.
    var hasTensors: Bool { features.contains(where: \.isTensor) }

    /// The numbers a packed row has.
    var width: Int { features.reduce(0) { $0 + $1.width } }

    /// The names of what a file must have: features in order, then the label.
    public var columnNames: [String] { features.map(\.name) + [label.name] }

    /// The columns a table of this schema has.
    ///
    /// - Throws: `DatasetError.invalidTable` where the label is called like a tensor.
    package func tableSchema(hasLabel: Bool) throws(DatasetError) -> Schema {
        var columns: [Column] = []
        if hasTensors {
            for feature in features {
                guard case .tensor(let shape, let type) = feature.kind else { continue }
                columns.append(
                    Column(
                        name: feature.name, role: .feature, elementType: type, rowShape: shape,
                        unit: feature.unit))
            }
        } else {
            columns.append(
                Column(
                    name: DataSchema.packedName, role: .feature, elementType: .float32,
                    rowShape: try checked(Shape([width])), features: features))
        }
        if hasLabel { columns.append(try labelColumn()) }
        return try Schema(columns, missing: missing)
    }

    private func labelColumn() throws(DatasetError) -> Column {
        // A label that is itself called "features" gives way.
        let name = !hasTensors && label.name == DataSchema.packedName ? "label" : label.name
        return switch label.kind {
        case .classes(let names):
            Column(name: name, role: .label, elementType: .int32, classes: names, unit: label.unit)
        case .number:
            Column(
                name: name, role: .label, elementType: .float32, rowShape: try checked(Shape([1])),
                unit: label.unit)
        }
    }

    /// What a table put together by hand amounts to; `nil` where no schema's file can say it: no label or several,
    /// or a label of numbers in another form.
    init?(describing schema: Schema, dataset: String?) {
        guard schema.labels.count == 1, let label = schema.labels.first else { return nil }
        let kind: Label.Kind
        if let classes = label.classes, label.elementType == .int32, label.rowShape == .scalar {
            kind = .classes(classes)
        } else if label.classes == nil, label.elementType == .float32, label.rowShape.dimensions == [1] {
            kind = .number
        } else {
            return nil
        }
        let features = schema.features.flatMap { column in
            column.features.isEmpty
                ? [
                    Feature(
                        name: column.name,
                        kind: .tensor(shape: column.rowShape, type: column.elementType), unit: column.unit)
                ] : column.features
        }
        do {
            try self.init(
                dataset: dataset, features: features,
                label: Label(name: label.name, kind: kind, unit: label.unit), missing: schema.missing)
        } catch {
            return nil
        }
    }
}
