import Jobs
import Protocol
import Tensor

/// The value of an input, and what it tells of the worker's rows.
struct BoundInput: Sendable {
    let value: TensorValue
    let label: RowLabel
    /// For a whole column of classes, how many there are: its values are sure to be below.
    var classCount: Int?
    /// Whether it is a whole column, as the worker has it.
    var isColumn = false

    /// What the analysis knows of it.
    var state: RowState {
        var state = RowState(label, isFloat: value.elementType.isDifferentiable)
        state.classCount = classCount
        if isColumn { state.cell = .column }
        return state
    }
}

extension Inventory {
    /// Finds what an input is bound to; nothing is copied.
    ///
    /// - Throws: `JobError`: `unknownObject`, or `unknownDataset` for a shard or column the worker does not
    ///   serve.
    func input(_ binding: TensorJob.Binding, of owner: Identifier) throws(JobError) -> BoundInput {
        switch binding {
        case .value(let value):
            return BoundInput(value: value, label: .open)
        case .object(let id):
            let object = try objects.find(id, of: owner)
            return BoundInput(value: object.value, label: object.label)
        case .column(let column):
            return try shards.input(column)
        }
    }
}
