import Jobs
import Protocol

/// Which graphs each target has shown that it knows.
struct KnownGraphs: Sendable {
    private var hashes: [JobTarget: Set<GraphHash>] = [:]
    private var count = 0

    /// Whether a target has answered a job with each of these graphs before.
    func contains(_ graphs: [GraphHash], at target: JobTarget) -> Bool {
        guard let known = hashes[target] else { return graphs.isEmpty }
        return graphs.allSatisfy(known.contains)
    }

    /// Remembers that a target has answered a job with these graphs.
    mutating func insert(_ graphs: [GraphHash], at target: JobTarget) {
        if contains(graphs, at: target) { return }
        if count >= SessionLimits.knownGraphsMaximum {
            hashes.removeAll()
            count = 0
        }
        for graph in graphs where hashes[target, default: []].insert(graph).inserted { count += 1 }
    }

    /// Forgets graphs a target turned out not to know: one of its holders may, another may not.
    mutating func remove(_ graphs: [GraphHash], at target: JobTarget) {
        for graph in graphs where hashes[target]?.remove(graph) != nil { count -= 1 }
    }
}
