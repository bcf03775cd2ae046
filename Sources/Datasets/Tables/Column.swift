public import Tensor

/// What is known of one column of a data set before its rows are read: a row of the schema.
public struct Column: Sendable, Hashable {
    /// What a column is for.
    public enum Role: Sendable, Hashable, CaseIterable {
        /// What a model reads.
        case feature
        /// What a model is to say.
        case label
    }

    /// The name programs bind it by, unique in its schema.
    public let name: String
    /// What it is for.
    public let role: Role
    /// The type its elements are stored as.
    public let elementType: ElementType
    /// The sizes of one row: `[28, 28]` for an image, `[]` for a class, `[1]` for a number to be predicted.
    public let rowShape: Shape
    /// The names of the classes, in order of their index; `nil` for a column that holds no classes.
    public let classes: [String]?
    /// The named values a row packs, in order; empty for a column that is one thing.
    public let features: [DataSchema.Feature]
    /// The unit it is measured in; empty where none is said.
    public let unit: String

    /// Describes a column.
    public init(
        name: String, role: Role, elementType: ElementType, rowShape: Shape = .scalar,
        classes: [String]? = nil, features: [DataSchema.Feature] = [], unit: String = ""
    ) {
        self.name = name
        self.role = role
        self.elementType = elementType
        self.rowShape = rowShape
        self.classes = classes
        self.features = features
        self.unit = unit
    }

    /// The type of the column's value when it has so many rows.
    ///
    /// - Throws: `DatasetError.invalidTable` when so many rows make no shape.
    public func valueType(rowCount: Int) throws(DatasetError) -> ValueType {
        do {
            return ValueType(elementType, try Shape([rowCount] + rowShape.dimensions))
        } catch {
            throw .invalidTable(reason: "column '\(name)' of \(rowCount) rows: \(error)")
        }
    }
}

extension Column: CustomStringConvertible {
    /// Such as `pixels: uint8 [28, 28]` or `label: int32 [] of 10 classes`.
    public var description: String {
        "\(name): \(elementType) \(rowShape)" + (classes.map { " of \($0.count) classes" } ?? "")
    }
}

/// The columns of a data set.
public struct Schema: Sendable, Hashable {
    /// The columns, in the data set's order.
    public let columns: [Column]
    /// What was done, or is to be done, with cells that have no value.
    public let missing: DataSchema.Missing

    /// Checks that names are unique and not empty, and that packed features fill their column.
    ///
    /// - Throws: `DatasetError.invalidTable`.
    public init(_ columns: [Column], missing: DataSchema.Missing = .refuse) throws(DatasetError) {
        guard !columns.isEmpty else { throw .invalidTable(reason: "no columns") }
        var names = Set<String>()
        for column in columns {
            guard !column.name.isEmpty else { throw .invalidTable(reason: "a column without a name") }
            guard names.insert(column.name).inserted else {
                throw .invalidTable(reason: "two columns are called \(quoted(column.name))")
            }
            let width = column.features.reduce(0) { $0 + $1.width }
            guard column.features.isEmpty || column.rowShape.dimensions == [width] else {
                throw .invalidTable(
                    reason: "column \(quoted(column.name)) packs \(width) numbers into \(column.rowShape)")
            }
        }
        self.columns = columns
        self.missing = missing
    }

    /// The column of a name.
    public subscript(name: String) -> Column? { columns.first { $0.name == name } }

    /// The columns a model reads.
    public var features: [Column] { columns.filter { $0.role == .feature } }

    /// The columns a model is to say.
    public var labels: [Column] { columns.filter { $0.role == .label } }
}
