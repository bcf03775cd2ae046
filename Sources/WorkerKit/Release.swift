import Jobs
import Link
import Protocol
import Tensor

/// What a worker's owner lets out.
struct ReleaseRules: Sendable {
    /// The worker's name, for refusals.
    let worker: String
    /// Rows a loss or gradient must be of to leave.
    let rowsMinimum: Int

    /// Such as `data set digits at worker bob`.
    fileprivate func place(of datasets: [String]) -> String {
        let names = datasets.joined(separator: ", ")
        return "data set\(datasets.count == 1 ? "" : "s") \(names) at worker \(worker)"
    }
}

/// The one door: every byte a worker lets out about its data, results and failures alike, passes here.
///
/// It lets out what a program's finish graph puts out, and of what a `TensorJob` computes all that `permit`
/// finds to tell of no single row, to trainers and other workers alike. Failures are sentences of our own:
/// they name operations, shapes, columns and limits, never a value of the data nor anything of a file. What
/// an owner's policy allows is asked here and nowhere else.
enum Release {
    /// What leaves for a job that was done.
    static func answer(_ result: JobResult) -> Answer {
        let payload = result.payload
        return refusal(of: payload, "a result") ?? .result(payload)
    }

    /// What leaves for another worker to keep.
    static func answer(_ store: StoreJob, to worker: SessionID) -> Answer {
        let payload = store.payload
        return refusal(of: payload, "a transfer") ?? .transfer(to: worker, payload)
    }

    /// Decides, before a graph runs, whether outputs that would leave may.
    ///
    /// - Throws: `JobError.notPermitted`, naming the data sets, the worker and the output.
    static func permit(
        _ verdict: RowVerdict, leaving outputs: [Int], by rules: ReleaseRules
    ) throws(JobError) {
        if let failure = verdict.failure {
            throw .notPermitted(
                "\(rules.place(of: failure.datasets)): whether \(failure.operation) fails would tell of "
                    + "single rows; its labels must be a whole column, with a class for each of the column's")
        }
        for output in outputs {
            let label = verdict.outputs[output]
            guard !RowAnalysis.mayLeave(label, rowsMinimum: rules.rowsMinimum) else { continue }
            throw .notPermitted(
                "\(rules.place(of: label.datasets)): output \(output) \(fault(of: label, rules)); only a "
                    + "whole-batch loss or gradients of parameters over at least \(rules.rowsMinimum) rows may "
                    + "leave")
        }
    }

    /// Why a value may not leave. Row counts are in the catalogue, so they may be said.
    private static func fault(of label: RowLabel, _ rules: ReleaseRules) -> String {
        guard case .aggregate(_, let rowCount, _) = label else { return "would tell of single rows" }
        return rowCount < rules.rowsMinimum
            ? "is about \(rowCount) rows" : "is a sum of rows in which no parameter of a model had a part"
    }

    /// What leaves for a job that was not.
    static func answer(_ error: JobError) -> Answer {
        .failure(failure(error))
    }

    /// A failure as the trainer sees it.
    static func failure(_ error: JobError) -> Failure {
        Failure(code(of: error), error.description)
    }

    /// Checks that values are not larger than may travel, before they are made.
    ///
    /// - Throws: `JobError.limitExceeded`.
    static func checkSizes(_ types: [ValueType]) throws(JobError) {
        var total = 0
        for type in types {
            let limit = ProtocolLimits.frameByteCountMaximum
            guard type.byteCount <= limit else {
                throw .limitExceeded(what: "bytes of an output's frame", got: type.byteCount, limit: limit)
            }
            total = total.addingSaturated(type.byteCount)
        }
        let limit = LinkLimits.messageByteCountMaximum
        guard total <= limit else {
            throw .limitExceeded(what: "bytes of all outputs", got: total, limit: limit)
        }
    }

    /// An error of a graph on the way to being run: found from shapes and types alone, so its text is free of
    /// data.
    static func error(preparing what: String, _ error: TensorError) -> JobError {
        switch error {
        case .limitExceeded(let limited, let got, let limit):
            .limitExceeded(what: "\(what): \(limited)", got: got, limit: limit)
        case .cancelled:
            .cancelled
        default:
            .invalid("\(what): \(error)")
        }
    }

    /// An error of a graph that was running on data: its text may tell of the data, so it stays here.
    static func error(running what: String, _ error: TensorError) -> JobError {
        .executionFailed("\(what) failed while it ran: \(safeReason(error))")
    }

    /// What is said in place of a payload that is larger than may travel.
    private static func refusal(of payload: Payload, _ what: String) -> Answer? {
        let limit = ProtocolLimits.frameByteCountMaximum
        if let frame = payload.frames.first(where: { $0.byteCount > limit }) {
            return answer(
                .limitExceeded(what: "bytes of \(what)'s frame", got: frame.byteCount, limit: limit))
        }
        guard payload.body.count <= JobLimits.bodyByteCountMaximum else {
            let limit = JobLimits.bodyByteCountMaximum
            return answer(
                .limitExceeded(what: "bytes of \(what)'s body", got: payload.body.count, limit: limit))
        }
        return nil
    }

    private static func safeReason(_ error: TensorError) -> String {
        switch error {
        case .shapeMismatch(let operation, _, _, _), .elementTypeMismatch(let operation, _, _, _),
            .notDifferentiable(let operation, _, _):
            "\(operation) met values it cannot take"
        case .limitExceeded(let what, _, let limit):
            "\(what) passed the limit of \(limit)"
        case .invalidShape, .invalidGraph, .valueMismatch, .invalidFile, .differentLocations, .elsewhere,
            .usedUp:
            "an operation met values it cannot take, such as a label out of range"
        case .cancelled:
            "it was cancelled"
        }
    }

    private static func code(of error: JobError) -> FailureCode {
        switch error {
        case .malformed: .malformed
        case .limitExceeded: .limitExceeded
        case .unknownGraph: .unknownGraph
        case .invalid: .invalidJob
        case .unknownDataset: .unknownDataset
        case .unknownObject: .unknownObject
        case .notPermitted: .notPermitted
        case .executionFailed: .executionFailed
        case .cancelled: .cancelled
        }
    }
}
