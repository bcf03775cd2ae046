/// A function with parameters: a layer, or a model made of layers.
///
/// A module computes nothing; applied to a tensor it records what to compute. Names and layouts of parameters
/// are PyTorch's, so that weights can be exchanged. `print(model)` shows what it is made of.
public protocol Module: Fetchable, CustomStringConvertible where Fetched == Self {
    /// The parameters in declaration order with the names they have within this module.
    var parameters: [NamedParameter] { get }

    /// Records the module's function of a tensor.
    func callAsFunction(_ x: Tensor) -> Tensor

    /// A module of its own with the same values, at the same locations: a copy of each parameter and module.
    func copy() -> Self

    /// What the module's line in a description begins with, such as `Linear(64, 10)`; the type's name unless said.
    var heading: String { get }
}

extension Module {
    /// No parameters.
    public var parameters: [NamedParameter] { [] }

    /// The parameters' values at this moment, in declaration order.
    ///
    /// - Throws: as `Parameter.value`.
    public var values: [(name: String, value: TensorValue)] {
        get throws(TensorError) {
            let parameters = parameters
            // Together, so that steps recorded on them are computed once.
            let values = try Tensor.values(of: parameters.map(\.parameter.tensor))
            return zip(parameters, values).map { ($0.name, $1) }
        }
    }

    /// Forgets the gradients of all parameters.
    public func zeroGradients() {
        for (_, parameter) in parameters { parameter.zeroGradient() }
    }

    /// Goes back to the values last held in this process; see `Parameter.restore`.
    public func restore() {
        for (_, parameter) in parameters { parameter.restore() }
    }

    /// Replaces the values of all parameters.
    ///
    /// - Throws: `TensorError.valueMismatch` where a name is missing, unknown or repeated, or a value is of
    ///   another type; then no parameter has changed.
    public func update(to values: [(name: String, value: TensorValue)]) throws(TensorError) {
        var remaining: [String: TensorValue] = [:]
        for (name, value) in values {
            guard remaining.updateValue(value, forKey: name) == nil else {
                throw .valueMismatch(name: "parameter '\(name)'", expected: "one value", got: "two")
            }
        }
        let parameters = self.parameters
        var updates: [(Parameter, TensorValue)] = []
        for (name, parameter) in parameters {
            guard let value = remaining.removeValue(forKey: name), value.type == parameter.type else {
                let got = values.first { $0.name == name }.map { "\($0.value.type)" } ?? "nothing"
                throw .valueMismatch(name: "parameter '\(name)'", expected: "\(parameter.type)", got: got)
            }
            updates.append((parameter, value))
        }
        if let unknown = remaining.keys.min() {
            throw .valueMismatch(
                name: "parameter '\(unknown)'", expected: "nothing of this name", got: "a value")
        }
        for (parameter, value) in updates { try parameter.update(to: value) }
    }
}
