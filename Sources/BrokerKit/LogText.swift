/// Text of peers, made fit for a log.
enum LogText {
    private static let countMaximum = 200

    /// The text with control characters replaced, so that no peer writes lines or colours of its own, and cut
    /// short.
    static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(countMaximum) {
            let isControl =
                scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
            result.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return result
    }
}
