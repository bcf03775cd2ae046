import Ground
import Jobs
import Tensor

/// The graphs of recipes as they travel: encoded and hashed once.
final class GraphLedger: Sendable {
    private struct Entry {
        /// Kept, so that no other recipe is mistaken for it.
        let recipe: Recipe
        let graph: SealedGraph
    }

    private let entries = Lock<[ObjectIdentifier: Entry]>([:])

    /// The graph of a recipe, sealed now or before.
    ///
    /// - Throws: `TensorError.limitExceeded` for a graph that is too large to travel.
    func sealed(_ recipe: Recipe) throws(TensorError) -> SealedGraph {
        let key = ObjectIdentifier(recipe)
        if let known = entries.withLock({ $0[key]?.graph }) { return known }
        let graph = try SealedGraph(recipe.graph)
        entries.withLock { entries in
            if entries.count >= SessionLimits.sealedGraphsMaximum { entries.removeAll() }
            entries[key] = Entry(recipe: recipe, graph: graph)
        }
        return graph
    }
}
