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

    /// The name it is chosen by.
    public var name: String {
        switch self {
        case .linear: "linear"
        case .logistic: "logistic"
        case .mlp: "mlp"
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
        let widths = [task.featureCount] + hiddenWidths + [task.outputCount]
        guard widths.allSatisfy({ $0 > 0 }) else {
            throw .invalid("a layer needs at least one unit, got \(widths)")
        }
        try checkSize(widths)
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

    /// Refuses a model that could not travel before its weights are drawn.
    private func checkSize(_ widths: [Int]) throws(ModelError) {
        var total = 0
        for (inputs, outputs) in zip(widths, widths.dropFirst()) {
            let (count, overflow) = inputs.multipliedReportingOverflow(by: outputs)
            let (byteCount, isTooLarge) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.size)
            let limit = ProtocolLimits.attachmentByteCountMaximum
            guard !overflow, !isTooLarge, byteCount <= limit else {
                throw .invalid(
                    "a layer of \(inputs) inputs and \(outputs) units is too large to send, a tensor may have "
                        + "\(limit) bytes")
            }
            total = total.addingSaturated(byteCount).addingSaturated(outputs * MemoryLayout<Float>.size)
        }
        let limit = ProtocolLimits.attachmentByteCountMaximum
        guard total <= limit else {
            throw .invalid(
                "a model of \(total) bytes is too large to send, all its tensors may have \(limit) bytes")
        }
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
