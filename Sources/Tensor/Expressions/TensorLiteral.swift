/// Numbers in nested brackets, such as `[[0, 0], [0, 1]]`.
public struct TensorLiteral: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral
{
    private let elements: [Float]
    /// The sizes of the brackets; `nil` where rows differ in size.
    private let dimensions: [Int]?

    /// One number.
    public init(floatLiteral value: Float) {
        elements = [value]
        dimensions = []
    }

    /// One whole number.
    public init(integerLiteral value: Int) {
        self.init(floatLiteral: Float(value))
    }

    /// A row of numbers or of rows.
    public init(arrayLiteral rows: TensorLiteral...) {
        self.init(rows: rows)
    }

    fileprivate init(rows: [TensorLiteral]) {
        elements = rows.flatMap(\.elements)
        let first = rows.isEmpty ? [] : rows[0].dimensions
        let isRegular = rows.allSatisfy { $0.dimensions == first }
        dimensions = isRegular ? first.map { [rows.count] + $0 } : nil
    }

    fileprivate func value() throws(TensorError) -> TensorValue {
        guard let dimensions else {
            throw .valueMismatch(
                name: "array literal", expected: "rows of one size", got: "rows of different sizes")
        }
        return try TensorValue(elements, shape: dimensions)
    }
}

extension Tensor: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    /// A scalar.
    public init(floatLiteral value: Float) {
        self.init(value)
    }

    /// A scalar, as float32.
    public init(integerLiteral value: Int) {
        self.init(Float(value))
    }

    /// Numbers in nested brackets; rows of different sizes are reported where the tensor's value is needed.
    public init(arrayLiteral rows: TensorLiteral...) {
        self.init(origin: nil) { () throws(TensorError) in try TensorLiteral(rows: rows).value() }
    }

    // A flat row of numbers is for the initialiser that takes elements.
    /// Numbers in nested brackets, as in `Tensor([[0, 1], [2, 3]])`; rows of different sizes are reported where
    /// the tensor's value is needed.
    @_disfavoredOverload
    public init(_ literal: TensorLiteral, file: StaticString = #fileID, line: Int = #line) {
        self.init(origin: Origin(file: file, line: line)) { () throws(TensorError) in try literal.value() }
    }
}
