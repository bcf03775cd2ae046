// What belongs to a header: how many frames, which flags, which attempts.
extension Header {
    /// What is wrong with a message of this header, `nil` where nothing is.
    ///
    /// - Parameter frameCount: its frames, the header among them.
    package func objection(toFrames frameCount: Int) -> ProtocolError? {
        let expected = command.hasBody ? 2 : 1
        guard frameCount == expected || (frameCount > expected && command.mayCarryTensors) else {
            return .malformed("a \(command) came in \(frameCount) frames")
        }
        guard frameCount <= ProtocolLimits.frameCountMaximum else {
            return .limitExceeded(
                what: "the number of frames", got: frameCount, limit: ProtocolLimits.frameCountMaximum)
        }
        guard command.flags.isSuperset(of: flags) else {
            return .malformed("a \(command) came with flags \(flags.rawValue)")
        }
        guard attempt > 0 || !command.beginsAttempt else {
            return .malformed("a \(command) came with attempt 0, they count from 1")
        }
        return nil
    }
}

extension Command {
    /// The flags its header may carry.
    package var flags: Header.Flags {
        switch self {
        case .submit: .targetsSession
        case .dispatch: .transferred
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
