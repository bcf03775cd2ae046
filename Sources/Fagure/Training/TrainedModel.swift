public import Federation
public import Protocol
public import Tensor

/// The model a run made, and what must be known to use it.
public struct TrainedModel: Sendable {
    /// What it reads and says.
    public let task: LearningTask
    /// What its columns mean.
    public let dataset: DatasetDescription
    /// What kind of model it is; `nil` for one of the caller's own.
    public let kind: ModelKind?
    /// Its parameters.
    public let state: ModelState
    /// What a feature goes through before the model sees it.
    public let scaling: Scaling

    /// The model as a safetensors file: the parameters, mean and scale, and words about them. `classes` and
    /// `parameters` are JSON arrays of names; read them with `Safetensors.names(_:)`.
    ///
    /// Equal runs give equal bytes: nothing about workers, machines or times is in it.
    public var file: Safetensors {
        var tensors = ["input.mean": scaling.mean, "input.scale": scaling.scale]
        for parameter in state.parameters { tensors[parameter.name] = parameter.value }
        return Safetensors(
            tensors,
            metadata: [
                "format": "fagure",
                "dataset": task.dataset,
                "model": kind.map { "\($0)" } ?? "custom",
                "feature": task.feature.name,
                "label": task.label.name,
                "classes": Safetensors.text(ofNames: task.label.classes),
                "parameters": Safetensors.text(ofNames: state.parameters.map(\.name)),
                "version": "\(state.version)",
            ])
    }
}

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
}
