extension Trace {
    /// What a trace's inputs become in a graph.
    struct Declarations {
        /// The graph's inputs.
        var inputs: [Graph.Input] = []
        /// For each of the trace's inputs, in the order of its leaves, which of them it is.
        var numbers: [Int] = []
        /// For leaves that become part of the graph, their values.
        var constants: [Int: TensorValue] = [:]
    }

    /// The graph of the steps: gradients written out, equal steps made one.
    ///
    /// - Throws: `TensorError.notDifferentiable` where gradients were asked for that do not exist;
    ///   `.limitExceeded`.
    func graph(_ declarations: Declarations) throws(TensorError) -> Graph {
        var lowering = TraceLowering(self, declarations)
        let graph = try lowering.graph()
        try graph.validate()
        return graph
    }

    /// Every leaf an input of its own type, named by its number.
    ///
    /// - Throws: `TensorError.valueMismatch` for two placeholders of one name that differ.
    func boundDeclarations() throws(TensorError) -> Declarations {
        var declarations = Declarations()
        var placeholders: [String: Int] = [:]
        for (index, leaf) in leaves.enumerated() {
            // No placeholder of a user's is likely to be named like this, and two would be refused.
            let input: Graph.Input
            switch leaf {
            case .value(let value): input = Graph.Input(name: "#\(index)", value.type)
            case .remote(let value): input = Graph.Input(name: "#\(index)", value.type)
            case .parameter(let cell): input = Graph.Input(name: cell.name, cell.type)
            case .placeholder(let placeholder):
                if let known = placeholders[placeholder.name] {
                    try declarations.inputs[known].requireSame(placeholder)
                    declarations.numbers.append(known)
                    continue
                }
                placeholders[placeholder.name] = declarations.inputs.count
                input = placeholder
            }
            declarations.numbers.append(declarations.inputs.count)
            declarations.inputs.append(input)
        }
        return declarations
    }
}

/// A trace on its way to a graph.
private struct TraceLowering {
    private let key: Trace.Key
    private let origins: [Origin?]
    private let declarations: Trace.Declarations
    private var builder = GraphBuilder()
    /// The builder's number of each step; of gradients, that of the first.
    private var values: [GraphBuilder.ValueID] = []
    private var gradients: [Int32: [GraphBuilder.ValueID]] = [:]
    private var barriers: Set<GraphBuilder.ValueID> = []
    private var leaf = 0

    init(_ trace: borrowing Trace, _ declarations: Trace.Declarations) {
        (key, origins) = (trace.key, trace.origins)
        self.declarations = declarations
        for input in declarations.inputs { builder.input(input) }
    }

    mutating func graph() throws(TensorError) -> Graph {
        for (id, step) in key.steps.enumerated() {
            values.append(try add(step, Int32(truncatingIfNeeded: id), origins[id]))
        }
        let outputs = key.outputs.map { values[Int($0)] }
        return builder.finish(outputs: outputs).sharingEqualNodes()
    }

    private mutating func add(
        _ step: Trace.Step, _ id: Int32, _ origin: Origin?
    ) throws(TensorError) -> GraphBuilder.ValueID {
        switch step {
        case .input, .placeholder:
            defer { leaf += 1 }
            if let value = declarations.constants[leaf] { return builder.append(constant: value) }
            return declarations.numbers[leaf]
        case .constant(let scalar):
            return builder.append(constant: TensorValue(scalar: scalar))
        case .version(let source):
            let value = values[Int(source)]
            barriers.insert(value)
            return value
        case .operation(let operation, let first, let second, let third):
            let inputs = [first, second, third].filter { $0 >= 0 }.map { values[Int($0)] }
            return builder.append(distinct: operation, inputs, origin: origin)
        case .wideOperation(let operation, let inputs):
            return builder.append(distinct: operation, inputs.map { values[Int($0)] }, origin: origin)
        case .result(let first, let index):
            return values[Int(first)] + index
        case .gradients(let loss, let targets):
            let made = try builder.gradients(
                of: values[Int(loss)], withRespectTo: targets.map { values[Int($0)] },
                endingAt: barriers, origin: origin)
            gradients[id] = made
            return values[Int(loss)]
        case .gradient(let group, let index):
            return gradients[group]?[index] ?? values[Int(group)]
        }
    }
}

extension Graph.Input {
    /// Checks that two placeholders of one name are one.
    func requireSame(_ other: Graph.Input) throws(TensorError) {
        guard self == other else {
            throw .valueMismatch(name: "input '\(name)'", expected: description, got: other.description)
        }
    }
}

extension Graph {
    /// The same graph with equal constants and equal nodes made once.
    fileprivate func sharingEqualNodes() -> Graph {
        var builder = GraphBuilder()
        var values: [GraphBuilder.ValueID] = []
        values.reserveCapacity(valueCount)
        for input in inputs { values.append(builder.input(input)) }
        for constant in constants { values.append(builder.constant(constant)) }
        for (index, node) in nodes.enumerated() {
            let inputs = node.inputs.map { values[$0] }
            let first = builder.append(node.operation, inputs, origin: origin(ofNode: index))
            values += first..<first + node.operation.resultCount
        }
        let mapped = outputs.map { values[$0] }
        return builder.finish(outputs: mapped)
    }
}
