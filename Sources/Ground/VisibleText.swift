/// Text from outside (names, failures, cells, tags), made fit to be shown.
///
/// Control characters move a terminal's cursor and colour what follows, line breaks forge lines of a log, and
/// controls of writing direction make text read as something else. Each is shown as the escape Swift writes for
/// it; every other character stays. Shown twice, text is the same as shown once.
package enum VisibleText {
    /// The text on one line.
    package static func line(_ text: String) -> String {
        // Nearly all text is plain: it is looked at, not copied.
        guard !text.unicodeScalars.allSatisfy(isVisible) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isVisible(scalar) { shown.unicodeScalars.append(scalar) } else { shown += escape(scalar) }
        }
        return shown
    }

    /// Text of several lines of our own, each made fit: line breaks stay, so no foreign text may be among them
    /// that was not shown on a line before.
    package static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line(String($0)) }
            .joined(separator: "\n")
    }

    /// The text on one line, cut after so many characters.
    package static func shortened(_ text: String, to countMaximum: Int) -> String {
        let scalars = text.unicodeScalars
        let short = scalars.prefix(countMaximum)
        let shown = line(String(String.UnicodeScalarView(short)))
        return short.endIndex < scalars.endIndex ? shown + "…" : shown
    }

    /// Whether a character is shown as it is.
    package static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: return false
        default: return !scalar.properties.isBidiControl
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        }
    }
}
