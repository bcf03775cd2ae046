extension Tensor {
    /// Computes the value, here and now.
    ///
    /// What was computed is not kept with the tensor: asking twice computes twice. Tensors that share steps
    /// are best asked together, by `values(of:)`. Parameters met on the way, on which an optimizer's steps
    /// were recorded, are brought up to date by the same computation.
    ///
    /// - Throws: `TensorError` for shapes that do not fit, naming the operation and the line that recorded
    ///   it; `.valueMismatch` for a placeholder, which has no value; `.elsewhere` for a tensor at a worker.
    public func value() throws(TensorError) -> TensorValue {
        if case .value(let value) = expression.kind { return value }
        return try Tensor.values(of: [self])[0]
    }

    /// Computes the value of a tensor of one float32 element.
    ///
    /// - Throws: as `value()`, and `TensorError.valueMismatch` for any other.
    public func scalar() throws(TensorError) -> Float { try value().scalar() }

    /// Computes the value of a tensor of one element, whatever its type, as a number.
    ///
    /// - Throws: as `value()`, and `TensorError.valueMismatch` for more or fewer elements, and for an int64 that
    ///   no `Double` equals.
    public func item() throws(TensorError) -> Double { try value().item() }

    /// Computes the value of a float32 tensor as numbers in row-major order.
    ///
    /// - Throws: as `value()`, and `TensorError.valueMismatch` for other element types.
    public var floats: [Float] { get throws(TensorError) { try value().floats } }

    /// Computes the values of several tensors, shared steps once.
    public static func values(of tensors: [Tensor]) throws(TensorError) -> [TensorValue] {
        for tensor in tensors {
            try tensor.requireUsable()
            guard !tensor.expression.location.isRemote else {
                throw .elsewhere(name: tensor.phrase, location: tensor.location.name)
            }
        }
        return try Flush(tensors.map(\.expression), at: .here).run()
    }

    /// The element type and shape, found without computing and without asking a worker.
    ///
    /// - Throws: as `value()`, but placeholders will do whose sizes are all known.
    public func type() throws(TensorError) -> ValueType {
        switch expression.kind {
        case .value(let value): return value.type
        case .remote(let value): return value.type
        case .version(let version): return version.cell.type
        default:
            let trace = try Trace.take { trace throws(TensorError) in try trace.add(output: expression) }
            return try RecipeCache.shared.recipe(for: trace).outputTypes[0]
        }
    }

    /// The sizes along each axis, found without computing and without asking a worker.
    ///
    /// - Throws: `TensorError` for shapes that do not fit.
    public var shape: Shape { get throws(TensorError) { try type().shape } }

    /// The type of the elements, found without computing and without asking a worker.
    ///
    /// - Throws: `TensorError` for shapes that do not fit.
    public var elementType: ElementType { get throws(TensorError) { try type().elementType } }

    /// Where the tensor is, and what is recorded on it will be computed.
    public var location: any Location { expression.location.resolved }

    /// Checks that the tensor was not used up.
    ///
    /// - Throws: `TensorError.usedUp`.
    package func requireUsable() throws(TensorError) {
        if let error = usageError { throw error }
    }

    /// Why the tensor may not be used any more.
    package var usageError: TensorError? {
        expression.spent.map { .usedUp(name: phrase, how: $0.phrase) }
    }
}

extension Expression.Spending {
    /// How it is said.
    var phrase: String {
        switch self {
        case .fetched: "its value was fetched by get()"
        case .moved: "it was moved by move(to:)"
        case .released: "it was released by release()"
        }
    }
}
