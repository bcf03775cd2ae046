import Tensor

/// How steeply values of a program's step may depend on which batch it is.
///
/// DESIGN. Sizes of batches, sums over a batch and what earlier batches left behind differ from batch to batch.
/// What is proportional to one of them weighs batches as training does: a mean's 1/n, a gradient, a velocity.
/// Products of two of them and whatever else is not linear can be a gate that opens for one batch, so they count
/// as about the smallest. Only within rows a state may be used freely, for that is what a model does with its
/// parameters.
extension RowRule {
    /// Whether the value could weigh batches by more than one number that differs from batch to batch.
    func weighsBatches(_ form: RowForm) -> Bool {
        let informing = self.informing
        let isRowwise = form.isRows || informing.contains(where: \.form.isRows)
        if isRowwise, informing.contains(where: \.isSumOfBatch) { return true }
        let varying = informing.indices.filter { informing[$0].varies(amongRows: isRowwise) }
        guard !varying.isEmpty else { return false }
        switch effect.weighing {
        case .additive: return isRowwise && varying.count < informing.count
        case .byCount: return isRowwise && !form.isRows
        case .proportional: return false
        case .byOne: return varying.count(where: effect.factors.contains) > 1
        case .byFirst: return varying != [0]
        case .byCondition: return varying.contains(0)
        case .steep: return true
        }
    }
}

extension RowState {
    /// Whether it is made of sums over this batch.
    fileprivate var isSumOfBatch: Bool { !form.isRows && source.isPrivate && source.isPooled }

    /// Whether it differs from batch to batch, other than as rows do.
    ///
    /// - Parameter amongRows: Whether it is used together with rows, as parameters are.
    fileprivate func varies(amongRows: Bool) -> Bool {
        source.isPooled || !amongRows && source.isPrivate
    }
}
