/// How a run ended and what is left of it.
public struct RunOutcome: Sendable {
    /// How a run can end.
    public enum End: Sendable, Hashable {
        /// All rounds are done.
        case finished
        /// Its task was cancelled.
        case interrupted
        /// The loss of a round was no number; the model is the one before.
        case diverged(round: Int)
        /// It could not go on.
        case failed(RunError)
    }

    /// How it ended.
    public let end: End
    /// The model after the last round that was done; `nil` where there was none.
    public let model: TrainedModel?
    /// What it came to.
    public let summary: RunSummary
}

extension RunOutcome.End {
    init(_ end: TrainingMachine.End) {
        self =
            switch end {
            case .finished: .finished
            case .diverged(let round): .diverged(round: round)
            case .failed(let error): .failed(error)
            }
    }

    /// A word for files and other programs.
    var name: String {
        switch self {
        case .finished: "finished"
        case .interrupted: "interrupted"
        case .diverged: "diverged"
        case .failed: "failed"
        }
    }
    /// Why it went wrong, where it did.
    var reason: String? {
        switch self {
        case .finished, .interrupted: nil
        case .diverged(let round): "the loss of round \(round) is NaN or infinite"
        case .failed(let error): "\(error)"
        }
    }
}
