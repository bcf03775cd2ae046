import Tensor

/// What a node's inputs are known to be, and the rules by which something follows for what it makes of them.
///
/// The rules see only types and forms. They trust that shapes fit, and never trap where they do not. Which of
/// them is an operation's follows from what it says of itself (`RowEffect`).
struct RowRule {
    let operation: Operation
    let effect: RowEffect
    let inputs: [RowState]
    let types: [ValueType]
    let output: ValueType
    /// Whether the first two inputs are one and the same value.
    var isOfOne = false
    /// Of a program's step, the rows of its smallest batch: it may count right answers, and sizes of batches are
    /// clocks.
    var smallestBatch: Int?
    /// The node's value.
    var id: Graph.ValueID = 0

    /// What is known of the node's value.
    var state: RowState {
        let cell = self.cell
        let form = misusesChoice(cell) || misusesPresence || misusesPlace ? .secret : self.form
        var source = self.source
        source.isPooled = source.isPooled || pools(form)
        if let smallestBatch {
            if comparesSizes { source.rowCount = min(source.rowCount, 1) }
            if weighsBatches(form) { source.rowCount = min(source.rowCount, smallestBatch) }
        }
        // What is computed from open values is open, known or not.
        return RowState(
            form: !source.isPrivate && form != .uniform ? .whole : form, source: source,
            cell: form == .secret ? nil : cell, origin: cell == nil || !form.isRows ? nil : origin,
            classCount: classCount)
    }

    /// Whether the value is an aggregate over the batch, or knows how many rows there are.
    private func pools(_ form: RowForm) -> Bool {
        if effect.countsRows, self.form(1).isRows { return true }
        return !form.isRows && informing.contains(where: \.form.isRows)
    }

    /// Whether the size of a batch is done something else with than to multiply: the last batch is shorter, and
    /// so it could be picked.
    private var comparesSizes: Bool {
        !effect.isProportional && informing.contains { $0.source.isPooled && !$0.source.isPrivate }
    }

    /// Where the value comes from.
    private var source: RowSource {
        let informing = self.informing, isRowwise = informing.contains { $0.form.isRows }
        // Of what is joined each part can be had again, so a model must have met them all.
        var source = RowSource.combining(
            informing.map(\.source), isRowwise: isRowwise && !effect.form.joins)
        if isRowwise, isRaw {
            source.isModelled = false
            source.isRaw = true
        }
        return source
    }

    /// Whether rows would carry a plain aggregate on that no parameter meets here: rows multiplied by nothing
    /// and a mean added are still that mean, whatever model had met the rows before.
    private var isRaw: Bool {
        let informing = self.informing
        if informing.contains(where: \.isPlainAggregate) { return true }
        let factors = effect.factors
        return informing.indices.contains { index in
            guard informing[index].source.isRaw else { return false }
            return !factors.contains(index)
                || !factors.contains {
                    $0 != index && informing.indices.contains($0) && informing[$0].isModel
                }
        }
    }

    /// The form of an input; secret where there is no such input.
    func form(_ index: Int) -> RowForm {
        index < inputs.count ? inputs[index].form : .secret
    }

    /// The sizes of an input; none where there is no such input.
    func dimensions(_ index: Int) -> [Int] {
        index < types.count ? types[index].shape.dimensions : []
    }

    // MARK: Rules

    /// Whole values only.
    var unmixed: RowForm {
        inputs.allSatisfy(\.form.isInvariant) ? .whole : .secret
    }

    /// Open values only.
    var closed: RowForm {
        inputs.contains(where: \.source.isPrivate) ? .secret : .whole
    }

    /// As `broadcast`, for what could single rows out: rows only where some of them have met a model.
    var comparison: RowForm {
        let rows = inputs.filter(\.form.isRows)
        // A value that does not equal itself is missing, or was made so by a division: that is a threshold.
        if isOfOne, operation == .equal, !rows.isEmpty { return cell == .presence ? broadcast : .secret }
        return rows.isEmpty || rows.contains(where: \.source.isModelled) ? broadcast : .secret
    }

