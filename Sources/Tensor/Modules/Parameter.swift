import Synchronization

/// A parameter and the name it has within its module, such as `0.weight`.
public typealias NamedParameter = (name: String, parameter: Parameter)

/// A tensor a module learns: a type that never changes and a value that does.
///
/// Used in an expression, a parameter stands for itself; its value is read when the expression is computed. A
/// `Graph` made of such an expression has the parameter as an input. Reads and updates may come from any
/// thread.
public final class Parameter: Sendable {
    /// The name within the module that made it, such as `weight`.
    public let name: String
    /// The element type and shape.
    public let type: ValueType
    private let current: Mutex<TensorValue>

    /// Makes a parameter with its first value.
    public init(_ name: String, _ value: TensorValue) {
        self.name = name
        self.type = value.type
        self.current = Mutex(value)
    }

    /// The value at this moment.
    public var value: TensorValue { current.withLock { $0 } }

    /// The parameter as part of an expression.
    public var tensor: Tensor { Tensor(Expression(.parameter(self), origin: nil)) }

    /// Replaces the value.
    ///
    /// - Throws: `TensorError.valueMismatch` where the new value is of another type.
    public func update(to value: TensorValue) throws(TensorError) {
        guard value.type == type else {
            throw .valueMismatch(name: "parameter '\(name)'", expected: "\(type)", got: "\(value.type)")
        }
        current.withLock { $0 = value }
    }
}
