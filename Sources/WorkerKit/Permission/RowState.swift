import Tensor

/// How a value is related to the rows of a batch.
enum RowForm: Hashable, Sendable {
    /// The same in whatever order the rows are.
    case whole
    /// As `whole`, and the same all along axis 0: what broadcasting along rows makes, and no mask.
    case uniform
    /// Axis 0 are the rows: they move with them, and each was computed as all others.
    case rows(RowBatch)
    /// Nothing is known.
    case secret
}

/// Where a value comes from.
struct RowSource: Hashable, Sendable {
    /// Whether any row of a dataset had a part in it.
    var isPrivate = false
    /// Those rows' datasets, sorted, each once.
    var datasets: [String] = []
    /// The fewest rows of any batch that had a part in it; of an open value that changes from batch to batch
    /// of a program, the fewest rows of any of these.
    var rowCount = Int.max
    /// Whether a model's parameters had a part in all that is private.
    var isModelled = false
    /// Whether a floating-point input that is open had a part in it: what a model's parameter looks like.
    var isParametric = false
    /// Of rows: whether a plain aggregate is in them that no parameter has met since.
    var isRaw = false
    /// Whether an aggregate over this batch, or its size, had a part in it.
    var isPooled = false

    /// What comes of values from these sources.
    ///
    /// - Parameter isRowwise: whether rows are among them, each of which meets all the others: then one model
    ///   does for all. Sums stay apart, so each needs its own: else adding a loss would set any sum free.
    static func combining(_ sources: [RowSource], isRowwise: Bool) -> RowSource {
        var result = RowSource()
        var isAnyModelled = false, isAllModelled = true
        for source in sources {
            result.isPrivate = result.isPrivate || source.isPrivate
            result.isParametric = result.isParametric || source.isParametric
            result.isPooled = result.isPooled || source.isPooled
            result.rowCount = min(result.rowCount, source.rowCount)
            result.datasets = union(result.datasets, source.datasets)
            isAnyModelled = isAnyModelled || (source.isPrivate ? source.isModelled : source.isParametric)
            isAllModelled = isAllModelled && (source.isModelled || !source.isPrivate)
        }
        result.isModelled = result.isPrivate && (isRowwise ? isAnyModelled : isAllModelled)
        return result
    }

    private static func union(_ left: [String], _ right: [String]) -> [String] {
        // Nearly always there is one dataset, or none.
        if right.isEmpty || left == right { return left }
        return left.isEmpty ? right : Set(left + right).sorted()
    }
}

/// What the analysis knows of one value: more than its label says.
struct RowState: Hashable, Sendable {
    var form: RowForm
    var source: RowSource
    /// What the closed list knows of it; nothing for most.
    var cell: RowCell?
    /// Of cells: which value of the graph has them in these very places.
    var origin: Graph.ValueID?
    /// Of class indices: how many classes there are; all values are sure to be below.
    var classCount: Int?

    /// Of an open value that is no model's parameter.
    static let constant = RowState(form: .whole, source: RowSource())
}

extension RowState {
    /// What is known of an input.
    init(_ label: RowLabel, isFloat: Bool) {
        var source = RowSource(isPrivate: label != .open, datasets: label.datasets)
        switch label {
        case .open:
            source.isParametric = isFloat
            form = .whole
        case .rows(let batch, let isModelled, let isRaw):
            source.rowCount = batch.rowCount
            source.isModelled = isModelled
            source.isRaw = isRaw
            form = .rows(batch)
        case .aggregate(_, let rowCount, let isModelled):
            source.rowCount = rowCount
            source.isModelled = isModelled
            form = .whole
        case .secret:
            form = .secret
        }
        self.source = source
    }

    /// What is remembered.
    ///
    /// A label of rows has no room for smaller batches or other datasets that had a part in them by way of a
    /// sum: where there are such the rows are secret, lest these be forgotten between jobs.
    var label: RowLabel {
        switch form {
        case .secret:
            .secret(datasets: source.datasets)
        case .rows(let batch):
            source.rowCount == batch.rowCount && source.datasets == [batch.dataset]
                ? .rows(batch, modelled: source.isModelled, raw: source.isRaw)
                : .secret(datasets: source.datasets)
        case .whole, .uniform:
            source.isPrivate
                ? .aggregate(
                    datasets: source.datasets, rowCount: source.rowCount, modelled: source.isModelled)
                : .open
        }
    }
}
