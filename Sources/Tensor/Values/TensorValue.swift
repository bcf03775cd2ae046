package import Ground

/// A computed tensor: element type, shape and immutable bytes in row-major order.
///
/// Copies share storage; nothing can change a value once made.
public struct TensorValue: Sendable {
    /// The element type and shape.
    public let type: ValueType
    /// The bytes, aligned for the kernels.
    package let storage: Storage

    /// Takes storage as the elements of a value.
    ///
    /// - Throws: `TensorError.valueMismatch` when the storage has not the size the type asks for.
    package init(_ type: ValueType, storage: Storage) throws(TensorError) {
        guard storage.byteCount == type.byteCount else {
            throw .valueMismatch(
                name: "storage of \(type)", expected: "\(type.byteCount) bytes", got: "\(storage.byteCount)")
        }
        self.init(type, storage)
    }

    /// Takes storage made for exactly this type.
    init(_ type: ValueType, _ storage: Storage) {
        assert(storage.byteCount == type.byteCount, "storage has the size of its type")
        self.type = type
        self.storage = storage
    }

    /// The sizes along each axis.
    public var shape: Shape { type.shape }
    /// The type of the elements.
    public var elementType: ElementType { type.elementType }
}
