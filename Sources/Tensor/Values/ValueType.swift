/// What is known of a value before it is computed: its element type and shape.
public struct ValueType: Sendable, Hashable, CustomStringConvertible {
    /// The type of the elements.
    public let elementType: ElementType
    /// The sizes along each axis.
    public let shape: Shape

    /// Describes a value.
    public init(_ elementType: ElementType, _ shape: Shape) {
        self.elementType = elementType
        self.shape = shape
    }

    /// The number of bytes such a value takes.
    public var byteCount: Int { shape.elementCount * elementType.byteCount }

    /// Such as `float32 [32, 784]`.
    public var description: String { "\(elementType) \(shape)" }
}
