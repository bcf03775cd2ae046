public import Federation
public import Protocol
public import Tensor

/// A model that was trained where the data is, and what must be known to use it.
///
/// ```swift
/// let model = try TrainedModel(contentsOf: "run/model.safetensors")
/// let predictions = try model.predict(["age": [0.1, 1.4], "bp": [-0.5, 0.7], "chol": [0.2, 1.1]])
/// print(predictions[0].label ?? "", predictions[0].values)
/// ```
public struct TrainedModel: Sendable, Hashable {
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

    /// The model as a module: the layers of its kind with the values learned.
    ///
    /// - Throws: `ModelError.invalid` for a model of the caller's own, whose layers are not known here, and for
    ///   parameters that are not those of its kind.
    public var module: Sequential {
        get throws(ModelError) {
            guard let kind else {
                throw .invalid("the layers of a model of one's own are not in its file: give the module")
            }
            if ImageNetwork(kind) != nil { return try kind.module(for: task, state) }
            return try Sequential(layersOf: state, for: task)
        }
    }
}

extension ModelKind {
    /// The layers of this kind with values that are there.
    ///
    /// - Throws: `ModelError.invalid` naming a parameter that is not one of the kind's.
    fileprivate func module(for task: LearningTask, _ state: ModelState) throws(ModelError) -> Sequential {
        let module = try makeModel(for: task, seed: 0)
        do throws(TensorError) {
            try module.update(to: state.parameters.map { ($0.name, $0.value) })
        } catch {
            throw .invalid("\(error)")
        }
        return module
    }
}

extension Sequential {
    /// Linear layers with relu between them, as `ModelKind` makes them, around values that are there.
    ///
    /// - Throws: `ModelError.invalid` naming the first parameter that is not what the layers before it ask for.
    fileprivate init(layersOf state: ModelState, for task: LearningTask) throws(ModelError) {
        var modules: [any Module] = []
        var inputCount = task.featureCount
        var rest = state.parameters[...]
        while let weight = rest.popFirst(), let bias = rest.popFirst() {
            let position = modules.isEmpty ? 0 : modules.count + 1
            guard weight.name == "\(position).weight", bias.name == "\(position).bias" else {
                throw .invalid(
                    "parameters \(weight.name) and \(bias.name), expected \(position).weight and \(position).bias"
                )
            }
            let sizes = weight.value.shape.dimensions
            guard sizes.count == 2, sizes[1] == inputCount else {
                throw .invalid(
                    "parameter \(weight.name) is \(weight.value.type), expected float32 [units, \(inputCount)]"
                )
            }
            inputCount = sizes[0]
            if !modules.isEmpty { modules.append(ReLU()) }
            do {
                modules.append(try Linear(weight: Tensor(weight.value), bias: Tensor(bias.value)))
            } catch {
                throw .invalid("parameters \(weight.name) and \(bias.name): \(error)")
            }
        }
        guard rest.isEmpty, !modules.isEmpty, inputCount == task.outputCount else {
            throw .invalid(
                "\(state.parameters.count) parameters give \(inputCount) outputs, expected layers that give "
                    + "\(task.outputCount)")
        }
        self.init(modules)
    }
}
