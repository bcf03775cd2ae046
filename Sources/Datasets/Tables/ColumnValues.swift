public import Tensor

/// The cells of one named column in memory.
public enum ColumnValues: Sendable {
    /// Numbers; NaN is a cell without a value.
    case numbers([Double])
    /// Categories or classes; `nil`, or a word such as `NA`, is a cell without a value.
    case texts([String?])
    /// Rows along axis 0, in the shape and type the schema says.
    case tensor(TensorValue)

    /// The number of rows.
    public var count: Int {
        switch self {
        case .numbers(let numbers): numbers.count
        case .texts(let texts): texts.count
        case .tensor(let value): value.shape.dimensions.first ?? 0
        }
    }
}

extension ColumnValues: ExpressibleByArrayLiteral {
    /// A column of numbers, such as `["age": [54, 61]]`.
    public init(arrayLiteral elements: Double...) { self = .numbers(elements) }
}
