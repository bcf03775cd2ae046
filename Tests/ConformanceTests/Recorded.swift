import Foundation
import TestSupport
import Testing

/// A file of `conformance/`: rows of JSON that programs in any language are held against.
///
/// The tests hold this project against the files. `FAGURE_RECORD=1 scripts/test --filter ConformanceTests` writes them
/// anew, after a change of the protocol that is meant.
enum Recorded {
    /// The rows of a file; written first where that is asked for.
    static func rows<Row: Codable>(_ name: String, now: [Row]) throws -> [Row] {
        let path = Fixtures.project.appending(path: "conformance/\(name)")
        if ProcessInfo.processInfo.environment["FAGURE_RECORD"] == "1" {
            try write(now, to: path)
        }
        return try JSONDecoder().decode([Row].self, from: Data(contentsOf: path))
    }

    /// A row a line, so that a change is seen where it is.
    private static func write(_ rows: [some Encodable], to path: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let lines = try rows.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        try Data("[\n\(lines.joined(separator: ",\n"))\n]\n".utf8).write(to: path)
    }
}

/// Bytes as hexadecimal digits.
func digits(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0\(text)" : text
    }.joined()
}
