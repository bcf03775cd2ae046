/// Puts a graph together value by value.
///
/// Equal constants and equal nodes are made once (hash-consing). The builder's own value numbers follow the
/// order of making; `finish` renumbers them as `Graph` wants, and drops nodes and constants no output needs.
package struct GraphBuilder {
    /// The number of a value within the builder.
    package typealias ValueID = Int

    /// What a value comes from.
    package enum Entry {
        /// Something bound before the graph runs.
        case input(Graph.Input)
        /// Part of the graph.
        case constant(TensorValue)
        /// Computed from earlier values: the first a node makes.
        case node(Graph.Node)
        /// A later one of those a node makes: the number of the first, and how many come before it.
        case result(of: ValueID, Int)
    }

    /// All values in the order they were made.
    package private(set) var entries: [Entry] = []
    private(set) var origins: [Origin?] = []
    private var known: [Graph.Node: ValueID] = [:]
    private var knownConstants: [ConstantKey: ValueID] = [:]

    /// Starts with nothing.
    package init() {}

    /// Starts with all values of a graph under the numbers they have there.
    ///
    /// Equal nodes of the graph stay apart, since gradients tell them apart.
    package init(_ graph: Graph) throws(TensorError) {
        try graph.validate()
        for input in graph.inputs { add(.input(input), nil) }
        for constant in graph.constants {
            knownConstants[ConstantKey(constant)] = add(.constant(constant), nil)
        }
        for (index, node) in graph.nodes.enumerated() {
            append(distinct: node.operation, node.inputs, origin: graph.origin(ofNode: index))
        }
    }

    /// Adds an input; inputs keep their order in the graph.
    @discardableResult
    package mutating func input(_ input: Graph.Input) -> ValueID {
        add(.input(input), nil)
    }

    /// The value of a constant, made once however often it is asked for.
    package mutating func constant(_ value: TensorValue) -> ValueID {
        let key = ConstantKey(value)
        if let id = knownConstants[key] { return id }
        let id = add(.constant(value), nil)
        knownConstants[key] = id
        return id
    }

    /// The value of a constant, made anew even where an equal one exists.
    package mutating func append(constant value: TensorValue) -> ValueID {
        add(.constant(value), nil)
    }

    /// The value of a scalar constant.
    package mutating func constant(_ scalar: Float) -> ValueID {
        constant(TensorValue(scalar: scalar))
    }

    /// The first value of an operation applied to earlier values, made once however often it is asked for; others of it
    /// have the numbers that follow.
    package mutating func append(
        _ operation: Operation, _ inputs: [ValueID], origin: Origin? = nil
    ) -> ValueID {
        let node = Graph.Node(operation, inputs)
        if let id = known[node] { return id }
        return append(distinct: operation, inputs, origin: origin)
    }

    /// The first value of an operation, made anew even where an equal one exists.
    @discardableResult
    package mutating func append(
        distinct operation: Operation, _ inputs: [ValueID], origin: Origin? = nil
    ) -> ValueID {
        let node = Graph.Node(operation, inputs)
        let id = add(.node(node), origin)
        for index in 1..<operation.resultCount { add(.result(of: id, index), origin) }
        if known[node] == nil { known[node] = id }
        return id
    }

    /// The graph with these outputs, all inputs, and what the outputs need.
    ///
    /// Append before calling, not within the call's arguments: those would be added to a copy too late.
    package func finish(outputs: [ValueID]) -> Graph {
        let isNeeded = self.isNeeded(for: outputs)
        var numbers = [Graph.ValueID](repeating: -1, count: entries.count)
        var inputs: [Graph.Input] = [], constants: [TensorValue] = [], nodes: [Graph.Node] = []
        var nodeOrigins: [Origin?] = []
        for case (let id, .input(let input)) in entries.enumerated() {
            numbers[id] = inputs.count
            inputs.append(input)
        }
        for case (let id, .constant(let value)) in entries.enumerated() where isNeeded[id] {
            numbers[id] = inputs.count + constants.count
            constants.append(value)
        }
        var valueCount = inputs.count + constants.count
        for case (let id, .node(let node)) in entries.enumerated() where isNeeded[id] {
            for index in 0..<node.operation.resultCount { numbers[id + index] = valueCount + index }
            valueCount += node.operation.resultCount
            nodes.append(Graph.Node(node.operation, node.inputs.map { numbers[$0] }))
            nodeOrigins.append(origins[id])
        }
        return Graph(
            inputs: inputs, constants: constants, nodes: nodes, outputs: outputs.map { numbers[$0] },
            origins: nodeOrigins.contains { $0 != nil } ? nodeOrigins : [])
    }

    private func isNeeded(for outputs: [ValueID]) -> [Bool] {
        var isNeeded = [Bool](repeating: false, count: entries.count)
        for output in outputs { isNeeded[output] = true }
        for id in entries.indices.reversed() where isNeeded[id] {
            switch entries[id] {
            case .input, .constant: break
            case .node(let node): for input in node.inputs { isNeeded[input] = true }
            case .result(let first, _): isNeeded[first] = true
            }
        }
        return isNeeded
    }

    /// The values from which one is computed.
    func inputs(of id: ValueID) -> [ValueID] {
        switch entries[id] {
        case .input, .constant: []
        case .node(let node): node.inputs
        case .result(let first, _): inputs(of: first)
        }
    }

    @discardableResult
    private mutating func add(_ entry: Entry, _ origin: Origin?) -> ValueID {
        entries.append(entry)
        origins.append(origin)
        return entries.count - 1
    }
}

/// What makes two constants one: equal type and bytes where they are few, else shared storage.
private enum ConstantKey: Hashable {
    case content(TensorValue)
    case storage(ObjectIdentifier, ValueType)

    /// The longest constant whose bytes are compared: hashing megabytes would cost more than it saves.
    private static let comparedByteCount = 256

    init(_ value: TensorValue) {
        let isCompared = value.type.byteCount <= ConstantKey.comparedByteCount
        self = isCompared ? .content(value) : .storage(ObjectIdentifier(value.storage), value.type)
    }
}
