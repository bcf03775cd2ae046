import Tensor

/// Decides, from a graph and before it runs, which of its values may leave a worker.
///
/// DESIGN. Every value gets a label that holds for all data there could be; no value is looked at. Rows stay
/// rows through whatever treats all of them alike; a sum over all rows of a batch is an aggregate; whatever
/// could tell rows apart by their position (a slice, a mask, a product that picks, an order) or mixes batches is
/// secret, and not even computed. An aggregate may leave when it is a model's loss or gradient in form:
/// a parameter met the rows
/// before they were summed, and there were enough of them. What the rules do not know is secret.
///
/// What this keeps: single rows do not leave, nor slices of them, nor sums over fewer rows than the minimum
/// or over rows the trainer names by their position, nor plain sums and means of columns.
///
/// What it does not keep:
/// - A sum over a batch tells of its outliers, and whether someone is among the rows.
/// - A trainer writes the model. One whose parameters do nothing makes a plain sum a "loss"; one that is
///   steep makes the row that fits a description outweigh all others. Both are losses in form.
/// - Enough different sums over the same rows determine these rows. Nobody counts, and no noise is added.
/// - A class index out of range fails the job, which tells of that row: whoever runs the graph must rule
///   it out. Infinities and NaN tell of values as well.
///
/// So it is a fence against reading columns, not against a trainer who is out to learn of a row. Egress types
/// will be finer.
enum RowAnalysis {
    /// The label of every value of a graph, inputs first, then constants, then nodes.
    ///
    /// - Parameters:
    ///   - types: of every value, as the graph's shape rules give them.
    ///   - inputs: what is known of each input.
    /// - Returns: as many labels as the graph has values; where types or inputs are not the graph's, all
    ///   secret.
    /// - Complexity: O(values); without private inputs nothing is computed.
    static func labels(of graph: Graph, types: [ValueType], inputs: [RowLabel]) -> [RowLabel] {
        let count = graph.valueCount
        guard inputs.contains(where: { $0 != .open }) else { return Array(repeating: .open, count: count) }
        return states(of: graph, types: types, inputs: inputs).map(\.label)
    }

    /// What is known of every value of a graph.
    static func states(of graph: Graph, types: [ValueType], inputs: [RowLabel]) -> [RowState] {
        let states = inputs.indices.map { index in
            let type = index < types.count ? types[index] : nil
            return RowState(inputs[index], isFloat: type?.elementType.isDifferentiable ?? false)
        }
        return self.states(of: graph, types: types, inputs: states)
    }

    /// What is known of every value of a graph.
    ///
    /// - Parameters:
    ///   - inputs: what is known of each input.
    ///   - smallestBatch: of a program's step graph, the rows of its smallest batch; such a graph may count right
    ///     answers.
    static func states(
        of graph: Graph, types: [ValueType], inputs: [RowState], smallestBatch: Int? = nil
    ) -> [RowState] {
        guard types.count == graph.valueCount, inputs.count == graph.inputs.count else {
            let source = RowSource.combining(inputs.map(\.source), isRowwise: false)
            return Array(repeating: RowState(form: .secret, source: source), count: graph.valueCount)
        }
        var states: [RowState] = []
        states.reserveCapacity(graph.valueCount)
        for (index, (state, type)) in zip(inputs, types).enumerated() {
            var state = state.checked(against: type)
            state.origin = state.cell == .column ? index : nil
            states.append(state)
        }
        for constant in graph.constants {
            var state = RowState.constant
            if constant.isFinite { state.cell = .constant }
            states.append(state)
        }
        for (index, node) in graph.nodes.enumerated() {
            for _ in graph.values(ofNode: index) {
                states.append(state(of: node, types: types, after: states, smallestBatch: smallestBatch))
            }
        }
        return states
    }

    /// The first node an output needs that would compute something secret, if there is one: the time it takes
    /// could tell what, wherever the value goes.
    static func secretNode(of graph: Graph, _ states: [RowState]) -> (node: Graph.Node, state: RowState)? {
        guard states.count == graph.valueCount else { return nil }
        var isNeeded = [Bool](repeating: false, count: graph.valueCount)
        for output in graph.outputs { isNeeded[output] = true }
        var first: (node: Graph.Node, state: RowState)?
        for index in graph.nodes.indices.reversed() {
            let values = graph.values(ofNode: index), node = graph.nodes[index]
            guard values.contains(where: { isNeeded[$0] }) else { continue }
            for input in node.inputs { isNeeded[input] = true }
            // All a node makes is computed where one of it is needed.
            for id in values where states[id].form == .secret && states[id].source.isPrivate {
                first = (node, states[id])
            }
        }
        return first
    }

    /// Whether a value with this label may leave.
    ///
    /// - Parameter rowsMinimum: the fewest rows a loss or gradient must be over.
    static func mayLeave(_ label: RowLabel, rowsMinimum: Int) -> Bool {
        switch label {
        case .open: true
        case .aggregate(_, let rowCount, let isModelled): isModelled && rowCount >= rowsMinimum
        case .rows, .secret: false
        }
    }

    /// What is known of a value that a node makes.
    ///
    /// - Parameters:
    ///   - types: of all values up to this one.
    ///   - states: of all values before it, which says which one it is.
    static func state(
        of node: Graph.Node, types: [ValueType], after states: [RowState], smallestBatch: Int? = nil
    ) -> RowState {
        let isValid =
            node.operation.inputCounts.contains(node.inputs.count) && types.count > states.count
            && node.inputs.allSatisfy { states.indices.contains($0) }
        guard isValid else {
            // No valid graph has such a node; it could be computed from anything.
            let source = RowSource.combining(states.map(\.source), isRowwise: false)
            return RowState(form: .secret, source: source)
        }
        let rule = RowRule(
            operation: node.operation, effect: node.operation.rowEffect,
            inputs: node.inputs.map { states[$0] },
            types: node.inputs.map { types[$0] }, output: types[states.count],
            isOfOne: node.inputs.count > 1 && node.inputs[0] == node.inputs[1],
            smallestBatch: smallestBatch, id: states.count)
        return rule.state.checked(against: rule.output)
    }
}

extension RowState {
    /// The same, but secret where a value of this type cannot be rows of the batch.
    fileprivate func checked(against type: ValueType) -> RowState {
        guard case .rows(let batch) = form, type.shape.dimensions.first != batch.rowCount else { return self }
        return RowState(form: .secret, source: source)
    }
}
