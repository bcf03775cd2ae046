import Federation

/// One line at the bottom of a terminal that says how far the run is, drawn over itself; lines above it stay.
///
/// A pure value: events go in, what to write comes out.
public struct ProgressBar: Sendable {
    private let epochs: Int
    private var line = ""
    /// The numbers of the last round, which stay beside the bar while the next one runs.
    private var results = ""

    private static let width = 24

    /// A bar for so many rounds.
    public init(epochs: Int) { self.epochs = epochs }

    /// What to write to the terminal for an event.
    public mutating func write(_ event: RunEvent) -> String {
        switch event {
        case .progress(let epoch, let fraction):
            return draw(
                "epoch \(epoch)/\(epochs) \(ProgressBar.bar(fraction)) \(percent(fraction))\(results)")
        case .waiting(let text):
            return draw(text)
        case .epoch(let report):
            results = "  loss \(report.training.meanLoss.text(digits: 4))"
            if let accuracy = report.test?.accuracy {
                results += "  test accuracy \(Optional(accuracy).text(digits: 4))"
            }
            return above(event)
        case .done:
            return above(event)
        default:
            return above(event)
        }
    }

    /// What to write when nothing more comes: an empty last line.
    public mutating func end() -> String { draw("") }

    /// A line that stays, with the bar drawn anew under it.
    private mutating func above(_ event: RunEvent) -> String {
        guard let text = event.text else { return "" }
        if case .done = event { line = "" }
        return "\r\u{1B}[K\(text)\n\(line)"
    }

    private mutating func draw(_ text: String) -> String {
        guard text != line else { return "" }
        line = text
        return "\r\u{1B}[K\(text)"
    }

    private static func bar(_ fraction: Double) -> String {
        let filled = Int((min(1, max(0, fraction)) * Double(width)).rounded(.down))
        return "[\(String(repeating: "=", count: filled))\(String(repeating: " ", count: width - filled))]"
    }

    private func percent(_ fraction: Double) -> String {
        "\(Int((min(1, max(0, fraction)) * 100).rounded(.down)))%".padded(to: 4)
    }
}
