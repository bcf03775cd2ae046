extension DataSchema {
    /// The schema as a file: read back by `init(yaml:file:)` to an equal one.
    public var yaml: String {
        var lines: [String] = []
        if let dataset { lines.append("dataset: \(YAMLText.scalar(dataset))") }
        lines.append("features:")
        lines += features.map { "  - \($0.yaml)" }
        lines.append("label: \(label.yaml)")
        lines.append("missing: \(missing.rawValue)")
        lines.append("ignore: \(YAMLText.list(ignore))")
        lines.append("test: \(test.yaml)")
        return lines.joined(separator: "\n") + "\n"
    }
}

extension DataSchema.Feature {
    fileprivate var yaml: String {
        var members = ["name: \(YAMLText.scalar(name))"]
        switch kind {
        case .number: members.append("kind: number")
        case .categories(let names): members += ["kind: categories", "categories: \(YAMLText.list(names))"]
        case .tensor(let shape, let type): members += ["kind: number", "shape: \(shape)", "type: \(type)"]
        }
        return YAMLText.members(members, unit: unit, note: note)
    }
}

extension DataSchema.Label {
    fileprivate var yaml: String {
        var members = ["name: \(YAMLText.scalar(name))"]
        switch kind {
        case .number: members.append("kind: number")
        case .classes(let names): members += ["kind: classes", "classes: \(YAMLText.list(names))"]
        }
        return YAMLText.members(members, unit: unit, note: note)
    }
}

extension DataSchema.TestCut {
    fileprivate var yaml: String {
        var members = ["share: \(share)", "seed: \(seed)"]
        if let by { members.append("by: \(YAMLText.scalar(by))") }
        members.append("stratified: \(stratified)")
        return "{\(members.joined(separator: ", "))}"
    }
}

/// Text as YAML has it: plain where no reader can take it for anything else, else in quotation marks.
enum YAMLText {
    /// A list on one line.
    static func list(_ texts: [String]) -> String { "[\(texts.map(scalar).joined(separator: ", "))]" }

    /// A mapping on one line, with what people want to know of it at the end.
    static func members(_ members: [String], unit: String, note: String) -> String {
        let unit = unit.isEmpty ? [] : ["unit: \(scalar(unit))"]
        let note = note.isEmpty ? [] : ["note: \(scalar(note))"]
        return "{\((members + unit + note).joined(separator: ", "))}"
    }

    /// One text.
    static func scalar(_ text: String) -> String { isPlain(text) ? text : "\"\(escaped(text))\"" }

    /// What readers of YAML 1.1 take for something else than text.
    private static let reserved: Set<String> = [
        "y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan",
    ]

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first), text.utf8.last != 0x20 else { return false }
        let isSafe = text.utf8.allSatisfy {
            isLetter($0) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x20 || $0 == 0x2D || $0 == 0x2E
        }
        return isSafe && !reserved.contains(text.lowercased())
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || byte == 0x5F
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\t": escaped += "\\t"
            // An asterisk could be taken for a reference by the check before a file is read.
            case "*": escaped += "\\x2A"
            case _ where isEscaped(scalar): escaped += "\\U" + hexadecimal(scalar.value, digits: 8)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
            true
        default: false
        }
    }

    private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }
}
