/// The type of a tensor's elements.
///
/// Arithmetic is done in `float32`; the others hold what data sets store and what comparisons and labels
/// need.
public enum ElementType: UInt8, Sendable, Hashable, CaseIterable {
    // The raw values travel on the wire: never reuse one.
    case float32 = 1
    case int32 = 2
    case int64 = 3
    case uint8 = 4

    /// The number of bytes one element takes.
    public var byteCount: Int {
        switch self {
        case .float32, .int32: 4
        case .int64: 8
        case .uint8: 1
        }
    }

    /// Whether gradients flow through values of this type.
    public var isDifferentiable: Bool { self == .float32 }
}

extension ElementType: CustomStringConvertible {
    /// The name used in files, logs and errors: `float32`, `int32`, `int64` or `uint8`.
    public var description: String {
        switch self {
        case .float32: "float32"
        case .int32: "int32"
        case .int64: "int64"
        case .uint8: "uint8"
        }
    }
}
