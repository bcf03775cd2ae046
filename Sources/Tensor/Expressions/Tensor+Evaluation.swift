extension Tensor {
    /// Computes the value, here and now.
    ///
    /// Nothing is kept: asking twice computes twice. Tensors that share steps are best asked together, by
    /// `values(of:)`.
    ///
    /// - Throws: `TensorError` for shapes that do not fit, naming the operation and the line that recorded
    ///   it, and `.valueMismatch` for a placeholder, which has no value.
    public func value() throws(TensorError) -> TensorValue {
        if case .value(let value) = expression.kind { return value }
        return try Tensor.values(of: [self])[0]
    }

    /// Computes the values of several tensors, shared steps once.
    public static func values(of tensors: [Tensor]) throws(TensorError) -> [TensorValue] {
        let (graph, bindings) = try trace(tensors)
        var values: [TensorValue] = []
        for (input, binding) in zip(graph.inputs, bindings) {
            guard let value = binding.value else { throw noValue(input) }
            values.append(value)
        }
        return try graph.evaluate(values)
    }

    /// The element type and shape, found without computing.
    ///
    /// - Throws: as `value()`, but placeholders will do whose sizes are all known.
    public func type() throws(TensorError) -> ValueType {
        let (graph, bindings) = try Tensor.trace([self])
        var types: [ValueType] = []
        for (input, binding) in zip(graph.inputs, bindings) {
            guard let type = binding.type else { throw Tensor.noValue(input) }
            types.append(type)
        }
        return try graph.types(binding: types)[graph.outputs[0]]
    }

    /// The graph of tensors whose leaves are all at hand, and what its inputs are bound to.
    private static func trace(_ tensors: [Tensor]) throws(TensorError) -> (Graph, [Tracer.Binding]) {
        var tracer = Tracer(.bound)
        var outputs: [GraphBuilder.ValueID] = []
        for tensor in tensors { outputs.append(try tracer.trace(tensor.expression)) }
        return (tracer.builder.finish(outputs: outputs), tracer.bindings)
    }

    private static func noValue(_ input: Graph.Input) -> TensorError {
        .valueMismatch(name: "placeholder '\(input.name)'", expected: "a value", got: input.description)
    }
}
