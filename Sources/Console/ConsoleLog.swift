import Foundation
import Ground
package import Logging

/// Log lines for people: time, level where it matters, text and metadata, on standard error.
///
/// Text from outside is made fit to be shown, and lines are limited, so many a second of each kind: a peer that
/// can provoke a line must not fill a disk.
package struct ConsoleLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level

    private static let limit = Lock(LogLimit())
    private static let start = ContinuousClock.now
    private static let wordCountMaximum = 32

    /// A handler that drops what is below a level.
    package init(level: Logger.Level) { logLevel = level }

    /// A logger for a program.
    package static func logger(_ label: String, level: Logger.Level) -> Logger {
        Logger(label: label) { _ in ConsoleLog(level: level) }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let facts = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let text = "\(event.message)\(facts)"
        // Where a line is written says what kind it is; a line that hands on others' text, its first word.
        let word = text.prefix { $0 != " " }.prefix(ConsoleLog.wordCountMaximum)
        let kind = "\(event.file):\(event.line) \(event.level) \(word)"
        let now = ConsoleLog.milliseconds
        let (overdue, heldBack) = ConsoleLog.limit.withLock { limit in
            let heldBack = limit.admit(kind, text, at: now)
            return (limit.overdue(at: now), heldBack)
        }
        for kind in overdue { ConsoleLog.tell(kind) }
        guard let heldBack else { return }
        let level = event.level == .info ? "" : "\(event.level): "
        let others = heldBack > 0 ? " (and \(ConsoleLog.grouped(heldBack)) more such lines)" : ""
        ConsoleLog.write("\(level)\(text)\(others)")
    }

    /// Tells of lines that were held back; for the end of the program.
    static func flush() {
        for kind in limit.withLock({ $0.all() }) { tell(kind) }
    }

    private static func tell(_ kind: LogLimit.HeldBack) {
        write("… and \(grouped(kind.count)) more such lines, the last: \(kind.text)")
    }

    private static func write(_ text: String) { StandardStream.errors.line("\(time()) \(text)") }

    /// A number with a comma before every three digits.
    static func grouped(_ number: Int) -> String {
        var groups = ""
        let digits = String(number)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { groups.append(",") }
            groups.append(digit)
        }
        return groups
    }

    /// Milliseconds since the first line.
    private static var milliseconds: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }

    /// The time of day, `14:03:07.123`, in the local time zone.
    private static func time() -> String {
        let now = Date()
        let parts = Calendar.current.dateComponents([.hour, .minute, .second, .nanosecond], from: now)
        let milliseconds = (parts.nanosecond ?? 0) / 1_000_000
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(parts.hour ?? 0, 2)):\(padded(parts.minute ?? 0, 2)):\(padded(parts.second ?? 0, 2))"
            + ".\(padded(milliseconds, 3))"
    }
}
