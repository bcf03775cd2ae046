import Jobs
import Protocol
import Tensor

/// Decides, before a fold runs, what it would let out of a shard's rows.
///
/// DESIGN. The rule for graphs is applied to the step graph, for each size of batch that occurs: the columns
/// are rows, of one batch. What a state is known to be goes in again with the next batch, until nothing new is
/// found. A sum over one batch becomes one over all where it is a metric or is added to a state that is kept
/// (`FoldState`); what could be about one batch alone counts as about as many rows as the smallest has. So does
/// all that an open state has a part in that changes from batch to batch: it is a clock, and with it a batch
/// could be picked. The finish graph is then judged as any graph, on what states and metrics have become.
///
/// Beside the rule stands a list, `RowCell`: sums of a column, of what is there of it, of its distances from a
/// constant and of their squares may leave as metrics over all rows of a part, and so may the number of right
/// answers.
struct FoldAnalysis {
    /// A size of batch that occurs, and the types of all values of the step graph for it.
    struct Step {
        let rowCount: Int
        let types: [ValueType]
    }

    /// What is known of states and metrics.
    private struct Findings: Equatable {
        var states: [RowState]
        var kinds: [FoldState]
        var metrics: [RowState?]
    }

    private static let passesMaximum = 64

    let bound: BoundFold
    let counts: BatchCounts
    let steps: [Step]
    /// The types of all values of the finish graph.
    let finishTypes: [ValueType]
    /// For each column, how many classes it holds, where it does.
    let classCounts: [Int?]

    private var fold: Fold { bound.fold }
    private var dataset: String { bound.rows.shard.dataset }
    private var smallest: Int { steps.map(\.rowCount).min() ?? 0 }

    /// Judges the fold.
    var verdict: FoldVerdict {
        var verdict = FoldVerdict(dataset: dataset, rowCount: counts.distinctRowCount)
        // What was kept may tell of rows even where the fold reads none.
        guard verdict.rowCount > 0 || bound.inputs.contains(where: { $0.label != .open }) else {
            verdict.isOpen = true
            return verdict
        }
        var findings = Findings(
            states: firstStates, kinds: Array(repeating: .fixed, count: bound.stateCount),
            metrics: Array(repeating: nil, count: fold.metricCount))
        for _ in 0..<FoldAnalysis.passesMaximum {
            let last = findings
            for step in steps { take(step, &findings, &verdict) }
            guard findings != last else { return finish(findings, verdict) }
        }
        // A chain of states longer than that is nobody's optimizer.
        verdict.secret = RowVerdict.SecretWork(operation: "a chain of states", datasets: [dataset])
        return verdict
    }

    /// The states a fold starts from are its trainer's, or what was kept says of them.
    private var firstStates: [RowState] { bound.states.map(\.state) }

    private var constantStates: [RowState] { bound.constants.map { constant($0) } }

    /// What is the trainer's own may be looked at.
    private func constant(_ input: BoundInput) -> RowState {
        var state = input.state
        if input.knownValue?.isFinite == true { state.cell = .constant }
        return state
    }

    // MARK: Steps

    private func take(_ step: Step, _ findings: inout Findings, _ verdict: inout FoldVerdict) {
        let graph = fold.step.graph, stateCount = bound.stateCount
        let inputs = findings.states.indices.map { input($0, findings) } + constantStates + rows(of: step)
        let states = RowAnalysis.states(of: graph, types: step.types, inputs: inputs, smallestBatch: smallest)
        verdict.failure = verdict.failure ?? RowVerdict.failure(graph, step.types, states)
        verdict.secret = verdict.secret ?? RowVerdict.secret(graph, states)
        let influences = FoldInfluences(
            graph, stateCount: stateCount, states: states, constants: bound.constants.map(\.knownValue))
        for index in 0..<stateCount {
            let state = states[graph.outputs[index]]
            if state.isRowsOrSecret { verdict.rows = verdict.rows ?? "state \(index)" }
            findings.states[index].join(state)
            findings.kinds[index] = max(findings.kinds[index], influences.state(index))
        }
        for index in findings.metrics.indices {
            let state = states[graph.outputs[stateCount + index]]
            if state.isRowsOrSecret { verdict.rows = verdict.rows ?? "metric \(index)" }
            if findings.metrics[index]?.join(metric(state)) == nil { findings.metrics[index] = metric(state) }
        }
    }

