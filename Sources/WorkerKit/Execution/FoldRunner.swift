import Datasets
import Jobs
import Protocol
import Tensor

/// Folds a step graph over the rows of one shard, then runs the finish graph.
///
/// The fold is `BatchFold`'s; the sums are given to the finish graph as float32. All that shapes and types can
/// tell is checked before the first batch runs. Numbers that are not finite are no error: the trainer judges
/// them. The same job gives the same bits every time.
struct FoldRunner {
    /// What a fold's caller brings: when to stop, whom to tell, what time it is.
    struct Surroundings {
        /// Says when to stop.
        let flag: CancelFlag
        /// Told now and then how many batches were run, and of how many rows.
        let report: (_ batches: Int, _ examples: Int) -> Void
        /// Where memory comes from.
        var memory = MemoryBudget(limit: .max)
        /// The bytes the job takes beside the fold.
        var jobByteCount = 0
        /// Told the types of the outputs before there is memory for anything.
        var check: (_ outputs: [ValueType]) throws(JobError) -> Void = { (_) throws(JobError) in }
    }

    /// What a fold gave.
    struct Result {
        let outputs: [TensorValue]
        let examples: Int
        let batches: Int
    }

    private let bound: BoundFold
    private let columns: [TensorValue]
    private let classCounts: [Int?]
    private let plans: FoldPlans
    private let surroundings: Surroundings
    private let grant: MemoryBudget.Grant?
    private var fold: BatchFold

    /// Finds the columns of a fold, compiles its graphs and makes its sources.
    ///
    /// - Throws: `JobError`: `unknownDataset` for a column the shard has not, `invalid` for graphs that do not fit each
    ///   other, the sources or the columns, `limitExceeded` for plans that would take too much memory.
    init(
        _ bound: BoundFold, shard: Shard, cache: inout PlanCache, surroundings: Surroundings
    ) throws(JobError) {
        let table = shard.table(of: bound.fold.part)
        let rowCount = table?.rowCount ?? 0
        let sizes = BatchCounts(bound.schedule, rowCount: rowCount).sizes
        var columns: [TensorValue] = []
        for name in bound.fold.columns { columns.append(try shard.column(name, of: table)) }
        var grant: MemoryBudget.Grant?
        let beside = surroundings.jobByteCount.addingSaturated(bound.madeByteCount)
        plans = try FoldPlans(
            bound, columns: columns.map(\.type), sizes: sizes, cache: &cache, surroundings.flag
        ) { (byteCount, outputs) throws(JobError) in
            try surroundings.check(outputs)
            grant = try surroundings.memory.wait(
                for: byteCount.addingSaturated(beside), surroundings.flag)
        }
        var bound = bound
        try bound.makeSources()
        var bindings: [TensorValue] = []
        for input in bound.states + bound.constants { bindings.append(try input.value()) }
        do throws(TensorError) {
            fold = try BatchFold(
                bound.schedule, rowCount: rowCount, columns: columns, bindings: bindings,
                stateCount: bound.stateCount, steps: plans.steps, metricShapes: plans.metricShapes)
        } catch {
            throw Release.error(preparing: "the step graph", error)
        }
        self.grant = grant
        self.bound = bound
        self.columns = columns
        classCounts = bound.fold.columns.map { shard.schema[$0]?.classes?.count }
        self.surroundings = surroundings
    }

    /// What tells the fold's verdict from those of other shards of the job.
    var verdictKey: FoldVerdict.Key {
        FoldVerdict.Key(
            dataset: bound.rows.shard.dataset, counts: fold.counts, columns: columns.map { $0.type.rowType },
            classCounts: classCounts, inputs: bound.inputs.map { FoldVerdict.Key.Input($0.type, $0.label) })
    }

    /// What the fold tells of rows, found without running it.
    ///
    /// - Throws: what is wrong with its graphs.
    func verdict() throws(JobError) -> FoldVerdict {
        do throws(TensorError) {
            var steps: [FoldAnalysis.Step] = []
            let step = bound.fold.step.graph
            for size in fold.counts.sizes {
                let inputs = try BatchFold.inputTypes(
                    bindings: bound.bindingTypes, columns: columns.map(\.type), rowCount: size)
                steps.append(.init(rowCount: size, types: try step.types(binding: inputs)))
            }
            let finish = FoldPlans.finishInputs(bound, plans.metricShapes)
            return FoldAnalysis(
                bound: bound, counts: fold.counts, steps: steps,
                finishTypes: try bound.fold.finish.graph.types(binding: finish), classCounts: classCounts
            ).verdict
        } catch {
            throw Release.error(preparing: "the fold", error)
        }
    }

    /// Runs the fold.
    ///
    /// - Throws: `JobError.executionFailed` or `cancelled`.
    mutating func run() throws(JobError) -> Result {
        defer { plans.unbind() }
        do throws(TensorError) {
            while try fold.advance(surroundings.flag) {
                if !fold.isDone { surroundings.report(fold.batches, fold.examples) }
            }
        } catch {
            throw Release.error(running: "the step graph", error)
        }
        guard fold.isDone, !surroundings.flag.isSet else { throw .cancelled }
        let values = try endings()
        let outputs: [TensorValue]
        do throws(TensorError) {
            outputs = try finish(values)
        } catch {
            throw Release.error(running: "the finish graph", error)
        }
        guard outputs.count == bound.names.count else { throw .cancelled }
        return Result(outputs: outputs, examples: fold.examples, batches: fold.batches)
    }

    /// What the finish graph is given.
    private func endings() throws(JobError) -> [TensorValue] {
        var values: [TensorValue] = []
        for ending in bound.endings {
            if case .found(let input) = ending {
                values.append(try input.value())
                continue
            }
            do throws(TensorError) {
                values.append(try value(of: ending))
            } catch {
                throw Release.error(running: "the step graph", error)
            }
        }
        return values
    }

    private func value(of ending: BoundFold.Ending) throws(TensorError) -> TensorValue {
        switch ending {
        case .lastState(let index): try fold.state(index, runsNoMore: plans.areOwn)
        case .metric(let index):
            try TensorValue(fold.sums[index].map { Float($0) }, shape: plans.metricShapes[index].dimensions)
        case .examples, .found: TensorValue(scalar: Float(fold.examples))
        }
    }

    /// Runs the finish graph; no outputs when cancelled.
    private func finish(_ values: [TensorValue]) throws(TensorError) -> [TensorValue] {
        for (index, value) in values.enumerated() { try plans.finish.bind(value, to: index) }
        guard try plans.finish.run(flag: surroundings.flag) else { return [] }
        return plans.finish.plan.outputTypes.indices.map {
            plans.finish.output($0, sharesParts: plans.areOwn)
        }
    }
}

extension Shard {
    /// The rows of a part, where there are any.
    func table(of part: Program.Part) -> Table? { part == .train ? train : heldOut }
}

extension ValueType {
    /// The type and shape of a row.
    fileprivate var rowType: FoldVerdict.Key.RowType {
        FoldVerdict.Key.RowType(elementType: elementType, dimensions: Array(shape.dimensions.dropFirst()))
    }
}
