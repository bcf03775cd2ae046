/// The words that stand for a cell without a value.
enum MissingWords {
    private static let words: [[UInt8]] = [
        "NA", "N/A", "n/a", "?", "nan", "NaN", "NAN", "null", "Null", "NULL",
    ].map { Array($0.utf8) }

    /// Whether some bytes are nothing, or a word for it.
    static func contains(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        guard range.count <= 4 else { return false }
        guard let first = range.first else { return true }
        switch bytes[first] {
        case UInt8(ascii: "N"), UInt8(ascii: "n"), UInt8(ascii: "?"):
            return words.contains { $0.elementsEqual(bytes[range]) }
        default:
            return false
        }
    }

    /// Whether a text is nothing, or a word for it.
    static func contains(_ text: String) -> Bool {
        guard text.utf8.count <= 4 else { return false }
        let bytes = Array(text.utf8)
        return contains(bytes, bytes.indices)
    }
}
