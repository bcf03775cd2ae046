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
    /// Data sets that everybody has: of these one row is enough.
    var publicDatasets: Set<String> = []

    /// Rows that must be told of at once.
    func minimum(of datasets: [String]) -> Int {
        datasets.allSatisfy(publicDatasets.contains) ? min(1, rowsMinimum) : rowsMinimum
    }

    /// Such as `data set digits at worker bob`.
    func subject(of datasets: [String]) -> String {
        let names = datasets.joined(separator: ", ")
        return "data set\(datasets.count == 1 ? "" : "s") \(names) at worker \(worker)"
    }
}

/// The one door: every byte a worker lets out about its data passes here: hello, progress, results, failures.
///
/// It lets out what `permit` finds to tell of no single row, of the outputs of a graph and of what a fold's
/// finish graph puts out, to trainers and other workers alike. Failures are sentences of our own: they name
/// operations, shapes, columns and limits, never a value of the data nor anything of a file. What an owner's
/// policy allows is asked here and nowhere else.
enum Release {
    /// What leaves for a job that was done.
    static func answer(_ result: JobResult) -> Answer {
        let payload = result.payload
        return refusal(of: payload, "a result") ?? .result(payload)
    }

    /// What leaves for another worker to keep.
    static func answer(_ store: Job, to worker: SessionID) -> Answer {
        let payload = store.payload(includesGraphs: false)
        return refusal(of: payload, "a transfer") ?? .transfer(to: worker, payload)
    }

    /// What a worker says of itself: names, schemas and numbers of rows, and the jobs it holds.
    static func hello(
        _ configuration: WorkerConfiguration, _ shards: ShardStore, openJobs: [(job: JobID, attempt: UInt32)]
    ) -> Hello {
        var hello = Hello(name: configuration.name, role: .worker, session: configuration.session)
        hello.datasets = shards.datasets
        hello.shards = shards.descriptions
        if !configuration.considered.isEmpty {
            let considered = ShardStore(
                configuration.considered, releaseRowsMinimum: configuration.releaseRowsMinimum)
            hello.datasets += considered.datasets
            hello.considered = considered.descriptions
        }
        hello.capacity = ProtocolLimits.workerJobsMaximum
        hello.processor = Processor.summary
        hello.openJobs = openJobs.map(\.job)
        hello.openAttempts = openJobs.map(\.attempt)
        return hello
    }

    /// How far a fold is: counts that follow from its schedule and the number of rows, and from no row.
    static func progress(batchesDone: Int, of total: Int, examplesDone: Int) -> JobProgress {
        JobProgress(
            batchesDone: UInt64(clamping: batchesDone), batchesTotal: UInt64(clamping: total),
            examplesDone: UInt64(clamping: examplesDone))
    }

    /// The time a job took; of one that read rows, tenths of a second, rounded up.
    static func seconds(_ nanoseconds: Int64, tellsOfRows: Bool) -> Double {
        guard tellsOfRows else { return Double(nanoseconds) * 1e-9 }
        let (tenths, rest) = max(0, nanoseconds).quotientAndRemainder(dividingBy: 100_000_000)
        return Double(tenths + (rest > 0 ? 1 : 0)) / 10
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
    /// - Parameter others: the bytes of what goes with them.
    /// - Throws: `JobError.limitExceeded`.
    static func checkSizes(_ types: [ValueType], beside others: Int = 0) throws(JobError) {
        let (largest, tensors) = ValueType.frameByteCounts(of: types)
        let frameLimit = ProtocolLimits.attachmentByteCountMaximum,
            limit = ProtocolLimits.attachmentByteCountMaximum
        // Header, names and references come beside the tensors.
        let total = tensors.addingSaturated(others).addingSaturated(
            WorkerLimits.outputOverheadByteCount * (types.count + 1))
        for type in types where type.byteCount > frameLimit {
            throw .limitExceeded(what: "bytes of an output's frame", got: type.byteCount, limit: frameLimit)
        }
        guard total <= limit else {
            throw .limitExceeded(what: "bytes of all outputs", got: total, limit: limit)
        }
        guard largest <= frameLimit else {
            throw .limitExceeded(
                what: "bytes of the frame that outputs share", got: largest, limit: frameLimit)
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
        let limit = ProtocolLimits.attachmentByteCountMaximum
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
