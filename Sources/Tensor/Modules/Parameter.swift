/// A parameter and the name it has within its module, such as `0.weight`.
public typealias NamedParameter = (name: String, parameter: Parameter)

/// A tensor a module learns: a type that never changes and a value that does.
///
/// Used in an expression, a parameter stands for its value at that moment: what is recorded later on it, such
/// as an optimizer's step, does not change what was recorded before. The value may be here, or at a worker it
/// was sent to; and it may not have been computed yet. Reads and updates may come from any thread.
public final class Parameter: Sendable {
    /// What recorded expressions refer to.
    package let cell: ParameterCell

    /// The name within the module that made it, such as `weight`.
    public var name: String { cell.name }
    /// The element type and shape.
    public var type: ValueType { cell.type }

    /// Makes a parameter with its first value.
    public init(_ name: String, _ value: TensorValue) {
        cell = ParameterCell(name, value)
    }

    deinit { cell.abandon() }

    /// The parameter as part of an expression: the value it has now.
    public var tensor: Tensor { Tensor(cell.version) }

    /// The sum of the gradients that `backward()` has found since `zeroGradient()`; `nil` when there are none.
    public var gradient: Tensor? { cell.gradient }

    /// Where the value is.
    public var location: any Location { cell.location }

    /// The value at this moment; steps recorded on it are computed now.
    ///
    /// - Throws: `TensorError.elsewhere` while it is at a worker, and whatever is wrong with the steps.
    public var value: TensorValue {
        get throws(TensorError) { try cell.value(of: cell.version) }
    }

    /// Replaces the value, wherever it was; it is here from now on.
    ///
    /// - Throws: `TensorError.valueMismatch` where the new value is of another type.
    public func update(to value: TensorValue) throws(TensorError) {
        guard value.type == type else {
            throw .valueMismatch(name: "parameter '\(name)'", expected: "\(type)", got: "\(value.type)")
        }
        cell.receive(value)
    }

    /// Replaces the value by one that is computed here and now.
    ///
    /// - Throws: as `Tensor.value()`, and `TensorError.valueMismatch` where the new value is of another type.
    public func update(to tensor: Tensor) throws(TensorError) { try update(to: try tensor.value()) }

    /// Forgets the gradients found so far.
    public func zeroGradient() { cell.zeroGradient() }

    /// Goes back to the last value held in this process: what it was before it was sent, or when it last came
    /// back.
    public func restore() { cell.restore() }

    /// A parameter of its own with the same value, at the same location; gradients and an optimizer's state stay
    /// with the original.
    public func copy() -> Parameter {
        let copy = Parameter(name, cell.home)
        cell.copy(to: copy.cell)
        return copy
    }

    /// Sends the value, and what travels with it, to a worker with the next job that needs it there.
    ///
    /// - Throws: `TensorError.elsewhere` while it is at another worker.
    package func send(to location: any Location) throws(TensorError) { try cell.send(to: location) }
}
