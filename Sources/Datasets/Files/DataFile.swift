/// A file of rows, and what its owner says of it beside a schema.
public struct DataFile: Sendable, Hashable {
    /// The file: CSV, NPY, NPZ, safetensors or IDX, plain or gzip.
    public var path: String
    /// The label's name; the schema's where there is one.
    public var label: String?
    /// What the label holds; found out unless told.
    public var labelKind: LabelKind
    /// What stands between the cells of CSV; found out unless told.
    public var delimiter: Character?
    /// What stands before the fraction of numbers in CSV, `.` or `,`; found out unless told.
    public var decimalMark: Character?
    /// The data set's name; the schema's, else the file's without its extensions, unless given.
    public var dataset: String?
    /// Columns that are passed over where a schema is inferred; the schema's own where there is one.
    public var ignore: [String]
    /// The file of labels beside one of NPY or IDX; found by its name unless given.
    public var labels: String?

    /// Names a file.
    public init(
        _ path: String, label: String? = nil, labelKind: LabelKind = .automatic, delimiter: Character? = nil,
        decimalMark: Character? = nil, dataset: String? = nil, ignore: [String] = [],
        labels: String? = nil
    ) {
        self.path = path
        self.label = label
        self.labelKind = labelKind
        self.delimiter = delimiter
        self.decimalMark = decimalMark
        self.dataset = dataset
        self.ignore = ignore
        self.labels = labels
    }
}

/// What the label of a file without a schema holds.
public enum LabelKind: Sendable, Hashable {
    /// Classes where the labels are text, or whole numbers with at most 20 distinct values; numbers
    /// otherwise.
    case automatic
    /// Classes of these names, in this order; `nil` takes what the file holds, in order. Name them where
    /// several sites read files of their own, so that all give a class the same index.
    case classes([String]?)
    /// Numbers to be predicted.
    case number

    /// The classes that were named.
    var classes: [String]? { if case .classes(let names) = self { names } else { nil } }
}
