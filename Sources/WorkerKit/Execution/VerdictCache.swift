import Ground
import Jobs
import Tensor

/// One compute thread's verdicts, so that a repeated job is judged once.
struct VerdictCache {
    private struct Key: Hashable {
        let graph: GraphHash
        let inputs: [Input]
    }

    private struct Input: Hashable {
        let type: ValueType
        let label: RowLabel
        let classCount: Int?
        let isColumn: Bool
    }

    private var verdicts = RecencyCache<Key, RowVerdict>(
        countMaximum: WorkerLimits.verdictCountMaximum,
        byteCountMaximum: WorkerLimits.verdictLabelCountMaximum)

    /// How many graphs were judged: what is found here is not.
    private(set) var judgedCount = 0

    /// The verdict on a graph for these inputs.
    ///
    /// - Throws: what is wrong with graph or types.
    mutating func verdict(
        on graph: SealedGraph, inputs: [BoundInput]
    ) throws(TensorError) -> RowVerdict {
        let key = Key(
            graph: graph.hash,
            inputs: inputs.map {
                Input(
                    type: $0.type, label: $0.label, classCount: $0.classCount, isColumn: $0.isColumn)
            })
        if let known = verdicts.use(key) { return known }
        let types = try graph.graph.types(binding: inputs.map(\.type))
        let verdict = RowVerdict(graph.graph, types: types, inputs: inputs.map(\.state))
        judgedCount += 1
        verdicts.insert(verdict, for: key, byteCount: inputs.count + verdict.outputs.count)
        return verdict
    }
}
