import Datasets
import Federation
import Protocol
public import Tensor

extension TrainedModel {
    /// What a feature goes through, in the words of the model's file.
    static let formula = "(x - input.mean) * input.scale"

    /// The model as a safetensors file: the parameters, mean and scale, and words about them.
    ///
    /// `schema` is the data set's schema as YAML; `classes` and `parameters` are JSON arrays of names, to be read
    /// with `Safetensors.names(_:)`. Equal runs give equal bytes: nothing about workers, machines or times is in it.
    public var file: Safetensors {
        var tensors = ["input.mean": scaling.mean, "input.scale": scaling.scale]
        tensors["input.fill"] = scaling.fill
        for parameter in state.parameters { tensors[parameter.name] = parameter.value }
        var metadata = [
            "format": "fagure",
            "dataset": task.dataset,
            "model": kind.map { "\($0)" } ?? "custom",
            "feature": task.feature.name,
            "label": task.label.name,
            "formula": TrainedModel.formula,
            "classes": Safetensors.text(ofNames: task.label.classes),
            "parameters": Safetensors.text(ofNames: state.parameters.map(\.name)),
            "version": "\(state.version)",
        ]
        // Tables put together by hand may be such as no schema can say: their model has the names alone.
        if let schema = try? DataSchema(describing: dataset) { metadata["schema"] = schema.yaml }
        return Safetensors(tensors, metadata: metadata)
    }

    /// Reads a model that was written as `file`.
    ///
    /// - Throws: `ModelError.file` naming what is wrong with it.
    /// - Complexity: O(bytes).
    public init(contentsOf path: String) throws(ModelError) {
        let file: Safetensors
        do {
            file = try Safetensors(contentsOf: path)
        } catch {
            throw .file("\(error)")
        }
        do throws(ModelError) {
            try self.init(file)
        } catch {
            throw .file("\(path): \(error)")
        }
    }

    /// Reads a model from a file's contents.
    ///
    /// - Throws: `ModelError` naming what is missing or not as it should be.
    public init(_ file: Safetensors) throws(ModelError) {
        guard file.metadata["format"] == "fagure" else {
            throw .invalid("no model of a training run: its metadata has no format fagure")
        }
        guard let text = file.metadata["schema"] else {
            throw .invalid("the file does not say what the model reads: its metadata has no schema")
        }
        let dataset: DatasetDescription
        do {
            dataset = try DatasetDescription(DataSchema(yaml: text, file: "the schema of the model"))
        } catch {
            throw .invalid("\(error)")
        }
        let task = try LearningTask(dataset)
        try task.check(file)
        let state = try ModelState(file)
        try file.checkNumbers()
        let scaling = try Scaling(file, for: task)
        let kind = try ModelKind(named: file.metadata["model"] ?? "", of: state)
        self.init(task: task, dataset: dataset, kind: kind, state: state, scaling: scaling)
        // Layers that do not fit are a fault of the file, not of whoever predicts.
        if kind != nil { _ = try module }
    }
}

extension LearningTask {
    /// Requires that what a file says beside its schema is what the schema says: other programs read the one or the
    /// other.
    fileprivate func check(_ file: Safetensors) throws(ModelError) {
        for (key, name) in [("feature", feature.name), ("label", label.name)] {
            guard let text = file.metadata[key], text != name else { continue }
            throw .invalid("metadata \(key) is '\(text)', but the schema of the same file has '\(name)'")
        }
        guard file.metadata["classes"] != nil else { return }
        let classes: [String]
        do {
            classes = try file.names("classes")
        } catch {
            throw .invalid("\(error)")
        }
        guard classes == label.classes else {
            throw .invalid(
                "metadata classes are \(ModelError.listed(classes)), but the schema of the same file has "
                    + ModelError.listed(label.classes))
        }
    }
}

extension Safetensors {
    /// Requires that all tensors are numbers: what a model says that is not tells nothing, however it looks.
    fileprivate func checkNumbers() throws(ModelError) {
        for (name, value) in tensors.sorted(by: { $0.key < $1.key }) {
            guard let floats = try? value.floats else { continue }
            let count = floats.count { !$0.isFinite }
            guard count == 0 else {
                throw .invalid(
                    "\(count) of the \(floats.count) numbers of tensor \(name) are NaN or infinite: the run that made "
                        + "the model has diverged")
            }
        }
    }
}

extension ModelState {
    /// The parameters a file lists, which are all its tensors but those about the input.
    fileprivate init(_ file: Safetensors) throws(ModelError) {
        guard let version = Int(file.metadata["version"] ?? ""), version >= 0 else {
            throw .invalid("metadata version is no number of rounds")
        }
        let names: [String]
        do {
            names = try file.names("parameters")
        } catch {
            throw .invalid("\(error)")
        }
        var parameters: [NamedValue] = []
        var rest = file.tensors.filter { !$0.key.hasPrefix("input.") }
        for name in names {
            guard let value = rest.removeValue(forKey: name), value.elementType == .float32 else {
                throw .invalid("parameter \(name) is listed, but there is no such tensor of float32")
            }
            parameters.append(NamedValue(name: name, value: value))
        }
        if let unknown = rest.keys.min() {
            throw .invalid("tensor \(unknown) is no parameter that is listed")
        }
        self.init(parameters: parameters, version: version)
    }
}

extension Scaling {
    /// Mean and scale of a file, and what stands in for missing cells where there may be some.
    fileprivate init(_ file: Safetensors, for task: LearningTask) throws(ModelError) {
        let dimensions = Scaling.dimensions(for: task)
        func value(_ name: String) throws(ModelError) -> TensorValue {
            guard let value = file.tensors[name], value.elementType == .float32,
                value.shape.dimensions == dimensions
            else {
                let got = file.tensors[name].map { "\($0.type)" } ?? "nothing"
                throw .invalid("tensor \(name): expected float32 \(dimensions), got \(got)")
            }
            return value
        }
        self.init(
            mean: try value("input.mean"), scale: try value("input.scale"),
            fill: task.missing == .mean ? try value("input.fill") : nil)
    }
}

extension ModelKind {
    /// The kind a file names, with the widths its parameters have; `nil` for a model of the caller's own.
    fileprivate init?(named text: String, of state: ModelState) throws(ModelError) {
        switch text {
        case "linear": self = .linear
        case "logistic": self = .logistic
        case _ where text.hasPrefix("mlp ("):
            let weights = state.parameters.filter { $0.name.hasSuffix(".weight") }
            self = .mlp(hidden: weights.dropLast().map { $0.value.shape.dimensions.first ?? 0 })
        case "cnn": self = .cnn
        case "lenet": self = .lenet
        case "custom": return nil
        default:
            throw .invalid(
                "metadata model is '\(text)', known are linear, logistic, mlp, cnn, lenet and custom")
        }
    }
}