    /// What a state is known to be when a batch begins.
    private func input(_ index: Int, _ findings: Findings) -> RowState {
        var state = findings.states[index]
        let kind = findings.kinds[index]
        state.source.isPooled = false
        let isOfOneBatch = state.source.isPrivate ? kind == .overwritten : kind != .fixed
        if isOfOneBatch { state.source.rowCount = min(state.source.rowCount, smallest) }
        return state
    }

    private func rows(of step: Step) -> [RowState] {
        let batch = RowBatch(dataset: dataset, part: "a batch", rowCount: step.rowCount)
        return classCounts.map { classCount in
            var state = RowState(.rows(batch, modelled: false), isFloat: false)
            // Where all batches have an equal part they are summed over together.
            state.source.rowCount = counts.distinctRowCount
            state.cell = .column
            state.classCount = classCount
            return state
        }
    }

    /// A metric, summed over all batches, in which all rows have an equal part if it is a sum of what was made
    /// of each: a mean weighs the rows of a short batch more, and two weights tell of its rows. A
    /// statistic of all rows may leave as a loss may.
    private func metric(_ state: RowState) -> RowState {
        var metric = state
        if state.cell == .statistic, counts.coversAllRows { metric.source.isModelled = true }
        let isTotal = state.cell == .total || state.cell == .statistic
        if state.source.isPrivate, !isTotal { metric.source.rowCount = min(metric.source.rowCount, smallest) }
        metric.cell = nil
        metric.origin = nil
        metric.classCount = nil
        return metric
    }

    // MARK: The end

    private func finish(_ findings: Findings, _ verdict: FoldVerdict) -> FoldVerdict {
        var verdict = verdict
        let graph = fold.finish.graph
        let last = findings.states.indices.map { index in
            var state = findings.states[index]
            if state.source.isPrivate, findings.kinds[index] >= .fading {
                state.source.rowCount = min(state.source.rowCount, smallest)
            }
            return state
        }
        let inputs = bound.endings.map { ending in
            switch ending {
            case .found(let input): constant(input)
            case .lastState(let index): last[index]
            case .metric(let index): findings.metrics[index] ?? .constant
            case .examples: RowState(.open, isFloat: false)
            }
        }
        let states = RowAnalysis.states(of: graph, types: finishTypes, inputs: inputs)
        verdict.failure = verdict.failure ?? RowVerdict.failure(graph, finishTypes, states)
        verdict.secret = verdict.secret ?? RowVerdict.secret(graph, states)
        verdict.outputs = zip(bound.names, graph.outputs).map { ($0, states[$1].label) }
        return verdict
    }
}

extension RowState {
    /// Whether it is no sum over a batch: rows, or nothing known.
    fileprivate var isRowsOrSecret: Bool { source.isPrivate && !form.isInvariant }

    /// Takes in what else the same value may be.
    fileprivate mutating func join(_ other: RowState) {
        form = isRowsOrSecret || other.isRowsOrSecret ? .secret : .whole
        cell = nil
        classCount = nil
        let isModelled =
            (source.isModelled || !source.isPrivate) && (other.source.isModelled || !other.source.isPrivate)
        source.isModelled = isModelled && (source.isPrivate || other.source.isPrivate)
        source.isParametric = source.isParametric && other.source.isParametric
        source.isPrivate = source.isPrivate || other.source.isPrivate
        source.isRaw = source.isRaw || other.source.isRaw
        source.rowCount = min(source.rowCount, other.source.rowCount)
        source.datasets = Set(source.datasets + other.source.datasets).sorted()
    }
}
