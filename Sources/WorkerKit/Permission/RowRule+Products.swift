import Tensor

extension RowRule {
    /// The product of matrices over the last two axes, the others broadcast.
    func matrixProduct(transposeLeft: Bool, transposeRight: Bool) -> RowForm {
        // With more axes, axis 0 is one of those that are broadcast, on every side that has rows there.
        guard output.shape.rank == 2 else { return broadcast }
        return switch (form(0), form(1)) {
        case (.secret, _), (_, .secret): .secret
        // Each row times a matrix is a row; over the rows, only sums in which all have an equal part.
        case (.rows, .rows) where transposeLeft && !transposeRight: form(0) == form(1) ? .whole : .secret
        case (.rows, .rows): .secret
        case (.rows, _) where !transposeLeft: form(0)
        case (.rows, _): !transposeRight && isConstantAlongRows(1) ? .whole : .secret
        case (_, .rows): transposeLeft && !transposeRight && isConstantAlongRows(0) ? .whole : .secret
        case (.uniform, _) where !transposeLeft: .uniform
        case (.whole, _), (.uniform, _): .whole
        }
    }

    /// Two inputs whose rows lie along axis 0, combined row by row and summed.
    var contraction: RowForm {
        switch (form(0), form(1)) {
        case (.secret, _), (_, .secret): .secret
        case (.rows, .rows): form(0) == form(1) ? .whole : .secret
        case (.rows, _): isConstantAlongRows(1) ? .whole : .secret
        case (_, .rows): isConstantAlongRows(0) ? .whole : .secret
        case (.whole, _), (.uniform, _): .whole
        }
    }

    /// What a table has for each index.
    var lookedUp: RowForm {
        guard form(0).isInvariant else { return .secret }
        switch form(1) {
        case .rows, .secret: return form(1)
        case .uniform: return .uniform
        case .whole: return .whole
        }
    }

    /// Whether a value weighs all rows the same that lie along its axis 0.
    private func isConstantAlongRows(_ index: Int) -> Bool {
        form(index) == .uniform || dimensions(index).first == 1
    }
}
