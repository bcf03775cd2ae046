extension Tensor: CustomStringConvertible {
    /// The numbers of a tensor that is here, computed for it: such as `[[0.0, 1.0]]`, of many only the first and
    /// last. Of a tensor at a worker what is known without asking, never values: `float32 [2, 2] at bob #x`. Of
    /// one that cannot be computed, why.
    ///
    /// - Complexity: That of computing it, where it is here; what was computed is not kept.
    public var description: String {
        var parts = isNamed ? ["\(phrase):"] : []
        if expression.location.isRemote {
            parts.append((try? type()).map { "\($0)" } ?? "a tensor that cannot be computed")
            parts.append("at \(location.name)")
            if let how = expression.spent?.phrase { parts.append("(used up: \(how))") }
        } else {
            parts.append(textHere)
        }
        return (parts + (note?.tags.sorted() ?? [])).joined(separator: " ")
    }

    private var textHere: String {
        do throws(TensorError) {
            return "\(try valueAside())"
        } catch {
            // What has a type may yet be bound, such as a placeholder.
            return (try? type()).map { "\($0), not computed: \(error)" }
                ?? "a tensor that cannot be computed: \(error)"
        }
    }

    /// The value, computed and left at that: no parameter is brought up to date, no failed step undone, because
    /// somebody looked.
    private func valueAside() throws(TensorError) -> TensorValue {
        if case .value(let value) = expression.kind { return value }
        let trace = try Trace.take { trace throws(TensorError) in try trace.add(output: expression) }
        let values = try trace.bindings.map { binding throws(TensorError) in
            switch binding {
            case .value(let value): return value
            case .remote(let value):
                throw .elsewhere(name: "a tensor of \(value.type)", location: value.location.name)
            }
        }
        return try RecipeCache.shared.recipe(for: trace).run(values)[0]
    }

    /// Whether it is a parameter or a column, which have names that tags do not say.
    private var isNamed: Bool {
        switch expression.kind {
        case .version: true
        case .remote(let value): value.name != nil && note == nil
        default: false
        }
    }

    /// What errors call the tensor: its parameter's or column's name, or its type.
    var phrase: String {
        switch expression.kind {
        case .version(let version): return "parameter '\(version.cell.name)'"
        case .remote(let value):
            if let name = value.name { return name }
        case .failure:
            return "a tensor that could not be made"
        default: break
        }
        if let tag = note?.tags.min() { return "tensor '\(tag)'" }
        guard let type = try? type() else { return "a tensor" }
        return "\(type)"
    }

    /// What errors call the tensor, with its location.
    var locatedPhrase: String {
        expression.location.isRemote ? "\(phrase) at \(location.name)" : "\(phrase) here"
    }
}
