import Jobs
import Protocol

/// A job encoded once: what of it travels every time, and the graphs that travel when they must.
struct JobPayload: Sendable {
    private enum Kind: Sendable {
        case tensor(TensorJob)
        case program(ProgramJob)
        /// Without graphs.
        case plain
    }

    /// The graphs a worker must know.
    let graphs: [GraphHash]
    private let kind: Kind
    private let lean: Payload

    init(_ job: TensorJob) {
        kind = .tensor(job)
        graphs = [job.graph.hash]
        lean = job.payload(includesGraph: false)
    }

    init(_ job: ProgramJob) {
        kind = .program(job)
        graphs = [job.program.step.hash, job.program.finish.hash]
        lean = job.payload(includesGraphs: false)
    }

    init(_ job: StoreJob) {
        kind = .plain
        graphs = []
        lean = job.payload
    }

    init(_ job: InquiryJob) {
        kind = .plain
        graphs = []
        lean = job.payload
    }

    /// The job as it travels; large tensors are shared, not copied.
    func payload(includesGraphs: Bool) -> Payload {
        guard includesGraphs else { return lean }
        return switch kind {
        case .tensor(let job): job.payload(includesGraph: true)
        case .program(let job): job.payload(includesGraphs: true)
        case .plain: lean
        }
    }
}
