extension Graph {
    /// The graph that computes tensors from placeholders and parameters.
    ///
    /// Its inputs are `inputs` in order, then `parameters` in order under the given names, used or not. Other
    /// values at hand become constants. Equal steps are computed once.
    ///
    /// - Throws: `TensorError.invalidGraph` for an input that is no placeholder, and for a placeholder or
    ///   parameter that is used but not given; `.limitExceeded` where the graph passes `Graph.limits`.
    /// - Complexity: O(recorded steps).
    public init(
        inputs: [Tensor], parameters: [NamedParameter] = [], outputs: [Tensor]
    ) throws(TensorError) {
        var tracer = Tracer(.declared)
        for (index, tensor) in inputs.enumerated() {
            guard case .placeholder(let input) = tensor.expression.kind else {
                throw .invalidGraph(reason: "input \(index) is no placeholder")
            }
            try tracer.declare(input)
        }
        for (name, parameter) in parameters { try tracer.declare(parameter, named: name) }
        var ids: [GraphBuilder.ValueID] = []
        for output in outputs { ids.append(try tracer.trace(output.expression)) }
        self = tracer.builder.finish(outputs: ids)
        try validate()
    }
}
