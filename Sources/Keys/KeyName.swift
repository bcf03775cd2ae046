/// What a peer may be called: its name is part of a line, and of the name of a file.
package enum KeyName {
    /// Why a text is no name, as the end of a sentence that begins with it; `nil` where it is one.
    package static func fault(of text: String) -> String? {
        guard !text.isEmpty else { return "is empty" }
        guard text.utf8.count <= KeyLimits.nameByteCountMaximum else {
            return "has \(text.utf8.count) bytes, the limit is \(KeyLimits.nameByteCountMaximum)"
        }
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control && $0 != "/" })
        else {
            return "has a slash or a control character in it"
        }
        guard text.first != " ", text.last != " ", text.first != ".", text.first != "-" else {
            return "begins with a dot, a dash or a blank, or ends with a blank"
        }
        return nil
    }
}
