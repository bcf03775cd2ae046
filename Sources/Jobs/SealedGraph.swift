import Crypto
public import Tensor

/// A graph with the bytes it travels as and the hash workers know it by.
///
/// Encoding is done once, when the graph is sealed; a job that repeats it sends 32 bytes.
public struct SealedGraph: Sendable {
    /// The graph.
    public let graph: Graph
    /// SHA-256 over `bytes`.
    public let hash: GraphHash
    /// The serialised `Graph` message.
    package let bytes: [UInt8]

    /// Encodes a graph and hashes the bytes.
    ///
    /// - Throws: `TensorError.limitExceeded` for a graph over `JobLimits`.
    /// - Complexity: O(nodes + bytes of constants).
    public init(_ graph: Graph) throws(TensorError) {
        let bytes = try graph.encoded()
        self.init(graph, bytes: bytes)
    }

    /// Decodes bytes a peer sent, under the hash it gave them.
    ///
    /// - Throws: `JobError` when the bytes are no graph or do not hash to `hash`.
    package init(decoding bytes: [UInt8], expecting hash: GraphHash) throws(JobError) {
        let graph = try Graph(decoding: bytes)
        self.init(graph, bytes: bytes)
        guard self.hash == hash else {
            throw .malformed("graph bytes hash to \(self.hash), the job says \(hash)")
        }
    }

    private init(_ graph: Graph, bytes: [UInt8]) {
        self.graph = graph
        self.bytes = bytes
        self.hash = GraphHash(digest: SHA256.hash(data: bytes))
    }
}

/// The SHA-256 of a graph's bytes: its name on every machine.
public struct GraphHash: Sendable, Hashable, CustomStringConvertible {
    /// The number of bytes.
    package static let byteCount = 32
    /// The digest.
    package let bytes: [UInt8]

    init(digest: some Sequence<UInt8>) { bytes = Array(digest) }

    /// Takes a hash from a peer.
    ///
    /// - Throws: `JobError.malformed` unless there are 32 bytes.
    package init(_ bytes: some Collection<UInt8>) throws(JobError) {
        guard bytes.count == GraphHash.byteCount else {
            throw .malformed("a graph hash has \(GraphHash.byteCount) bytes, got \(bytes.count)")
        }
        self.bytes = Array(bytes)
    }

    /// The first twelve hexadecimal digits.
    public var description: String {
        bytes.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
