import Foundation
package import Logging

/// Log lines for people: time, level where it matters, text and metadata, on standard error.
package struct ConsoleLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level

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
        let level = event.level == .info ? "" : "\(event.level): "
        let line = "\(ConsoleLog.time()) \(level)\(event.message)\(facts)\n"
        FileHandle.standardError.write(Data(line.utf8))
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
