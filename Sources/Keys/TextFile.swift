import Ground

/// A file of lines, its kind and version in the first.
///
/// What a line says is never shown where it may be a secret: errors name the file, the line and what was expected.
struct TextFile {
    /// A line that says something, with its number from 1.
    struct Line {
        let number: Int
        let text: Substring
    }

    let path: String
    let lines: [Line]

    /// Reads a file of a kind.
    ///
    /// - Parameters:
    ///   - kind: what its first line says, such as `fagure key 1`; `nil` for a file that does not say.
    ///   - isSecret: whether it must be nobody else's business.
    init(_ path: String, kind: String?, byteCountMaximum: Int, isSecret: Bool) throws(KeyError) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try File.read(path, byteCountMaximum: byteCountMaximum, isSecret: isSecret)
        } catch {
            throw .unreadable(error)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed(path: path, line: nil, reason: "is no text in UTF-8")
        }
        var lines = TextFile.lines(of: text)
        if let kind {
            guard let first = lines.first, first.text == kind else {
                throw .malformed(
                    path: path, line: lines.first?.number ?? 1, reason: "expected '\(kind)' here")
            }
            lines.removeFirst()
        }
        self.path = path
        self.lines = lines
    }

    /// Lines that are neither empty nor a comment; mail programs may have changed how they end.
    private static func lines(of text: String) -> [Line] {
        let scalars = text.unicodeScalars.drop { $0 == "\u{FEFF}" }
        let all = scalars.split(separator: "\n", omittingEmptySubsequences: false)
        return all.enumerated().compactMap { index, line in
            let blanks: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
            var kept = Substring(line.drop(while: blanks))
            while let last = kept.unicodeScalars.last, blanks(last) { kept.unicodeScalars.removeLast() }
            return kept.isEmpty || kept.hasPrefix("# ") || kept == "#"
                ? nil : Line(number: index + 1, text: kept)
        }
    }
}

/// A file in which each line is a word and what it says.
struct FieldFile {
    private let path: String
    private let fields: [String: TextFile.Line]

    /// Reads a file; words beside the ones named are refused, and words said twice.
    init(
        _ path: String, kind: String, words: [String], isSecret: Bool = false
    ) throws(KeyError) {
        let file = try TextFile(
            path, kind: kind, byteCountMaximum: KeyLimits.fileByteCountMaximum, isSecret: isSecret)
        var fields: [String: TextFile.Line] = [:]
        for line in file.lines {
            let word = String(line.text.prefix { $0 != " " })
            guard words.contains(word) else {
                throw .malformed(
                    path: path, line: line.number, reason: "expected one of \(words.joined(separator: ", "))")
            }
            let value = TextFile.Line(
                number: line.number, text: line.text.dropFirst(word.count).drop { $0 == " " })
            guard fields.updateValue(value, forKey: word) == nil else {
                throw .malformed(path: path, line: line.number, reason: "'\(word)' is there twice")
            }
        }
        self.path = path
        self.fields = fields
    }

    /// Whether a word is there.
    func has(_ word: String) -> Bool { fields[word] != nil }

    /// What a word says, read by `read`; where that gives nothing, what was `expected`.
    func value<T>(_ word: String, _ expected: String, _ read: (String) -> T?) throws(KeyError) -> T {
        guard let line = fields[word] else {
            throw .malformed(path: path, line: nil, reason: "has no line '\(word)'")
        }
        guard let value = read(String(line.text)) else {
            throw .malformed(path: path, line: line.number, reason: "'\(word)' is not \(expected)")
        }
        return value
    }

    /// Refuses what a word says.
    func refusal(_ word: String, _ reason: String) -> KeyError {
        .malformed(path: path, line: fields[word]?.number, reason: reason)
    }
}
