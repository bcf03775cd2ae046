package import Tensor

/// A step graph folded over the batches of some rows: what a worker does with a program, and a trainer that judges
/// with rows of its own.
///
/// The order of rows is `RowOrder`'s. State stays in the plans' buffers from batch to batch; metrics are summed
/// element by element in double precision, in the order of the batches. Nothing is allocated for a batch.
package struct BatchFold {
    /// How many batches there are, of which sizes.
    package let counts: BatchCounts
    /// The batches that were run.
    package private(set) var batches = 0
    /// The rows they had.
    package private(set) var examples = 0
    /// The sums of each metric's elements.
    package private(set) var sums: [[Double]]

    private let columns: [TensorValue]
    private let bindings: [TensorValue]
    private let stateCount: Int
    private let shuffleSeed: UInt64?
    private let rowCount: Int
    private let steps: [(rowCount: Int, execution: Execution)]
    /// The order of the present epoch.
    private var order: [Int32] = []
    /// The plan that holds the present state; `nil` before the first batch.
    private var current: Execution?

    /// A fold that has not begun; the constants are bound.
    ///
    /// - Parameters:
    ///   - columns: all rows of each column.
    ///   - bindings: the first state, then the constants.
    ///   - steps: a plan for each of the sizes of `BatchCounts`, made for `inputTypes`.
    ///   - metricShapes: the shapes of the outputs behind the state.
    /// - Throws: `TensorError.valueMismatch` for a constant that does not fit.
    package init(
        _ schedule: Program.Schedule, rowCount: Int, columns: [TensorValue], bindings: [TensorValue],
        stateCount: Int, steps: [(rowCount: Int, execution: Execution)], metricShapes: [Shape]
    ) throws(TensorError) {
        counts = BatchCounts(schedule, rowCount: rowCount)
        shuffleSeed = schedule.shuffleSeed
        self.rowCount = rowCount
        self.columns = columns
        self.bindings = bindings
        self.stateCount = stateCount
        self.steps = steps
        sums = metricShapes.map { [Double](repeating: 0, count: $0.elementCount) }
        for step in steps {
            for index in stateCount..<bindings.count { try step.execution.bind(bindings[index], to: index) }
        }
    }

    /// The types of a step graph's inputs for a batch of so many rows.
    ///
    /// - Parameters:
    ///   - bindings: of state and constants.
    ///   - columns: only the shape of a row counts.
    package static func inputTypes(
        bindings: [ValueType], columns: [ValueType], rowCount: Int
    ) throws(TensorError) -> [ValueType] {
        var inputs = bindings
        for column in columns {
            let row = column.shape.dimensions.dropFirst()
            inputs.append(ValueType(column.elementType, try Shape([rowCount] + row)))
        }
        return inputs
    }

    /// Whether all batches were run.
    package var isDone: Bool { batches >= counts.total }

    /// Runs the next batch.
    ///
    /// - Returns: whether one was run to its end; `false` when all were, or when cancelled.
    /// - Throws: `TensorError` from the step graph.
    package mutating func advance(_ flag: CancelFlag = .never) throws(TensorError) -> Bool {
        guard !isDone else { return false }
        let batch = batches % counts.perEpoch
        if batch == 0, order.isEmpty || shuffleSeed != nil {
            order = RowOrder.rows(
                rowCount, shuffleSeed: shuffleSeed, epoch: batches / counts.perEpoch)
        }
        let rows = order[counts.positions(ofBatch: batch)]
        let execution = step(rowCount: rows.count)
        try carryState(to: execution)
        for (index, column) in columns.enumerated() {
            try execution.gather(rows: rows, of: column, into: bindings.count + index, flag: flag)
        }
        guard try execution.run(flag: flag) else { return false }
        for index in sums.indices {
            try execution.accumulate(output: stateCount + index, into: &sums[index])
        }
        batches += 1
        examples += rows.count
        return true
    }

    /// A copy of a state: of the first one before the first batch.
    ///
    /// - Parameter runsNoMore: whether no plan of the fold is run again, by whomever: then the state is not copied.
    /// - Throws: `TensorError` where the last run was cut short.
    package func state(_ index: Int, runsNoMore: Bool = false) throws(TensorError) -> TensorValue {
        guard let current else { return bindings[index] }
        return runsNoMore ? try current.lastInput(index) : try current.input(index)
    }

    private func step(rowCount: Int) -> Execution {
        guard let step = steps.first(where: { $0.rowCount == rowCount }) else {
            preconditionFailure("a batch has a size its schedule does not make")
        }
        return step.execution
    }

    private mutating func carryState(to execution: Execution) throws(TensorError) {
        if execution === current { return }
        if let current {
            try execution.takeStates(from: current)
        } else {
            for index in 0..<stateCount { try execution.bind(bindings[index], to: index) }
        }
        current = execution
    }
}
