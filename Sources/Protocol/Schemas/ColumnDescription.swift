/// What a column is for.
public enum ColumnRole: Sendable, Hashable {
    case feature
    case label
}

/// One of the named values a row of a column packs: age, or sex as one number for each of its categories.
public struct FeatureDescription: Sendable, Hashable {
    /// What the value means.
    public enum Kind: Sendable, Hashable {
        /// A number, as it is.
        case number
        /// One number for each category, 1 at the row's own, in this order.
        case categories([String])
    }

    /// The feature's name.
    public var name: String
    /// What it means.
    public var kind: Kind
    /// The unit it is measured in, for people; empty where none is said.
    public var unit: String

    /// Describes a feature.
    public init(name: String, kind: Kind, unit: String = "") {
        self.name = name
        self.kind = kind
        self.unit = unit
    }

    /// How many numbers of a row are its.
    public var width: Int { if case .categories(let names) = kind { names.count } else { 1 } }
}

/// What a row of one column holds.
public struct ColumnDescription: Sendable, Hashable {
    /// The column's name.
    public var name: String
    /// Whether models read it or predict it.
    public var role: ColumnRole
    /// The wire code of the element type: 1 float32, 2 int32, 3 int64, 4 uint8.
    public var elementType: UInt8
    /// The shape of one row; empty for a number.
    public var dimensions: [Int]
    /// Label names in the order of their index; empty for regression.
    public var classes: [String]
    /// The named values a row packs, in order; empty where it is one tensor.
    public var features: [FeatureDescription]
    /// The unit of what is predicted, for people; empty where none is said.
    public var unit: String

    /// Describes a column.
    public init(
        name: String, role: ColumnRole, elementType: UInt8, dimensions: [Int], classes: [String],
        features: [FeatureDescription] = [], unit: String = ""
    ) {
        self.name = name
        self.role = role
        self.elementType = elementType
        self.dimensions = dimensions
        self.classes = classes
        self.features = features
        self.unit = unit
    }
}
