extension Safetensors {
    /// The most names a list in the metadata may have.
    private static let nameCountMaximum = 1 << 16

    /// Names as one text for the metadata: a JSON array, for a name may have anything in it, line breaks too.
    public static func text(ofNames names: [String]) -> String {
        "[\(names.map(JSONReader.quoted).joined(separator: ","))]"
    }

    /// The list of names under a key of the metadata, as `text(ofNames:)` wrote it; empty where there is none.
    ///
    /// - Throws: `TensorError.invalidFile` for a text that is no such list.
    public func names(_ key: String) throws(TensorError) -> [String] {
        guard let text = metadata[key] else { return [] }
        var reader = JSONReader(Array(text.utf8), path: "metadata '\(key)'")
        let names = try reader.strings(limit: Safetensors.nameCountMaximum)
        try reader.end()
        return names
    }
}

extension JSONReader {
    /// A text as JSON writes it.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
