// What belongs to a header: which parts, which flags, which attempts.
extension Record {
    /// What is wrong with a record whose parts were found; `nil` where nothing is.
    var objection: ProtocolError? {
        let command = header.command
        guard attachments.isEmpty || command.mayCarryTensors else {
            return .malformed("a \(command) came with \(attachments.count) attachments")
        }
        guard inline.isEmpty || command.mayCarryTensors || command == .piece else {
            return .malformed("a \(command) came with \(inline.count) bytes beside its body")
        }
        guard header.flags.isSubset(of: command.flags) else {
            return .malformed("a \(command) came with flags \(header.flags.rawValue)")
        }
        if header.flags.contains(.bodyIsAttached) {
            guard body.isEmpty, !attachments.isEmpty else {
                return .malformed("a \(command) has no body, or two")
            }
        } else {
            guard body.isEmpty || command.hasBody else {
                return .malformed("a \(command) came with a body of \(body.count) bytes")
            }
        }
        guard header.attempt > 0 || !command.beginsAttempt else {
            return .malformed("a \(command) came with attempt 0, they count from 1")
        }
        return nil
    }
}

extension Command {
    /// The flags its header may carry.
    package var flags: Header.Flags {
        switch self {
        case .submit: [.targetsSession, .bodyIsAttached]
        case .dispatch: [.transferred, .bodyIsAttached]
        case .result, .transfer: .bodyIsAttached
        case .hello, .catalogue: .bodyIsDeflated
        default: []
        }
    }

    /// Whether it begins an attempt, so that it must say which.
    package var beginsAttempt: Bool { self == .submit || self == .dispatch }

    /// Whether somebody waits for what follows it or for itself, so that a damaged one must be answered for.
    package var isAwaited: Bool {
        switch self {
        case .submit, .dispatch, .result, .failed, .transfer: true
        default: false
        }
    }
}
