/// Turns expressions into a graph: each once, inputs before what reads them, in loops not recursion.
struct Tracer {
    /// What becomes of leaves.
    enum Leaves {
        /// Values become constants; placeholders and parameters must have been declared.
        case declared
        /// Every value and parameter becomes an input whose binding is remembered.
        case bound
        /// Every leaf becomes an input, even a scalar, and equal expressions stay apart: what gradients need.
        case distinct
    }

    /// What an input made of a leaf is bound to; placeholders have a type at best.
    struct Binding {
        let type: ValueType?
        let value: TensorValue?
    }

    let leaves: Leaves
    /// The expressions of the builder's values, where nothing was declared.
    private(set) var expressions: [Expression] = []
    private(set) var builder = GraphBuilder()
    /// The bindings of inputs made of leaves, in order.
    private(set) var bindings: [Binding] = []
    private var ids: [ObjectIdentifier: GraphBuilder.ValueID] = [:]
    private var placeholders: [String: (id: GraphBuilder.ValueID, input: Graph.Input)] = [:]

    init(_ leaves: Leaves) {
        self.leaves = leaves
    }

    /// The number of an expression's value, everything it needs having been added.
    mutating func trace(_ root: Expression) throws(TensorError) -> GraphBuilder.ValueID {
        var path = [root]
        while let expression = path.last {
            let depth = path.count
            if ids[ObjectIdentifier(expression)] == nil {
                expression.forEachInput { input in
                    // One at a time: the others are looked at again when this one is done.
                    if path.count == depth, ids[ObjectIdentifier(input)] == nil { path.append(input) }
                }
                guard path.count == depth else { continue }
                let id = try add(expression)
                ids[ObjectIdentifier(expression)] = id
                if id == expressions.count { expressions.append(expression) }
            }
            path.removeLast()
        }
        return ids[ObjectIdentifier(root), default: 0]
    }

    /// Adds a placeholder as the next input.
    mutating func declare(_ input: Graph.Input) throws(TensorError) {
        guard placeholders[input.name] == nil else {
            throw .invalidGraph(reason: "two inputs are named '\(input.name)'")
        }
        placeholders[input.name] = (builder.input(input), input)
    }

    /// Adds a parameter as the next input.
    mutating func declare(_ parameter: Parameter, named name: String) throws(TensorError) {
        guard ids[ObjectIdentifier(parameter)] == nil else {
            throw .invalidGraph(reason: "parameter '\(name)' is given twice")
        }
        ids[ObjectIdentifier(parameter)] = builder.input(Graph.Input(name: name, parameter.type))
    }

    /// Adds what computes gradients, and gives each as an expression on the ones traced.
    mutating func gradients(
        of loss: GraphBuilder.ValueID, withRespectTo targets: [GraphBuilder.ValueID], origin: Origin?
    ) throws(TensorError) -> [Expression] {
        let gradients = try builder.gradients(of: loss, withRespectTo: targets, origin: origin)
        for id in expressions.count..<builder.entries.count {
            switch builder.entries[id] {
            case .node(let node):
                expressions.append(record(node, origin: builder.origins[id]))
            case .constant(let value):
                expressions.append(Expression(.value(value), origin: origin))
            case .input(let input):
                // Gradients add none.
                expressions.append(Expression(.placeholder(input), origin: origin))
            }
        }
        return gradients.map { expressions[$0] }
    }

    private func record(_ node: Graph.Node, origin: Origin?) -> Expression {
        let inputs = node.inputs.map { expressions[$0] }
        return Expression(
            .operation(node.operation), inputs[0], inputs.count > 1 ? inputs[1] : nil,
            inputs.count > 2 ? inputs[2] : nil, origin: origin)
    }

    private mutating func add(_ expression: Expression) throws(TensorError) -> GraphBuilder.ValueID {
        switch expression.kind {
        case .scalar(let scalar):
            return leaves == .distinct ? bind(TensorValue(scalar: scalar)) : builder.constant(scalar)
        case .value(let value):
            return leaves == .declared ? builder.constant(value) : bind(value)
        case .placeholder(let input):
            return try add(input)
        case .parameter(let parameter):
            return try add(parameter)
        case .failure(let error):
            throw error
        case .operation(let operation):
            var inputs: [GraphBuilder.ValueID] = []
            expression.forEachInput { inputs.append(ids[ObjectIdentifier($0), default: 0]) }
            return leaves == .distinct
                ? builder.append(distinct: operation, inputs, origin: expression.origin)
                : builder.append(operation, inputs, origin: expression.origin)
        }
    }

    private mutating func add(_ input: Graph.Input) throws(TensorError) -> GraphBuilder.ValueID {
        if let known = placeholders[input.name] {
            guard known.input == input else {
                throw .valueMismatch(
                    name: "input '\(input.name)'", expected: known.input.description, got: input.description)
            }
            return known.id
        }
        guard leaves != .declared else {
            throw .invalidGraph(reason: "placeholder '\(input.name)' is not among the inputs")
        }
        let sizes = input.dimensions.compactMap(\.self)
        let type =
            sizes.count == input.dimensions.count ? ValueType(input.elementType, try Shape(sizes)) : nil
        let id = builder.input(input)
        bindings.append(Binding(type: type, value: nil))
        placeholders[input.name] = (id, input)
        return id
    }

    private mutating func add(_ parameter: Parameter) throws(TensorError) -> GraphBuilder.ValueID {
        if let id = ids[ObjectIdentifier(parameter)] { return id }
        guard leaves != .declared else {
            throw .invalidGraph(reason: "parameter '\(parameter.name)' is not among the parameters")
        }
        let id = bind(parameter.value)
        ids[ObjectIdentifier(parameter)] = id
        return id
    }

    private mutating func bind(_ value: TensorValue) -> GraphBuilder.ValueID {
        // No placeholder of a user's is likely to look like this, and two would be refused.
        let input = Graph.Input(name: "#\(bindings.count)", value.type)
        bindings.append(Binding(type: value.type, value: value))
        return builder.input(input)
    }
}

extension Graph.Input {
    /// Describes an input whose sizes are all known.
    init(name: String, _ type: ValueType) {
        self.init(name: name, elementType: type.elementType, dimensions: type.shape.dimensions)
    }
}
