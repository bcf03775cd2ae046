import Jobs
import Protocol
import Tensor

extension Release {
    /// Decides, before a graph runs, whether outputs that would leave may.
    ///
    /// - Throws: `JobError.notPermitted`, naming the data sets, the worker and the output.
    static func permit(
        _ verdict: RowVerdict, leaving outputs: [Int], by rules: ReleaseRules
    ) throws(JobError) {
        try refuse(verdict.failure, by: rules)
        for output in outputs { try permit(verdict.outputs[output], "output \(output)", by: rules) }
        try refuse(verdict.secret, by: rules)
    }

    /// Decides, before a fold runs, whether it may, and whether outputs that would leave may.
    ///
    /// - Throws: `JobError.notPermitted`, naming the data set, the worker and what it is about.
    static func permit(
        _ verdict: FoldVerdict, leaving outputs: [Int], by rules: ReleaseRules
    ) throws(JobError) {
        guard !verdict.isOpen else { return }
        let subject = rules.subject(of: [verdict.dataset]), minimum = rules.minimum(of: [verdict.dataset])
        guard verdict.rowCount == 0 || verdict.rowCount >= minimum else {
            throw .notPermitted(
                "\(subject): the fold is about \(verdict.rowCount) rows; only what is about at least "
                    + "\(minimum) rows may leave")
        }
        try refuse(verdict.failure, by: rules)
        if let rows = verdict.rows {
            throw .notPermitted(
                "\(subject): \(rows) would tell of single rows; state and metrics must be sums over a batch")
        }
        try refuse(verdict.secret, by: rules)
        for output in outputs {
            let (name, label) = verdict.outputs[output]
            try permit(label, "output \(name.isEmpty ? "\(output)" : name)", by: rules)
        }
    }

    private static func permit(
        _ label: RowLabel, _ output: String, by rules: ReleaseRules
    ) throws(JobError) {
        let minimum = rules.minimum(of: label.datasets)
        guard !RowAnalysis.mayLeave(label, rowsMinimum: minimum) else { return }
        throw .notPermitted(
            "\(rules.subject(of: label.datasets)): \(output) \(fault(of: label, minimum)); only a whole-batch loss "
                + "or gradients of parameters over at least \(minimum) rows may leave")
    }

    private static func refuse(
        _ failure: RowVerdict.TellingFailure?, by rules: ReleaseRules
    ) throws(JobError) {
        guard let failure else { return }
        throw .notPermitted(
            "\(rules.subject(of: failure.datasets)): whether \(failure.operation) fails would tell of single rows; "
                + "its labels must be a whole column, with a class for each of the column's")
    }

    private static func refuse(_ secret: RowVerdict.SecretWork?, by rules: ReleaseRules) throws(JobError) {
        guard let secret else { return }
        throw .notPermitted(
            "\(rules.subject(of: secret.datasets)): \(secret.operation) would make something that tells of single "
                + "rows, which is not computed even where it stays: the time it takes would tell")
    }

    /// Why a value may not leave. Row counts are in the catalogue, so they may be said.
    private static func fault(of label: RowLabel, _ minimum: Int) -> String {
        guard case .aggregate(_, let rowCount, _) = label else { return "would tell of single rows" }
        return rowCount < minimum
            ? "is about \(rowCount) rows" : "is a sum of rows in which no parameter of a model had a part"
    }
}
