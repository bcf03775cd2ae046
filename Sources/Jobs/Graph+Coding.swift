import Ground
import SwiftProtobuf
import Tensor

extension Graph {
    /// The graph as a serialised `Graph` message: the bytes its hash is taken over.
    ///
    /// - Throws: `TensorError.limitExceeded` when constants or the whole pass `JobLimits`.
    func encoded() throws(TensorError) -> [UInt8] {
        let constantBytes = constants.reduce(0) { $0.addingSaturated($1.type.byteCount) }
        try check("bytes of graph constants", constantBytes, JobLimits.constantByteCountMaximum)
        var wire = JobGraph()
        wire.inputs = inputs.map(\.wire)
        wire.constants = constants.map(\.wire)
        wire.nodes = nodes.map(\.wire)
        wire.outputs = outputs.map { UInt32(clamping: $0) }
        let bytes: [UInt8] = (try? wire.serializedBytes()) ?? []
        try check("bytes of a graph", bytes.count, JobLimits.graphByteCountMaximum)
        return bytes
    }

    /// Reads a serialised `Graph` message and checks what does not depend on shapes: operations, attributes,
    /// limits.
    ///
    /// Indices and shapes are checked when the graph is validated with its inputs' types.
    /// - Throws: `JobError.malformed` or `limitExceeded`.
    init(decoding bytes: [UInt8]) throws(JobError) {
        guard bytes.count <= JobLimits.graphByteCountMaximum else {
            throw .limitExceeded(
                what: "bytes of a graph", got: bytes.count, limit: JobLimits.graphByteCountMaximum)
        }
        let wire: JobGraph
        do { wire = try JobGraph(serializedBytes: bytes) } catch {
            throw .malformed("a graph does not parse")
        }
        // Counted first: making something of millions of nodes would take its time.
        let limits = Graph.limits
        try checkCount("inputs of a graph", wire.inputs.count, limits.inputs)
        try checkCount("constants of a graph", wire.constants.count, limits.constants)
        try checkCount("nodes of a graph", wire.nodes.count, limits.nodes)
        try checkCount("outputs of a graph", wire.outputs.count, limits.outputs)
        let constantBytes = wire.constants.reduce(0) { $0.addingSaturated($1.elements.count) }
        try checkCount("bytes of graph constants", constantBytes, limits.constantBytes)
        var inputs: [Graph.Input] = []
        for input in wire.inputs { inputs.append(try Graph.Input(input)) }
        var constants: [TensorValue] = []
        for constant in wire.constants { constants.append(try TensorValue(constant)) }
        var nodes: [Graph.Node] = []
        nodes.reserveCapacity(wire.nodes.count)
        for (index, node) in wire.nodes.enumerated() { nodes.append(try Graph.Node(node, at: index)) }
        self.init(inputs: inputs, constants: constants, nodes: nodes, outputs: wire.outputs.map { Int($0) })
    }

    private func check(_ what: String, _ got: Int, _ limit: Int) throws(TensorError) {
        guard got <= limit else { throw .limitExceeded(what: what, got: got, limit: limit) }
    }
}

extension Graph.Input {
    fileprivate var wire: JobGraphInput {
        var wire = JobGraphInput()
        wire.name = name
        wire.elementType = UInt32(elementType.rawValue)
        wire.dimensions = dimensions.map { $0.map { Int64($0) } ?? -1 }
        return wire
    }

    fileprivate init(_ wire: JobGraphInput) throws(JobError) {
        let elementType = try ElementType(wire: wire.elementType, of: "input \(wire.name) has ")
        guard wire.dimensions.count <= Shape.rankMaximum else {
            throw .limitExceeded(
                what: "axes of input \(wire.name)", got: wire.dimensions.count, limit: Shape.rankMaximum)
        }
        var dimensions: [Int?] = []
        for size in wire.dimensions {
            guard size >= -1, size <= Int64(Shape.elementCountMaximum) else {
                throw .malformed("input \(wire.name) has dimension \(size)")
            }
            dimensions.append(size == -1 ? nil : Int(size))
        }
        self.init(name: wire.name, elementType: elementType, dimensions: dimensions)
    }
}

extension TensorValue {
    fileprivate var wire: JobConstant {
        var wire = JobConstant()
        wire.elementType = UInt32(elementType.rawValue)
        wire.dimensions = shape.dimensions.map { UInt64($0) }
        var bytes: [UInt8] = []
        storage.append(to: &bytes)
        wire.elements.append(contentsOf: bytes)
        return wire
    }

    fileprivate init(_ wire: JobConstant) throws(JobError) {
        let type = try ValueType(wire.elementType, wire.dimensions)
        do {
            self = try TensorValue(type, storage: Storage(copying: [UInt8](wire.elements)))
        } catch {
            throw .malformed("constant: \(error)")
        }
    }
}

extension Graph.Node {
    fileprivate var wire: JobNode {
        var wire = JobNode()
        wire.operation = UInt32(operation.wireCode)
        // 0 stands for 1.
        if operation.resultCount > 1 { wire.results = UInt32(clamping: operation.resultCount) }
        wire.inputs = inputs.map { UInt32(clamping: $0) }
        wire.integers = operation.attributes.integers
        wire.floats = operation.attributes.floats
        return wire
    }

    fileprivate init(_ wire: JobNode, at index: Int) throws(JobError) {
        guard let code = UInt16(exactly: wire.operation) else {
            throw .malformed("node \(index): unknown operation \(wire.operation)")
        }
        let attributes = OperationAttributes(integers: wire.integers, floats: wire.floats)
        do {
            let operation = try Operation(wireCode: code, attributes: attributes)
            self.init(operation, wire.inputs.map { Int($0) })
        } catch {
            throw .malformed("node \(index): \(error)")
        }
        // The number is on the wire so that values can be numbered by who does not know the operation.
        guard max(1, wire.results) == operation.resultCount else {
            throw .malformed(
                "node \(index): \(operation.name) gives \(operation.resultCount) values, not \(wire.results)")
        }
    }
}
