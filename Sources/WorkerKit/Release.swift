import Jobs
import Protocol
import Tensor

/// The one door: every byte a worker lets out about its data, results and failures alike, passes here.
///
/// Today it lets out what a program's finish graph puts out, and what a `TensorJob` computes, which cannot
/// read a data set. Failures are sentences of our own: they name operations, shapes, columns and limits,
/// never a value of the data nor anything of a file. What an owner's policy will allow is to be asked here
/// and nowhere else.
enum Release {
    /// What leaves for a job that was done.
    static func answer(_ result: JobResult) -> Answer {
        let payload = result.payload
        let limit = ProtocolLimits.frameByteCountMaximum
        if let frame = payload.frames.first(where: { $0.byteCount > limit }) {
            return answer(
                .limitExceeded(what: "bytes of a result's frame", got: frame.byteCount, limit: limit))
        }
        guard payload.body.count <= JobLimits.bodyByteCountMaximum else {
            let limit = JobLimits.bodyByteCountMaximum
            return answer(
                .limitExceeded(what: "bytes of a result's body", got: payload.body.count, limit: limit))
        }
        return .result(payload)
    }

    /// What leaves for a job that was not.
    static func answer(_ error: JobError) -> Answer {
        .failure(failure(error))
    }

    /// A failure as the trainer sees it.
    static func failure(_ error: JobError) -> Failure {
        Failure(code(of: error), error.description)
    }

    /// An error of a graph on the way to being run: found from shapes and types alone, so its text is free of
    /// data.
    static func error(preparing what: String, _ error: TensorError) -> JobError {
        switch error {
        case .limitExceeded(let limited, let got, let limit):
            .limitExceeded(what: "\(what): \(limited)", got: got, limit: limit)
        default:
            .invalid("\(what): \(error)")
        }
    }

    /// An error of a graph that was running on data: its text may tell of the data, so it stays here.
    static func error(running what: String, _ error: TensorError) -> JobError {
        .executionFailed("\(what) failed while it ran: \(safeReason(error))")
    }

    private static func safeReason(_ error: TensorError) -> String {
        switch error {
        case .shapeMismatch(let operation, _, _, _), .elementTypeMismatch(let operation, _, _, _),
            .notDifferentiable(let operation, _, _):
            "\(operation) met values it cannot take"
        case .limitExceeded(let what, _, let limit):
            "\(what) passed the limit of \(limit)"
        case .invalidShape, .invalidGraph, .valueMismatch, .invalidFile:
            "an operation met values it cannot take, such as a label out of range"
        }
    }

    private static func code(of error: JobError) -> FailureCode {
        switch error {
        case .malformed: .malformed
        case .limitExceeded: .limitExceeded
        case .unknownGraph: .unknownGraph
        case .invalid: .invalidJob
        case .unknownDataset: .unknownDataset
        case .notPermitted: .notPermitted
        case .executionFailed: .executionFailed
        case .cancelled: .cancelled
        case .deadlineExceeded: .deadlineExceeded
        }
    }
}
