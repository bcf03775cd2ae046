import Foundation

/// The environment twins of flags: `--data-folder` is `FAGURE_DATA_FOLDER`.
package enum Flag {
    /// The value an environment variable gives a flag, if it is set and not empty.
    package static func environment(_ flag: String) -> String? {
        let value = ProcessInfo.processInfo.environment[variable(flag)]
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The name of a flag's environment variable.
    package static func variable(_ flag: String) -> String {
        "FAGURE_" + flag.uppercased().replacingOccurrences(of: "-", with: "_")
    }
}
