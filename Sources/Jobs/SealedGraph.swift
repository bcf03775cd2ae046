import Ground
public import Tensor

/// A graph with the bytes it travels as and the hash workers know it by.
///
/// Encoding is done once, when the graph is sealed; a job that repeats it sends 32 bytes.
public struct SealedGraph: Sendable {
    /// What all copies share: one reference, because a job's way copies it often.
    private final class Content: Sendable {
        let graph: Graph
        let hash: GraphHash
        let bytes: [UInt8]
        /// The graph by its hash alone, as every job but the first names it.
        let reference: JobGraphReference
        /// The last bodies of jobs that named the graph so, and what they were made for.
        let lastBodies = Lock<[(parts: [BodyPart], body: [UInt8])]>([])

        init(_ graph: Graph, bytes: [UInt8]) {
            self.graph = graph
            self.bytes = bytes
            hash = GraphHash(digest: SHA256.hash(bytes))
            var reference = JobGraphReference()
            reference.hash.append(contentsOf: hash.bytes)
            self.reference = reference
        }
    }

    private let content: Content

    /// The graph.
    public var graph: Graph { content.graph }
    /// SHA-256 over `bytes`.
    public var hash: GraphHash { content.hash }
    /// The serialised `Graph` message.
    package var bytes: [UInt8] { content.bytes }

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

    /// The graph as a job names it.
    func reference(includesGraph: Bool) -> JobGraphReference {
        var reference = content.reference
        if includesGraph { reference.graph.append(contentsOf: bytes) }
        return reference
    }

    /// The body of a job on these bindings: one made before for the same, else `make`'s.
    ///
    /// A loop sends the same body over and over; only the tensors after it differ.
    func body(for parts: [BodyPart], make: () -> [UInt8]) -> [UInt8] {
        let known = content.lastBodies.withLock { bodies in bodies.first { $0.parts == parts }?.body }
        if let known { return known }
        let body = make()
        content.lastBodies.withLock { bodies in
            if bodies.count >= SealedGraph.bodiesMaximum { bodies.removeFirst() }
            bodies.append((parts, body))
        }
        return body
    }

    /// Bodies kept: a loop may visit a few workers in turn, each with data of its own.
    private static let bodiesMaximum = 8

    /// What tells the bodies of jobs with one graph apart, where all outputs come back.
    enum BodyPart: Hashable, Sendable {
        case value(ValueType)
        case other(Job.Source)

        init(_ source: Job.Source) {
            if case .value(let value) = source { self = .value(value.type) } else { self = .other(source) }
        }
    }

    private init(_ graph: Graph, bytes: [UInt8]) {
        content = Content(graph, bytes: bytes)
    }
}

extension SealedGraph: Hashable {
    /// Equal when their bytes are.
    public static func == (left: SealedGraph, right: SealedGraph) -> Bool { left.hash == right.hash }

    /// Hashes the hash.
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// The SHA-256 of a graph's bytes: its name on every machine.
///
/// Kept as four words: it is compared and looked up for every job, and words need no memory of their own.
public struct GraphHash: Sendable, Hashable, CustomStringConvertible {
    /// The number of bytes.
    package static let byteCount = 32
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init(digest: some Sequence<UInt8>) {
        var words: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in digest.enumerated() where index < GraphHash.byteCount {
            words[index / 8] |= UInt64(byte) << UInt64(8 * (index % 8))
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// Takes a hash from a peer.
    ///
    /// - Throws: `JobError.malformed` unless there are 32 bytes.
    package init(_ bytes: some Collection<UInt8>) throws(JobError) {
        guard bytes.count == GraphHash.byteCount else {
            throw .malformed("a graph hash has \(GraphHash.byteCount) bytes, got \(bytes.count)")
        }
        self.init(digest: bytes)
    }

    /// The digest.
    package var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
    }

    /// Equal when all bytes are.
    public static func == (left: GraphHash, right: GraphHash) -> Bool { left.words == right.words }

    /// Any word of a SHA-256 is as good as a hash of it.
    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

    /// The first twelve hexadecimal digits.
    public var description: String {
        bytes.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
