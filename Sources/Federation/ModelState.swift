public import Tensor

/// A value and the name it is known by, such as `0.weight`.
public struct NamedValue: Sendable, Hashable {
    /// The name, unique among its neighbours.
    public let name: String
    /// The value.
    public let value: TensorValue

    /// Names a value.
    public init(name: String, value: TensorValue) {
        self.name = name
        self.value = value
    }
}

/// A model's parameters at one moment: what is sent out, trained and summed.
public struct ModelState: Sendable, Hashable {
    /// The parameters in the model's order.
    public let parameters: [NamedValue]
    /// How many times the model has been replaced since it was made; 0 for the first.
    public let version: Int

    /// Puts a state together.
    public init(parameters: [NamedValue], version: Int = 0) {
        self.parameters = parameters
        self.version = version
    }

    /// The parameter of a name.
    public subscript(name: String) -> TensorValue? { parameters.first { $0.name == name }?.value }

    /// The number of bytes all parameters take.
    public var byteCount: Int { parameters.reduce(0) { $0 + $1.value.type.byteCount } }
}
