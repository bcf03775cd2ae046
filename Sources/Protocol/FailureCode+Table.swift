extension FailureCode {
    /// What a failure says of the job beyond this attempt.
    package enum Kind: String, Sendable, Hashable {
        /// Nobody was there to do it: it may be done once somebody is.
        case absence
        /// An absence the broker can help: the worker hands the job back, and another may take it.
        case handedBack = "handed back"
        /// The same job would always be answered so.
        case final
        /// It holds for this attempt alone.
        case passing
    }

    /// Who may say a code.
    package enum Speaker: String, Sendable, Hashable {
        case broker
        case worker
        /// A trainer's own side: such a code never travels.
        case trainer
    }

    /// All there is to know of a code.
    package struct Entry: Sendable {
        /// The code.
        package let code: FailureCode
        /// Its name.
        package let name: String
        /// Who says it.
        package let speakers: [Speaker]
        /// What it says of the job.
        package let kind: Kind
    }

    /// Every code of this version, by number: the table of docs/PROTOCOL.md, section 12.1.
    package static let table: [Entry] = [
        Entry(code: .versionUnsupported, name: "version-unsupported", speakers: [.broker], kind: .final),
        Entry(code: .malformed, name: "malformed", speakers: [.broker, .worker], kind: .final),
        Entry(code: .limitExceeded, name: "limit-exceeded", speakers: [.broker, .worker], kind: .final),
        Entry(code: .noWorker, name: "no-worker", speakers: [.broker], kind: .absence),
        Entry(code: .workerLost, name: "worker-lost", speakers: [.broker], kind: .absence),
        Entry(code: .overloaded, name: "overloaded", speakers: [.broker, .worker], kind: .handedBack),
        Entry(code: .cancelled, name: "cancelled", speakers: [.broker], kind: .passing),
        Entry(
            code: .deadlineExceeded, name: "deadline-exceeded", speakers: [.broker, .worker], kind: .absence),
        Entry(code: .unknownGraph, name: "unknown-graph", speakers: [.worker], kind: .passing),
        Entry(code: .invalidJob, name: "invalid-job", speakers: [.worker], kind: .final),
        Entry(code: .notPermitted, name: "not-permitted", speakers: [.broker, .worker], kind: .final),
        Entry(code: .unknownDataset, name: "unknown-dataset", speakers: [.worker], kind: .final),
        Entry(code: .executionFailed, name: "execution-failed", speakers: [.worker], kind: .final),
        Entry(code: .draining, name: "draining", speakers: [.worker], kind: .handedBack),
        Entry(code: .brokerUnreachable, name: "broker-unreachable", speakers: [.trainer], kind: .passing),
        Entry(code: .unknownObject, name: "unknown-object", speakers: [.worker], kind: .passing),
        Entry(code: .poisonous, name: "poisonous", speakers: [.broker], kind: .final),
    ]

    /// What the table says; `nil` for a code of a later version.
    package var entry: Entry? {
        // Numbers are dense from 1, which a test holds.
        let index = Int(rawValue) - 1
        return FailureCode.table.indices.contains(index) ? FailureCode.table[index] : nil
    }

    /// Whether nobody was there to do the job, in contrast to that it cannot be done.
    package var isAbsence: Bool { entry?.kind == .absence || isHandedBack }

    /// Whether a worker that says so hands the job back for another.
    package var isHandedBack: Bool { entry?.kind == .handedBack }

    /// Whether the same job would always be answered so, and so may be from what was kept.
    package var isFinal: Bool { entry?.kind == .final }
}

extension FailureCode: CustomStringConvertible {
    /// The code's name, as in docs/PROTOCOL.md.
    public var description: String { entry?.name ?? "code-\(rawValue)" }
}

extension ProtocolError {
    /// What a peer that sent such bytes is told.
    package var code: FailureCode {
        switch self {
        case .unsupportedVersion: .versionUnsupported
        case .limitExceeded: .limitExceeded
        case .notFagure, .unknownCommand, .unexpectedCommand, .malformed: .malformed
        }
    }
}
