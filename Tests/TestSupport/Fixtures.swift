package import Foundation

/// Paths of files the tests read, found from this file's own path.
package enum Fixtures {
    /// The project's root folder.
    package static let project = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A file of `Tests/Fixtures`.
    package static func file(_ name: String) -> String {
        project.appending(path: "Tests/Fixtures/\(name)").path
    }

    /// A case from the field.
    package static func fieldCase(_ name: String) -> String { file("cases/\(name)") }

    /// An array that NumPy wrote.
    package static func array(_ name: String) -> String { file("arrays/\(name)") }

    /// Numbers of another library: of this project, or of the folder that `FAGURE_VECTORS` names.
    package static func vectors<Value: Decodable>(_ name: String) throws -> Value {
        let other = ProcessInfo.processInfo.environment["FAGURE_VECTORS"] ?? ""
        let path = other.isEmpty ? file("vectors/\(name)") : "\(other)/\(name)"
        return try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(filePath: path)))
    }
}
