/// The sizes of a tensor along each of its axes, outermost first, in row-major order.
///
/// The empty shape is a scalar. Sizes are never negative, and the product of all sizes but zeros is at most
/// `Shape.elementCountMaximum`, so that no product of some of them overflows either.
public struct Shape: Sendable, Hashable {
    /// The largest number of elements one tensor may have: 2³¹ − 1, what the kernels index with.
    public static let elementCountMaximum = Int(Int32.max)
    /// The largest number of axes.
    public static let rankMaximum = 8

    /// The size along each axis.
    public let dimensions: [Int]
    /// The product of all dimensions; 1 for a scalar.
    public let elementCount: Int

    /// Checks sizes and makes a shape of them.
    ///
    /// - Throws: `TensorError.invalidShape` for a negative size, too many axes, or a product over
    ///   `elementCountMaximum`.
    public init(_ dimensions: [Int]) throws(TensorError) {
        guard dimensions.count <= Shape.rankMaximum else {
            throw .invalidShape(dimensions, reason: "more than \(Shape.rankMaximum) axes")
        }
        var count = 1
        for size in dimensions {
            guard size >= 0 else { throw .invalidShape(dimensions, reason: "a negative size") }
            let (product, overflow) = count.multipliedReportingOverflow(by: Swift.max(size, 1))
            guard !overflow, product <= Shape.elementCountMaximum else {
                throw .invalidShape(dimensions, reason: "more than \(Shape.elementCountMaximum) elements")
            }
            count = product
        }
        self.dimensions = dimensions
        self.elementCount = dimensions.contains(0) ? 0 : count
    }

    /// A shape whose sizes the caller has already checked.
    init(checked dimensions: [Int], elementCount: Int) {
        self.dimensions = dimensions
        self.elementCount = elementCount
    }

    /// The shape of a single number.
    public static let scalar = Shape(checked: [], elementCount: 1)

    /// The number of axes.
    public var rank: Int { dimensions.count }

    /// The size along one axis.
    public subscript(axis: Int) -> Int { dimensions[axis] }

    /// The distance in elements between neighbours along each axis, in row-major order.
    public var strides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * dimensions[axis + 1]
        }
        return strides
    }
}

extension Shape: CustomStringConvertible {
    /// The sizes in brackets, such as `[32, 784]`.
    public var description: String { "\(dimensions)" }
}
