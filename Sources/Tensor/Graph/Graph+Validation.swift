extension Graph {
    /// What a graph may not exceed, so that one from a stranger cannot exhaust a worker before it runs.
    public struct Limits: Sendable, Hashable {
        /// The largest number of nodes.
        public var nodes = 65_536
        /// The largest number of inputs.
        public var inputs = 4_096
        /// The largest number of outputs.
        public var outputs = 4_096
        /// The largest number of constants.
        public var constants = 65_536
        /// The most bytes all constants may take together; larger data belongs into inputs.
        public var constantBytes = 1 << 20
        /// The longest name of an input, in UTF-8 bytes.
        public var nameBytes = 256
        /// The most bytes all values of the graph may take together once shapes are known.
        public var valueBytes = Int.max

        /// The usual limits.
        public init() {}
    }

    /// The limits used unless others are given.
    public static let limits = Limits()

    /// Checks all that can be known before the inputs' types are: limits, names, and that every value is made
    /// before it is used.
    ///
    /// - Throws: `TensorError.limitExceeded` or `.invalidGraph`, naming the input, constant, node or output.
    /// - Complexity: O(inputs + nodes).
    public func validate(limits: Limits = Graph.limits) throws(TensorError) {
        try Graph.check("the number of inputs", inputs.count, limits.inputs)
        try Graph.check("the number of constants", constants.count, limits.constants)
        try Graph.check("the number of nodes", nodes.count, limits.nodes)
        try Graph.check("the number of outputs", outputs.count, limits.outputs)
        guard origins.isEmpty || origins.count == nodes.count else {
            throw .invalidGraph(reason: "\(origins.count) origins for \(nodes.count) nodes")
        }
        try validateInputs(limits)
        var bytes = 0
        for constant in constants { bytes = bytes.addingSaturated(constant.type.byteCount) }
        try Graph.check("the number of bytes of constants", bytes, limits.constantBytes)
        try validateNodes()
        for output in outputs where output < 0 || output >= valueCount {
            throw .invalidGraph(reason: "output \(output) is not one of \(valueCount) values")
        }
    }

    /// Checks everything there is to check and finds the type of every value, inputs first, then constants,
    /// then what nodes make.
    ///
    /// - Throws: whatever `validate` throws; `TensorError.valueMismatch` for a binding that is not what its
    ///   input asks for; the errors of the shape rules; `.limitExceeded` where the values take too many
    ///   bytes; `.cancelled` when `flag` is set on the way.
    /// - Complexity: O(inputs + nodes).
    package func types(
        binding bindings: [ValueType], limits: Limits = Graph.limits, flag: CancelFlag = .never
    ) throws(TensorError) -> [ValueType] {
        try validate(limits: limits)
        guard bindings.count == inputs.count else {
            throw .valueMismatch(
                name: "bindings", expected: "\(inputs.count) values", got: "\(bindings.count)")
        }
        for (input, binding) in zip(inputs, bindings) { try input.check(binding) }
        var types = bindings
        types.reserveCapacity(valueCount)
        for constant in constants { types.append(constant.type) }
        for (index, node) in nodes.enumerated() {
            if index % 256 == 0 { try flag.check() }
            types += try node.outputTypes(among: types, origin: origin(ofNode: index))
        }
        var bytes = 0
        for type in types { bytes = bytes.addingSaturated(type.byteCount) }
        try Graph.check("the number of bytes of all values", bytes, limits.valueBytes)
        return types
    }

    /// The source line of a node, where known.
    package func origin(ofNode index: Int) -> Origin? {
        index < origins.count ? origins[index] : nil
    }

    private func validateInputs(_ limits: Limits) throws(TensorError) {
        var names = Set<String>(minimumCapacity: inputs.count)
        for input in inputs {
            try Graph.check("the length of an input's name", input.name.utf8.count, limits.nameBytes)
            guard names.insert(input.name).inserted else {
                throw .invalidGraph(reason: "two inputs are named '\(input.name)'")
            }
            // Free sizes count as 0, which `Shape` leaves out of its product.
            _ = try Shape(input.dimensions.map { $0 ?? 0 })
        }
    }

    private func validateNodes() throws(TensorError) {
        for (index, node) in nodes.enumerated() {
            let own = firstValue(ofNode: index), counts = node.operation.inputCounts
            guard counts.contains(node.inputs.count) else {
                throw .invalidGraph(
                    reason: "node \(index) (\(node.operation.name)) reads \(node.inputs.count) values, "
                        + "takes \(counts.asCount)")
            }
            for input in node.inputs where input < 0 || input >= own {
                throw .invalidGraph(
                    reason: "node \(index) (\(node.operation.name)) is value \(own) and reads value "
                        + "\(input), which is not made before it")
            }
        }
    }

    private static func check(_ what: String, _ got: Int, _ limit: Int) throws(TensorError) {
        guard got <= limit else { throw .limitExceeded(what: what, got: got, limit: limit) }
    }
}

extension Graph.Node {
    /// The types of what the node makes, given those of all earlier values.
    fileprivate func outputTypes(among types: [ValueType], origin: Origin?) throws(TensorError) -> [ValueType]
    {
        try operation.outputTypes(of: inputs.map { types[$0] }, origin: origin)
    }
}

extension Graph.Input {
    /// Checks that a value of this type may be bound to the input.
    ///
    /// - Throws: `TensorError.valueMismatch` naming the input.
    package func check(_ type: ValueType) throws(TensorError) {
        let fits =
            type.elementType == elementType && type.shape.rank == dimensions.count
            && zip(dimensions, type.shape.dimensions).allSatisfy { $0 == nil || $0 == $1 }
        guard fits else { throw .valueMismatch(name: name, expected: description, got: "\(type)") }
    }
}

extension Graph.Input: CustomStringConvertible {
    /// The type with `?` for free sizes, such as `uint8 [?, 28, 28]`.
    public var description: String {
        let sizes = dimensions.map { size in size.map { "\($0)" } ?? "?" }
        return "\(elementType) [\(sizes.joined(separator: ", "))]"
    }
}
