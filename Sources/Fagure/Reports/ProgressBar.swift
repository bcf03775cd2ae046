import Federation
import Ground

/// One line at the bottom of a terminal that says how far the run is, drawn over itself; lines above it stay.
///
/// A pure value: events, the time and the terminal's width go in, what to write comes out. The line never
/// reaches the last column, where terminals begin a new one.
public struct ProgressBar: Sendable {
    private let epochs: Int
    /// The line as it is drawn.
    private var line = ""
    private var state = State.empty
    /// When the first round began.
    private var began: Double?
    /// The numbers of the last round, which stay beside the bar while the next one runs.
    private var results = ""

    /// What the line is about; drawn anew for each width.
    private enum State {
        case empty
        case text(String)
        case round(Int, fraction: Double)
    }

    private static let widths = 8...24
    /// The width of a terminal that does not say.
    private static let columnsByDefault = 80

    /// A bar for so many rounds.
    public init(epochs: Int) { self.epochs = epochs }

    /// What to write to the terminal for an event.
    ///
    /// - Parameters:
    ///   - seconds: The time, from any moment on.
    ///   - columns: The terminal's width as it is now; `nil` where it does not say.
    public mutating func write(_ event: RunEvent, at seconds: Double, columns: Int?) -> String {
        switch event {
        case .progress(let epoch, let fraction):
            began = began ?? seconds
            state = .round(epoch, fraction: min(1, max(0, fraction)))
            return draw(at: seconds, columns)
        case .waiting(let text):
            state = .text(text)
            return draw(at: seconds, columns)
        case .started:
            began = seconds
        case .epoch(let report):
            results = "  loss \(report.training.meanLoss.text(digits: 4))"
            if let accuracy = report.test?.accuracy {
                results += "  test accuracy \(Optional(accuracy).text(digits: 4))"
            }
        case .done:
            state = .empty
        default:
            break
        }
        return event.text.map { write(line: $0, at: seconds, columns: columns) } ?? ""
    }

    /// What to write for a line that stays, with the bar drawn anew under it.
    public mutating func write(line text: String, at seconds: Double, columns: Int?) -> String {
        let cleared = clear(columns)
        line = ""
        let under = drawn(at: seconds, columns)
        line = under
        return "\(cleared)\(VisibleText.line(text))\n\(under)"
    }

    /// What to write when nothing more comes: an empty last line.
    public mutating func end(columns: Int?) -> String {
        state = .empty
        defer { line = "" }
        return line.isEmpty ? "" : clear(columns)
    }

    private mutating func draw(at seconds: Double, _ columns: Int?) -> String {
        let new = drawn(at: seconds, columns)
        guard new != line else { return "" }
        let cleared = clear(columns)
        line = new
        return cleared + new
    }

    /// Goes to the beginning of the bar and clears it. A terminal that was made narrower has broken it into
    /// several lines, and the cursor is in the last.
    private func clear(_ columns: Int?) -> String {
        let width = max(1, columns ?? ProgressBar.columnsByDefault)
        let broken = max(0, line.displayWidth - 1) / width
        return broken == 0 ? "\r\u{1B}[K" : "\r\u{1B}[\(broken)A\u{1B}[J"
    }

    /// The line for a width, with what there is room for.
    private func drawn(at seconds: Double, _ columns: Int?) -> String {
        let room = max(0, (columns ?? ProgressBar.columnsByDefault) - 1)
        switch state {
        case .empty:
            return ""
        case .text(let text):
            return VisibleText.line(text).clipped(to: room)
        case .round(let epoch, let fraction):
            return round(epoch, fraction, seconds - (began ?? seconds), room)
        }
    }

    private func round(_ epoch: Int, _ fraction: Double, _ elapsed: Double, _ room: Int) -> String {
        let head = "epoch \(epoch)/\(epochs)"
        let percent = "\(Int((fraction * 100).rounded(.down)))%".padded(to: 4)
        let times = time(epoch, fraction, elapsed)
        for tail in [times + results, times, ""] {
            let width = room - head.count - percent.count - tail.count - " [] ".count
            guard width >= ProgressBar.widths.lowerBound else { continue }
            let bar = ProgressBar.bar(fraction, width: min(width, ProgressBar.widths.upperBound))
            return "\(head) \(bar) \(percent)\(tail)"
        }
        return "\(head)\(percent)".clipped(to: room)
    }

    /// The time since the first round began, and the time to go if it goes on like this.
    private func time(_ epoch: Int, _ fraction: Double, _ elapsed: Double) -> String {
        let share = (Double(epoch - 1) + fraction) / Double(max(1, epochs))
        let passed = "  \(ProgressBar.clock(elapsed))"
        guard share > 0, share <= 1 else { return passed }
        return "\(passed), \(ProgressBar.clock(elapsed / share - elapsed)) left"
    }

    private static func bar(_ fraction: Double, width: Int) -> String {
        let filled = Int((fraction * Double(width)).rounded(.down))
        return "[\(String(repeating: "=", count: filled))\(String(repeating: " ", count: width - filled))]"
    }

    /// Minutes and seconds, and hours where there are any: `0:07`, `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000 else { return "-" }
        let whole = Int(max(0, seconds).rounded())
        let (minutes, rest) = (whole / 60, whole % 60)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return minutes < 60
            ? "\(minutes):\(two(rest))" : "\(minutes / 60):\(two(minutes % 60)):\(two(rest))"
    }
}
