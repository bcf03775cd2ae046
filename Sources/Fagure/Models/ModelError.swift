public import Datasets
public import Protocol

/// Why a model cannot be made for a data set, read from a file, or used.
public enum ModelError: Error, Sendable, Hashable {
    /// Models read one feature column and predict one label column.
    case columnCount(dataset: String, role: ColumnRole, names: [String])
    /// A column no model can take.
    case unusableColumn(dataset: String, column: String, reason: String)
    /// The model predicts classes, the data set holds numbers.
    case needsClasses(model: String, dataset: String, label: String)
    /// Sizes no layer can have, or a graph that cannot be made.
    case invalid(String)
    /// A file that cannot be read or written, or holds no model; the text names it.
    case file(String)
    /// Rows that are not what the model reads.
    case rows(DatasetError)
}

extension ModelError: CustomStringConvertible {
    /// One lower-case sentence that names the thing, what was expected and what came.
    public var description: String {
        switch self {
        case .columnCount(let dataset, let role, let names):
            "data set \(dataset) has \(names.count) \(role) columns\(listed(names)), models need exactly one"
        case .unusableColumn(let dataset, let column, let reason):
            "column \(column) of data set \(dataset) cannot be used: \(reason)"
        case .needsClasses(let model, let dataset, let label):
            "model \(model) predicts classes, but \(label) of data set \(dataset) holds numbers; "
                + "use linear or mlp"
        case .invalid(let reason), .file(let reason):
            reason
        case .rows(let error):
            "\(error)"
        }
    }

    /// The first few of some names, in brackets.
    static func listed(_ names: [String]) -> String {
        "[\(names.prefix(8).joined(separator: ", "))\(names.count > 8 ? ", …" : "")]"
    }

    private func listed(_ names: [String]) -> String {
        names.isEmpty ? "" : " (\(names.prefix(8).joined(separator: ", "))\(names.count > 8 ? ", …" : ""))"
    }
}
