import Ground

/// Text of peers, made fit for a log.
enum LogText {
    private static let countMaximum = 200

    /// The text without control characters, so that no peer writes lines or colours of its own, and cut short.
    static func printable(_ text: String) -> String { VisibleText.shortened(text, to: countMaximum) }
}
