import Testing

@testable import Ground

@Suite("Text made fit to be shown")
struct VisibleTextTests {
    @Test(
        "what a terminal obeys is shown as an escape, the rest as it is",
        arguments: [
            ("plain é 🐝 \u{5D0}", "plain é 🐝 \u{5D0}"), ("a\nb\rc\td", "a\\nb\\rc\\td"),
            ("\u{1B}[2J", "\\u{1B}[2J"), ("\u{9B}2J", "\\u{9B}2J"), ("\u{7F}\u{0}", "\\u{7F}\\u{0}"),
            ("\u{202E}abc\u{2066}\u{2069}", "\\u{202E}abc\\u{2066}\\u{2069}"),
            ("a\u{2028}b\u{2029}\u{85}", "a\\u{2028}b\\u{2029}\\u{85}"),
            ("\r\n", "\\r\\n"), ("C:\\new", "C:\\new"), ("می\u{200C}خواهم", "می\u{200C}خواهم"),
        ])
    func line(_ text: String, _ shown: String) {
        #expect(VisibleText.line(text) == shown)
        #expect(VisibleText.line(shown) == shown)
    }

    @Test("no control character of any kind is left")
    func every() {
        for value in UInt32(0)...0xFFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let category = scalar.properties.generalCategory
            let isObeyed =
                category == .control || category == .lineSeparator || category == .paragraphSeparator
                || scalar.properties.isBidiControl
            #expect(VisibleText.isVisible(scalar) != isObeyed)
        }
    }

    @Test("long text is cut before it is shown, and several lines stay several")
    func lengths() {
        #expect(VisibleText.shortened("abc\ndef", to: 4) == "abc\\n…")
        #expect(VisibleText.shortened("abc", to: 3) == "abc")
        #expect(VisibleText.lines("a\u{1B}\nb\n") == "a\\u{1B}\nb\n")
    }
}
