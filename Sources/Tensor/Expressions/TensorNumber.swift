/// A number that may stand beside a tensor: a `Float`, `Double` or `Int`.
///
/// Tensors compute in float32: a number becomes the nearest one of these, infinity where it is too large.
public protocol TensorNumber: Sendable {
    /// The number as tensors take it.
    var asFloat: Float { get }
}

extension Float: TensorNumber {
    /// The number itself.
    public var asFloat: Float { self }
}

extension Double: TensorNumber {
    /// The nearest number of float32.
    public var asFloat: Float { Float(self) }
}

extension Int: TensorNumber {
    /// The nearest number of float32; it is the same up to 2²⁴.
    public var asFloat: Float { Float(self) }
}

// DESIGN. A literal beside a tensor could be a tensor or a number. Left equal, the two make `(x + 1).get()`
// ambiguous; so numbers are disfavoured, and literals are tensors, of which a graph has one for each number.
extension Tensor {
    /// Adds a number to every element.
    @_disfavoredOverload
    public static func + (left: Tensor, right: some TensorNumber) -> Tensor {
        left + Tensor(right.asFloat)
    }

    /// Adds a number to every element.
    @_disfavoredOverload
    public static func + (left: some TensorNumber, right: Tensor) -> Tensor {
        Tensor(left.asFloat) + right
    }

    /// Subtracts a number from every element.
    @_disfavoredOverload
    public static func - (left: Tensor, right: some TensorNumber) -> Tensor {
        left - Tensor(right.asFloat)
    }

    /// Subtracts every element from a number.
    @_disfavoredOverload
    public static func - (left: some TensorNumber, right: Tensor) -> Tensor {
        Tensor(left.asFloat) - right
    }

    /// Multiplies every element by a number.
    @_disfavoredOverload
    public static func * (left: Tensor, right: some TensorNumber) -> Tensor {
        left * Tensor(right.asFloat)
    }

    /// Multiplies every element by a number.
    @_disfavoredOverload
    public static func * (left: some TensorNumber, right: Tensor) -> Tensor {
        Tensor(left.asFloat) * right
    }

    /// Divides every element by a number.
    @_disfavoredOverload
    public static func / (left: Tensor, right: some TensorNumber) -> Tensor {
        left / Tensor(right.asFloat)
    }

    /// Divides a number by every element.
    @_disfavoredOverload
    public static func / (left: some TensorNumber, right: Tensor) -> Tensor {
        Tensor(left.asFloat) / right
    }

    /// Adds a number to every element of the left tensor.
    @_disfavoredOverload
    public static func += (left: inout Tensor, right: some TensorNumber) { left = left + right }

    /// Subtracts a number from every element of the left tensor.
    @_disfavoredOverload
    public static func -= (left: inout Tensor, right: some TensorNumber) { left = left - right }

    /// Multiplies every element of the left tensor by a number.
    @_disfavoredOverload
    public static func *= (left: inout Tensor, right: some TensorNumber) { left = left * right }

    /// Divides every element of the left tensor by a number.
    @_disfavoredOverload
    public static func /= (left: inout Tensor, right: some TensorNumber) { left = left / right }

    /// Every element raised to a power.
    @_disfavoredOverload
    public static func ** (base: Tensor, exponent: some TensorNumber) -> Tensor { base ** exponent.asFloat }

    /// A scalar.
    @_disfavoredOverload
    public init(_ number: some TensorNumber) { self.init(number.asFloat) }

    /// 1 where an element is greater than the number, else 0.
    @_disfavoredOverload
    public func greater(
        than number: some TensorNumber, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        greater(than: Tensor(number.asFloat), file: file, line: line)
    }

    /// 1 where an element equals the number, else 0.
    @_disfavoredOverload
    public func equal(
        to number: some TensorNumber, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        equal(to: Tensor(number.asFloat), file: file, line: line)
    }

    /// Every element, or the number where that is larger.
    @_disfavoredOverload
    public func maximum(
        _ number: some TensorNumber, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        maximum(Tensor(number.asFloat), file: file, line: line)
    }

    /// Every element, or the number where that is smaller.
    @_disfavoredOverload
    public func minimum(
        _ number: some TensorNumber, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        minimum(Tensor(number.asFloat), file: file, line: line)
    }
}

// Numbers a program has computed or read, as they come.
extension Tensor {
    /// A vector of the nearest numbers of float32, or the elements of any shape in row-major order.
    ///
    /// A shape that does not fit the elements is reported where the tensor's value is needed.
    @_disfavoredOverload
    public init(
        _ elements: [Double], shape: [Int]? = nil, file: StaticString = #fileID, line: Int = #line
    ) {
        self.init(elements.map(Float.init), shape: shape, file: file, line: line)
    }

    /// A matrix of rows; rows of different sizes are reported where the tensor's value is needed.
    public init(_ rows: [[Float]], file: StaticString = #fileID, line: Int = #line) {
        self.init(origin: Origin(file: file, line: line)) { () throws(TensorError) in
            let size = rows.first?.count ?? 0
            if let other = rows.firstIndex(where: { $0.count != size }) {
                throw .valueMismatch(
                    name: "row \(other)", expected: "\(size) numbers as in row 0", got: "\(rows[other].count)"
                )
            }
            return try TensorValue(Array(rows.joined()), shape: [rows.count, size])
        }
    }

    /// A matrix of rows of the nearest numbers of float32; rows of different sizes are reported where the
    /// tensor's value is needed.
    @_disfavoredOverload
    public init(_ rows: [[Double]], file: StaticString = #fileID, line: Int = #line) {
        self.init(rows.map { $0.map(Float.init) }, file: file, line: line)
    }
}