    /// One input, of which axis 0 stays what it is.
    func kept(if condition: Bool = true) -> RowForm {
        switch form(0) {
        case .whole: .whole
        case .uniform: condition ? .uniform : .whole
        case .rows, .secret: condition ? form(0) : .secret
        }
    }

    /// Values whose shapes are broadcast, aligned at the last axes, and combined element by element.
    var broadcast: RowForm {
        aligned { $0.count < output.shape.rank }
    }

    /// Values combined row by row, each having the rows as its first axis, if it has axes.
    var rowwise: RowForm {
        aligned { $0.isEmpty }
    }

    /// Values combined along axis 0, which some may be without.
    ///
    /// - Parameter lacksAxis: whether a value of these dimensions has no axis that meets the others' axis 0.
    private func aligned(lacksAxis: ([Int]) -> Bool) -> RowForm {
        var batch: RowBatch?
        var isVarying = false, isUniform = false
        for index in inputs.indices {
            let isRepeated = lacksAxis(dimensions(index))
            switch form(index) {
            case .secret:
                return .secret
            case .rows(let own):
                guard !isRepeated, batch == nil || batch == own else { return .secret }
                batch = own
            case .whole where isRepeated || dimensions(index).first == 1, .uniform where isRepeated:
                continue
            case .uniform:
                isUniform = true
            case .whole:
                isVarying = true
            }
        }
        if let batch { return isVarying ? .secret : .rows(batch) }
        return isUniform && !isVarying ? .uniform : .whole
    }

    /// A reduction of one input.
    ///
    /// - Parameter isSymmetricSum: whether all rows have an equal part in what comes of reducing over them.
    func reduction(over axes: [Int]?, isSymmetricSum: Bool) -> RowForm {
        guard let axes = Shape.resolve(axes: axes, rank: dimensions(0).count) else { return .secret }
        guard axes.contains(0) else { return kept() }
        return summed(isAllowed: isSymmetricSum)
    }

    /// One input, reduced along axis 0.
    func summed(isAllowed: Bool = true) -> RowForm {
        form(0).isRows && isAllowed ? .whole : kept(if: false)
    }

    /// One input, summed over the axes along which the second's shape was broadcast to its own.
    var sumLike: RowForm {
        let own = dimensions(0), other = dimensions(1)
        guard own.count == other.count, own.first == other.first else { return summed() }
        // A batch of one row cannot be told from what is broadcast along it by shapes alone.
        return own.first == 1 && !form(1).isRows ? summed() : kept()
    }

    /// One input, repeated along axes of the second's shape.
    func broadcastLike(axes: [Int]?) -> RowForm {
        guard let axes = Shape.resolve(axes: axes, rank: output.shape.rank) else { return .secret }
        guard axes.contains(0) else { return kept() }
        // Rows would now lie along another axis.
        return form(0).isInvariant ? .uniform : .secret
    }

    /// One input, its axes of size 1 repeated.
    var expanded: RowForm {
        let own = dimensions(0), sizes = output.shape.dimensions
        let isLonger = own.count < sizes.count
        if form(0).isInvariant, isLonger || own.first == 1 { return .uniform }
        return kept(if: !isLonger && own.first == sizes.first)
    }

    /// One input in another shape, row-major: rows stay whole where there are as many as before.
    var reshaped: RowForm {
        kept(if: !dimensions(0).isEmpty && dimensions(0).first == output.shape.dimensions.first)
    }

    /// x, a weight and a bias.
    var linear: RowForm {
        form(1).isInvariant && form(2).isInvariant ? kept() : .secret
    }
}

extension RowState {
    /// Whether it is a sum over rows that no model had met.
    fileprivate var isPlainAggregate: Bool { source.isPrivate && !form.isRows && !source.isModelled }

    /// Whether it is a model's parameter, or a model's parameters had a part in it.
    fileprivate var isModel: Bool { source.isPrivate ? source.isModelled : source.isParametric }
}

extension RowEffect.Form {
    /// Whether the inputs lie side by side in the result.
    fileprivate var joins: Bool {
        if case .joined = self { true } else { false }
    }
}

extension RowForm {
    var isRows: Bool {
        if case .rows = self { true } else { false }
    }

    /// Whether the value is the same in whatever order the rows are.
    var isInvariant: Bool { self == .whole || self == .uniform }
}
