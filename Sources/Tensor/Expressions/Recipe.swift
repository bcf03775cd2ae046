import Ground

/// A computation compiled: its graph, the types that come out, and benches to run it on.
package final class Recipe: Sendable {
    /// What is computed; the inputs are the trace's leaves, in order.
    package let graph: Graph
    /// The types of the outputs.
    package let outputTypes: [ValueType]
    private let inputTypes: [ValueType]
    private let idle = Lock<[Bench]>([])

    /// Memory to run in, in nobody's hands.
    private struct Bench: @unchecked Sendable {
        // Proof of `@unchecked`: an execution is taken out of the list under its lock, used by the one thread
        // that took it, and put back when it is done.
        let execution: Execution
    }

    /// Compiles a trace whose leaves are all bound.
    ///
    /// - Throws: `TensorError` for shapes that do not fit and gradients that do not exist, naming operation,
    ///   shapes and line; `.valueMismatch` for a placeholder, whose sizes are free.
    init(_ trace: borrowing Trace) throws(TensorError) {
        let graph = try trace.graph(try trace.boundDeclarations())
        var types: [ValueType] = []
        for input in graph.inputs {
            guard let type = try input.type() else {
                throw .valueMismatch(
                    name: "placeholder '\(input.name)'", expected: "a value", got: input.description)
            }
            types.append(type)
        }
        let all = try graph.types(binding: types)
        self.graph = graph
        inputTypes = types
        outputTypes = graph.outputs.map { all[$0] }
    }

    /// Computes the outputs here and now.
    ///
    /// - Throws: `TensorError.valueMismatch` for values an operation cannot take, such as labels out of range;
    ///   `.limitExceeded` for more memory than a plan may take.
    package func run(_ values: [TensorValue]) throws(TensorError) -> [TensorValue] {
        let bench = try takeBench(), execution = bench.execution
        for (index, value) in values.enumerated() { try execution.bind(value, to: index) }
        try execution.run()
        let outputs = outputTypes.indices.map { execution.output($0) }
        execution.unbind()
        if execution.plan.byteCount <= Recipe.idleByteCountMaximum { idle.withLock { $0.append(bench) } }
        return outputs
    }

    private func takeBench() throws(TensorError) -> Bench {
        if let bench = idle.withLock({ $0.popLast() }) { return bench }
        return Bench(execution: Execution(try Plan(graph, inputs: inputTypes)))
    }

    /// The largest plan whose memory is kept for the next time.
    private static let idleByteCountMaximum = 64 << 20
}

/// The computations seen before.
struct RecipeCache: ~Copyable, Sendable {
    /// All of the process's: what one task compiled serves the others.
    static let shared = RecipeCache()

    private let recipes = Lock<[Trace.Key: Recipe]>([:])

    /// Recipes kept; past it all are forgotten, at the price of compiling them once more.
    private static let countMaximum = 512

    /// What a trace was compiled to, now or before.
    func recipe(for trace: borrowing Trace) throws(TensorError) -> Recipe {
        let key = trace.key
        if let known = recipes.withLock({ $0[key] }) { return known }
        let recipe = try Recipe(trace)
        recipes.withLock { recipes in
            if recipes.count >= RecipeCache.countMaximum { recipes.removeAll() }
            recipes[key] = recipe
        }
        return recipe
    }
}

extension Graph.Input {
    /// The type, where all sizes are known.
    func type() throws(TensorError) -> ValueType? {
        let sizes = dimensions.compactMap(\.self)
        guard sizes.count == dimensions.count else { return nil }
        return ValueType(elementType, try Shape(sizes))
    }
}
