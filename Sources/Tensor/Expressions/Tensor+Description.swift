import Ground

extension Tensor: CustomStringConvertible {
    /// The numbers of a tensor at hand, such as `[[0.0, 1.0]]`; of all others what is known without computing,
    /// such as `float32 [2, 2] at bob #x`.
    public var description: String {
        var parts: [String] = []
        switch expression.kind {
        case .value(let value):
            parts.append("\(value)")
        default:
            if isNamed { parts.append("\(phrase):") }
            parts.append((try? type()).map { "\($0)" } ?? "a tensor that cannot be computed")
            if expression.place.isRemote { parts.append("at \(location.name)") }
        }
        return (parts + (note?.tags.sorted() ?? [])).joined(separator: " ")
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

    /// What errors call the tensor and its place.
    var placedPhrase: String {
        expression.place.isRemote ? "\(phrase) at \(location.name)" : "\(phrase) here"
    }
}

extension TensorValue: CustomStringConvertible {
    /// The numbers in nested brackets, a scalar alone; of many only the first.
    public var description: String {
        let shown = 1_000
        guard shape.elementCount <= shown else { return "\(type)" }
        let texts = elementTexts
        var next = 0
        return bracketed(texts, axis: 0, &next)
    }

    private var elementTexts: [String] {
        switch elementType {
        case .float32: storage.elements(as: Float.self).map(\.description)
        case .int32: storage.elements(as: Int32.self).map(\.description)
        case .int64: storage.elements(as: Int64.self).map(\.description)
        case .uint8: storage.elements(as: UInt8.self).map(\.description)
        }
    }

    private func bracketed(_ texts: [String], axis: Int, _ next: inout Int) -> String {
        guard axis < shape.rank else {
            defer { next += 1 }
            return next < texts.count ? texts[next] : ""
        }
        var parts: [String] = []
        for _ in 0..<shape[axis] { parts.append(bracketed(texts, axis: axis + 1, &next)) }
        return "[\(parts.joined(separator: ", "))]"
    }
}
