import Ground
import Jobs

/// The graphs a worker has seen, by hash; shared by its compute threads.
final class GraphCache: Sendable {
    private let graphs = Lock(
        RecencyCache<GraphHash, SealedGraph>(
            countMaximum: WorkerLimits.graphCountMaximum, byteCountMaximum: WorkerLimits.graphByteCountMaximum
        ))

    init() {}

    /// Finds a graph and counts that as a use.
    func find(_ hash: GraphHash) -> SealedGraph? {
        graphs.withLock { $0.use(hash) }
    }

    /// Keeps graphs that came along with a job.
    func keep(_ sealed: [SealedGraph]) {
        graphs.withLock { graphs in
            for graph in sealed where graphs.use(graph.hash) == nil {
                graphs.insert(graph, for: graph.hash, byteCount: graph.bytes.count)
            }
        }
    }
}
