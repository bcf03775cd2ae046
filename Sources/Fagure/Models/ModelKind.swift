public import Federation
import Link
import Protocol
public import Tensor

/// The models known by name; their sizes come from the data set.
public enum ModelKind: Sendable, Hashable {
    /// One layer: linear regression, or for classes the same as `logistic`.
    case linear
    /// One layer whose outputs are the classes' log-odds: multinomial logistic regression. Classes only.
    case logistic
    /// Layers of these widths with relu between them, then a layer for the outputs.
    case mlp(hidden: [Int])
    /// Two convolutions of 32 and 64 channels and windows of 5, each with relu and pooled by 2, then a layer of 512
    /// (McMahan et al. 2017, arXiv:1602.05629, section 3). Images only.
    case cnn
    /// Two convolutions of 6 and 16 channels and windows of 5, each with relu and pooled by 2, then layers of 120
    /// and 84 (after LeCun et al. 1998). Images only.
    case lenet

    /// The name it is chosen by.
    public var name: String {
        switch self {
        case .linear: "linear"
        case .logistic: "logistic"
        case .mlp: "mlp"
        case .cnn: "cnn"
        case .lenet: "lenet"
        }
    }

    /// Makes the model with its first weights, a function of the seed alone.
    ///
    /// Parameters are named as PyTorch would name those of `nn.Sequential`: `0.weight`, `0.bias`, `2.weight`,
    /// …
    ///
    /// - Throws: `ModelError` where model and data set do not go together, or a width is no width.
    public func makeModel(for task: LearningTask, seed: UInt64) throws(ModelError) -> Sequential {
        if self == .logistic, !task.isClassification {
            throw .needsClasses(model: name, dataset: task.dataset, label: task.label.name)
        }
        if let network = ImageNetwork(self) { return try network.makeModel(for: task, seed: seed) }
        let widths = [task.featureCount] + hiddenWidths + [task.outputCount]
        guard widths.allSatisfy({ $0 > 0 }) else {
            throw .invalid("a layer needs at least one unit, got \(widths)")
        }
        try Travelling.check(layers: zip(widths, widths.dropFirst()).map { ($0, $1) })
        var random = Philox(seed: seed, purpose: .initialization)
        var modules: [any Module] = []
        do throws(TensorError) {
            for (inputs, outputs) in zip(widths, widths.dropFirst()) {
                if !modules.isEmpty { modules.append(ReLU()) }
                modules.append(try Linear(inputs, outputs, using: &random))
            }
        } catch {
            throw .invalid("\(error)")
        }
        return Sequential(modules)
    }

    private var hiddenWidths: [Int] { if case .mlp(let hidden) = self { hidden } else { [] } }
}

extension ModelKind: CustomStringConvertible {
    /// Such as `mlp (200, 200)`.
    public var description: String {
        guard case .mlp(let hidden) = self else { return name }
        return "mlp (\(hidden.map(String.init).joined(separator: ", ")))"
    }
}

extension ModelState {
    /// The state of a model's parameters at this moment.
    ///
    /// - Throws: as `Parameter.value`.
    public init(_ model: some Module, version: Int = 0) throws(TensorError) {
        self.init(
            parameters: try model.values.map { NamedValue(name: $0.name, value: $0.value) }, version: version)
    }
}
