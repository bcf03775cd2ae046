package import Logging

extension Logger {
    /// Nothing is worth a line in a test.
    package static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
