import Jobs
package import Protocol

/// What a job came to.
package enum Answer: Sendable {
    /// It was done: what it released, as it travels.
    case result(Payload)
    /// It was done, and another worker is to keep what it gave: that worker's session, and the job that says
    /// so.
    case transfer(to: SessionID, Payload)
    /// It was not done: why.
    case failure(Failure)

    /// The number of bytes it takes to keep.
    var byteCount: Int {
        switch self {
        case .result(let payload), .transfer(_, let payload): payload.byteCount
        case .failure(let failure): failure.message.utf8.count
        }
    }

    /// Whether the same job would always be answered so; otherwise it must be tried again when asked for
    /// again.
    var isFinal: Bool {
        switch self {
        case .result, .transfer:
            true
        case .failure(let failure):
            failure.code.isFinal
        }
    }
}
