/// A computation as data: what comes in, what is done, what goes out.
///
/// Values are numbered: inputs first, then constants, then the results of each node, in order. A node reads only
/// values with smaller numbers, so a valid graph has no cycles. Shapes are not stored: they follow from the
/// inputs' (`Operation.outputTypes`), so one graph serves any batch size.
public struct Graph: Sendable {
    /// The number of a value: inputs, then constants, then what nodes make.
    public typealias ValueID = Int

    /// One operation applied to earlier values.
    public struct Node: Sendable, Hashable {
        /// What is computed.
        public let operation: Operation
        /// The values it is computed from.
        public let inputs: [ValueID]

        /// Makes a node.
        public init(_ operation: Operation, _ inputs: [ValueID]) {
            self.operation = operation
            self.inputs = inputs
        }
    }

    /// What an input must be.
    public struct Input: Sendable, Hashable {
        /// The name errors use.
        public let name: String
        /// The element type.
        public let elementType: ElementType
        /// The size along each axis; `nil` where any size will do (the batch axis).
        public let dimensions: [Int?]

        /// Describes an input.
        public init(name: String, elementType: ElementType, dimensions: [Int?]) {
            self.name = name
            self.elementType = elementType
            self.dimensions = dimensions
        }
    }

    /// What must be bound before the graph can run.
    public let inputs: [Input]
    /// Values that are part of the graph.
    public let constants: [TensorValue]
    /// The operations, in an order in which they can run.
    public let nodes: [Node]
    /// The values that come out.
    public let outputs: [ValueID]
    /// The source line of each node where known (empty or as many as nodes); not part of the graph's
    /// identity.
    public let origins: [Origin?]
    /// The number of values: inputs, constants, and what nodes make.
    public let valueCount: Int
    /// The first value of each node; empty where every node makes one.
    private let firstValues: [ValueID]

    /// Puts a graph together; `validate` tells whether it is one.
    public init(
        inputs: [Input], constants: [TensorValue], nodes: [Node], outputs: [ValueID], origins: [Origin?] = []
    ) {
        self.inputs = inputs
        self.constants = constants
        self.nodes = nodes
        self.outputs = outputs
        self.origins = origins
        let leafCount = inputs.count + constants.count
        guard nodes.contains(where: { $0.operation.resultCount > 1 }) else {
            valueCount = leafCount + nodes.count
            firstValues = []
            return
        }
        var count = leafCount
        firstValues = nodes.map { node in
            defer { count += node.operation.resultCount }
            return count
        }
        valueCount = count
    }

    /// The number of the first value a node makes, the others following; of the node after the last, `valueCount`.
    package func firstValue(ofNode index: Int) -> ValueID {
        guard !firstValues.isEmpty else { return inputs.count + constants.count + index }
        return index < firstValues.count ? firstValues[index] : valueCount
    }

    /// The numbers of the values a node makes.
    package func values(ofNode index: Int) -> Range<ValueID> {
        firstValue(ofNode: index)..<firstValue(ofNode: index + 1)
    }
}

extension Graph: Hashable {
    /// Whether both compute the same in the same way, wherever they were written.
    public static func == (left: Graph, right: Graph) -> Bool {
        left.inputs == right.inputs && left.constants == right.constants && left.nodes == right.nodes
            && left.outputs == right.outputs
    }

    /// Hashes all but origins.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(inputs)
        hasher.combine(constants)
        hasher.combine(nodes)
        hasher.combine(outputs)
    }
}
