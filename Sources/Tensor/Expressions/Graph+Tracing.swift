extension Graph {
    /// The graph that computes tensors from placeholders and parameters.
    ///
    /// Its inputs are `inputs` in order, then `parameters` in order under the given names, used or not. Other
    /// values at hand become constants. Equal steps are computed once.
    ///
    /// - Throws: `TensorError.invalidGraph` for an input that is no placeholder, and for a placeholder or
    ///   parameter that is used but not given; `.limitExceeded` where the graph passes `Graph.limits`; the
    ///   errors of gradients.
    /// - Complexity: O(recorded steps).
    public init(
        inputs: [Tensor], parameters: [NamedParameter] = [], outputs: [Tensor]
    ) throws(TensorError) {
        let trace = try Trace.take(namingParameters: true) { trace throws(TensorError) in
            for output in outputs { try trace.add(output: output.expression) }
        }
        self = try trace.graph(try trace.declarations(inputs, parameters))
    }
}

extension Trace {
    /// The inputs a graph was given, and which of the trace's leaves they are.
    fileprivate func declarations(
        _ inputs: [Tensor], _ parameters: [NamedParameter]
    ) throws(TensorError) -> Declarations {
        var declarations = Declarations()
        var placeholders: [String: Int] = [:], numbers: [ObjectIdentifier: Int] = [:]
        for (index, tensor) in inputs.enumerated() {
            guard case .placeholder(let input) = tensor.expression.kind else {
                throw .invalidGraph(reason: "input \(index) is no placeholder")
            }
            guard placeholders.updateValue(index, forKey: input.name) == nil else {
                throw .invalidGraph(reason: "two inputs are named '\(input.name)'")
            }
            declarations.inputs.append(input)
        }
        for (name, parameter) in parameters {
            let number = declarations.inputs.count
            guard numbers.updateValue(number, forKey: ObjectIdentifier(parameter.cell)) == nil else {
                throw .invalidGraph(reason: "parameter '\(name)' is given twice")
            }
            declarations.inputs.append(Graph.Input(name: name, parameter.type))
        }
        for leaf in leaves { try declarations.add(leaf, placeholders, numbers) }
        return declarations
    }
}

extension Trace.Declarations {
    fileprivate mutating func add(
        _ leaf: Trace.Leaf, _ placeholders: [String: Int], _ parameters: [ObjectIdentifier: Int]
    ) throws(TensorError) {
        switch leaf {
        case .placeholder(let input):
            guard let number = placeholders[input.name] else {
                throw .invalidGraph(reason: "placeholder '\(input.name)' is not among the inputs")
            }
            try inputs[number].requireSame(input)
            numbers.append(number)
        case .parameter(let cell):
            guard let number = parameters[ObjectIdentifier(cell)] else {
                throw .invalidGraph(reason: "parameter '\(cell.name)' is not among the parameters")
            }
            numbers.append(number)
        case .value(let value):
            constants[numbers.count] = value
            numbers.append(-1)
        case .remote(let value):
            throw .elsewhere(name: "a tensor of \(value.type)", location: value.location.name)
        }
    }
}

extension Graph.Input {
    /// Describes an input whose sizes are all known.
    init(name: String, _ type: ValueType) {
        self.init(name: name, elementType: type.elementType, dimensions: type.shape.dimensions)
    }
}
