import Foundation
import Ground
import ZMQ

/// The environment twins of flags: `--data-folder` is `FAGURE_DATA_FOLDER`.
package enum Flag {
    /// The value an environment variable gives a flag, if it is set and not empty.
    package static func environment(_ flag: String) -> String? {
        let value = ProcessInfo.processInfo.environment[variable(flag)]
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What kind of terminal there is, as the system's own variable says.
    static var terminal: String? { ProcessInfo.processInfo.environment["TERM"] }

    /// The name of a flag's environment variable.
    package static func variable(_ flag: String) -> String {
        "FAGURE_" + flag.uppercased().replacingOccurrences(of: "-", with: "_")
    }
}

extension Flag {
    /// Why a text is no endpoint for a broker to listen at, or to find one at; `nil` where it is one.
    ///
    /// - Parameters:
    ///   - flag: The flag's name, without dashes.
    ///   - isBound: Whether it is to be listened at.
    package static func fault(ofEndpoint text: String, flag: String, isBound: Bool = false) -> String? {
        do throws(Endpoint.Fault) {
            _ = try Endpoint(text, for: isBound ? .bind : .connect)
        } catch {
            return "--\(flag) is '\(VisibleText.shortened(text, to: 200))': \(error)"
        }
        return text.hasPrefix("inproc:")
            ? "--\(flag) is \(Words.quoted(text)): inproc leads nowhere outside of one process; use tcp or ipc"
            : nil
    }
}
