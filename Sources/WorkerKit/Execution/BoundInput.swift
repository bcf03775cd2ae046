import Jobs
import Protocol
import Tensor

/// The value of an input, and what it tells of the worker's rows.
struct BoundInput: Sendable {
    private enum Content: Sendable {
        case value(TensorValue)
        /// Not made before there is memory for it.
        case zeros
        case draw(Job.Draw)
    }

    let type: ValueType
    let label: RowLabel
    /// For a whole column of classes, how many there are: its values are sure to be below.
    var classCount: Int?
    /// Whether it is a whole column, as the worker has it.
    var isColumn = false
    /// Whether it was kept for a run, and so may be another for each shard.
    var isState = false
    private var content: Content

    init(value: TensorValue, label: RowLabel, classCount: Int? = nil, isColumn: Bool = false) {
        type = value.type
        self.label = label
        self.classCount = classCount
        self.isColumn = isColumn
        content = .value(value)
    }

    /// What needs nothing of the worker's; `nil` for any other source.
    init?(_ source: Job.Source) {
        label = .open
        switch source {
        case .value(let value):
            type = value.type
            content = .value(value)
        case .zeros(let type):
            self.type = type
            content = .zeros
        case .random(let draw):
            type = draw.type
            content = .draw(draw)
        case .object, .column, .state, .firstState, .lastState, .metric, .examples:
            return nil
        }
    }

    /// The bytes that are taken when it is made; none of what is there.
    var madeByteCount: Int {
        switch content {
        case .value: 0
        case .zeros: type.byteCount
        // Drawn in an array, then put where kernels find it.
        case .draw: type.byteCount.addingSaturated(type.byteCount)
        }
    }

    /// The value, made anew where it is made: once there is memory.
    ///
    /// - Throws: `JobError.invalid` for random numbers that are none.
    func value() throws(JobError) -> TensorValue {
        switch content {
        case .value(let value): return value
        case .zeros: return .zeros(type)
        case .draw(let draw):
            do { return try draw.value() } catch { throw Release.error(preparing: "a source", error) }
        }
    }

    /// The same, made.
    func made() throws(JobError) -> BoundInput {
        if case .value = content { return self }
        return BoundInput(value: try value(), label: label)
    }

    /// The value, where it is the trainer's own and the same whatever the rows are; `nil` for what may tell of them.
    var knownValue: TensorValue? {
        guard label == .open, !isState, case .value(let value) = content else { return nil }
        return value
    }

    /// What the analysis knows of it.
    var state: RowState {
        var state = RowState(label, isFloat: type.elementType.isDifferentiable)
        state.classCount = classCount
        if isColumn { state.cell = .column }
        return state
    }
}

extension Inventory {
    /// Finds a source of a job; nothing is copied or made.
    ///
    /// - Throws: `JobError`: `unknownObject`, or `unknownDataset` for a shard or column the worker does not
    ///   serve; `malformed` for one that only a fold has.
    func input(_ source: Job.Source, of owner: Identifier) throws(JobError) -> BoundInput {
        if let own = BoundInput(source) { return own }
        switch source {
        case .object(let id):
            let object = try objects.find(id, of: owner)
            return BoundInput(value: object.value, label: object.label)
        case .column(let column):
            return try shards.input(column)
        default:
            throw .malformed("a source that only a fold has")
        }
    }

    /// Finds a source of a fold over a shard; `nil` for what there is only when the fold has ended.
    func input(
        _ source: Job.Source, of owner: Identifier, for shard: ShardReference
    ) throws(JobError) -> BoundInput? {
        switch source {
        case .firstState, .lastState, .metric, .examples: return nil
        case .state(let state):
            let object = try objects.find(state, for: shard, of: owner)
            var input = BoundInput(value: object.value, label: object.label)
            input.isState = true
            return input
        default: return try input(source, of: owner)
        }
    }
}
