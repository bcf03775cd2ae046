/// A graph turned into instructions for concrete types, before anything has memory.
///
/// What no output needs is left out, what is only another view of a value is that value, and what depends on
/// constants alone is computed now.
struct Lowering {
    /// One instruction and the values it reads and writes.
    struct Step {
        var instruction: Instruction
        /// What it makes, then what it works in, if anything.
        var outputs: [Int]
        /// How many of these it makes.
        let resultCount: Int
        let inputs: [Int]
        /// The inputs whose memory the first output may take.
        let inputsToOverwrite: [Int]
        /// About how many arithmetic operations it takes.
        let operationCount: Int
    }

    /// The most bytes all values computed while compiling may take.
    static let foldedByteCountMaximum = 16 << 20
    /// The most operations computing them may take: some hundredths of a second. What is beyond is computed
    /// by each run.
    static let foldedOperationMaximum = 1 << 24

    /// The type of every value: the graph's, then those of added copies and of memory to work in.
    private(set) var types: [ValueType]
    /// The values that are part of the plan: the graph's constants, and what follows from them.
    private(set) var constants: [Int: TensorValue] = [:]
    /// The instructions in an order in which they can run.
    private(set) var steps: [Step] = []
    /// For each output, the value whose bytes it is.
    private(set) var outputs: [Int]
    /// The types of the outputs, which may differ from their bytes' first in shape.
    let outputTypes: [ValueType]
    /// About how many arithmetic operations the steps take, at most `Int.max`.
    private(set) var operationCount = 0

    /// For each value, the earlier value whose bytes it is, or itself.
    private var sources: [Int]
    private var foldedByteCount = 0
    private var foldedOperationCount = 0
    private let flag: CancelFlag
    /// For each value of the graph, how often outputs and needed nodes read it.
    private var useCounts: [Int]
    /// For each value made by `linear`, its step and what the step is when a relu joins it.
    private var rectified: [Int: (step: Int, instruction: Instruction)] = [:]

    /// Lowers a graph.
    ///
    /// - Throws: whatever `Graph.types` finds; `TensorError.valueMismatch` for labels among the constants
    ///   that are out of range; `.cancelled`.
    init(_ graph: Graph, inputs: [ValueType], _ flag: CancelFlag) throws(TensorError) {
        let types = try graph.types(binding: inputs, flag: flag)
        self.types = types
        self.flag = flag
        outputTypes = graph.outputs.map { types[$0] }
        sources = Array(0..<graph.valueCount)
        useCounts = graph.useCounts()
        outputs = graph.outputs
        for (index, constant) in graph.constants.enumerated() {
            constants[graph.inputs.count + index] = constant
        }
        for (index, node) in graph.nodes.enumerated() {
            let values = graph.values(ofNode: index)
            guard values.contains(where: { useCounts[$0] > 0 }) else { continue }
            try flag.check()
            try lower(node, values)
        }
        outputs = graph.outputs.map { sources[$0] }
    }

    /// Adds a copy of a value, made after everything else, and lets an output be it.
    mutating func copyOutput(_ index: Int) {
        let source = outputs[index], id = types.count
        types.append(types[source])
        steps.append(
            Step(
                instruction: .copy(byteCount: types[source].byteCount), outputs: [id], resultCount: 1,
                inputs: [source],
                inputsToOverwrite: [], operationCount: 0))
        outputs[index] = id
    }

    /// The steps as people read them.
    var listings: [Plan.Listing] {
        steps.map { step in
            Plan.Listing(
                instruction: step.instruction, types: step.outputs.prefix(step.resultCount).map { types[$0] },
                operationCount: step.operationCount,
                byteCount: (step.inputs + step.outputs).reduce(0) { $0 + types[$1].byteCount })
        }
    }

    private mutating func lower(_ node: Graph.Node, _ values: Range<Int>) throws(TensorError) {
        let inputTypes = node.inputs.map { types[$0] }, inputs = node.inputs.map { sources[$0] }
        let definition = node.operation.definition, outputTypes = Array(types[values]), id = values.lowerBound
        if definition.isView(inputTypes, outputTypes) {
            sources[id] = inputs[0]
        } else if try !fold(definition, values, inputTypes, inputs) && !fuse(node, id) {
            let instruction = definition.instruction(inputTypes, outputTypes)
            if case .linear(let x, let weight, _) = instruction {
                rectified[id] = (steps.count, .linear(x: x, weight: weight, rectifies: true))
            }
            let count = definition.operationCount(inputTypes, outputTypes)
            operationCount = operationCount.addingSaturated(count)
            let inputsToOverwrite =
                definition.isInPlace ? inputs.indices.filter { inputTypes[$0] == types[id] } : []
            steps.append(
                Step(
                    instruction: instruction, outputs: values + scratch(for: instruction),
                    resultCount: values.count, inputs: inputs,
                    inputsToOverwrite: inputsToOverwrite.map { inputs[$0] }, operationCount: count))
        }
    }

    /// The value an instruction works in beside its results, if it needs one: memory while it runs.
    private mutating func scratch(for instruction: Instruction) -> [Int] {
        guard let type = instruction.scratchType else { return [] }
        types.append(type)
        return [types.count - 1]
    }

    /// Computes values now if they follow from constants alone.
    private mutating func fold(
        _ definition: any OperationDefinition, _ values: Range<Int>, _ inputTypes: [ValueType],
        _ inputs: [Int]
    ) throws(TensorError) -> Bool {
        let known = inputs.compactMap { constants[$0] }
        guard known.count == inputs.count else { return false }
        let outputTypes = Array(types[values])
        let byteCount = outputTypes.reduce(0) { $0.addingSaturated($1.byteCount) }
        let operationCount = definition.operationCount(inputTypes, outputTypes)
        guard byteCount <= Lowering.foldedByteCountMaximum - foldedByteCount,
            operationCount <= Lowering.foldedOperationMaximum - foldedOperationCount
        else { return false }
        foldedByteCount += byteCount
        foldedOperationCount += operationCount
        let made = try definition.instruction(inputTypes, outputTypes).evaluate(
            known, outputs: outputTypes, flag)
        for (value, constant) in zip(values, made) { constants[value] = constant }
        return true
    }

    /// Lets `linear` apply the relu that follows it, where nothing else reads what lies between.
    private mutating func fuse(_ node: Graph.Node, _ id: Int) -> Bool {
        guard node.operation == .relu, useCounts[node.inputs[0]] == 1, let linear = rectified[node.inputs[0]]
        else { return false }
        steps[linear.step].instruction = linear.instruction
        steps[linear.step].outputs = [id]
        return true
    }
}

extension Graph {
    /// For each value, how often it is read by outputs and by nodes that are needed for one.
    fileprivate func useCounts() -> [Int] {
        var counts = [Int](repeating: 0, count: valueCount)
        for output in outputs { counts[output] += 1 }
        for index in nodes.indices.reversed() where values(ofNode: index).contains(where: { counts[$0] > 0 })
        {
            for input in nodes[index].inputs { counts[input] += 1 }
        }
        return counts
    }
}
