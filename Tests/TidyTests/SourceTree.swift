import Foundation
import TestSupport
import Testing

/// The project's own files, as the rules of the house see them.
struct SourceTree {
    /// One file, relative to the project's root.
    struct File: Sendable, CustomTestStringConvertible {
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        var name: String { String(path.split(separator: "/").last ?? "") }
        /// The target a source or test file belongs to.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
        var isTest: Bool { path.hasPrefix("Tests/") }
        var isGenerated: Bool { path.hasSuffix(".pb.swift") }
        var testDescription: String { path }
    }

    /// The project's root folder.
    static let root = Fixtures.project

    /// Every Swift file that a person wrote.
    static let swiftFiles: [File] = files(
        under: ["Sources", "Tests", "Benchmarks", "Fuzz", "Examples", "Snippets"], extension: "swift"
    )
    .filter { !$0.isGenerated }

    /// Every Swift file under `Sources`.
    static var sources: [File] { swiftFiles.filter { $0.path.hasPrefix("Sources/") } }

    /// Every Markdown page.
    static let pages: [File] =
        files(under: ["docs", "Sources/Fagure/Fagure.docc"], extension: "md")
        + ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].compactMap { read($0) }

    /// Every script people or machines run.
    static let scripts: [File] = files(under: ["scripts", ".ci"], extension: nil)

    /// Reads one file.
    static func read(_ path: String) -> File? {
        guard let data = try? Data(contentsOf: root.appending(path: path)) else { return nil }
        return File(path: path, text: String(decoding: data, as: UTF8.self))
    }

    /// Whether a file or folder is there.
    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    private static func files(under folders: [String], extension suffix: String?) -> [File] {
        folders.flatMap { folder -> [File] in
            let start = root.appending(path: folder)
            let names = FileManager.default.enumerator(atPath: start.path)?.compactMap { $0 as? String } ?? []
            return names.filter { name in
                (suffix.map { name.hasSuffix(".\($0)") } ?? true) && !name.contains(".build")
            }.sorted()
                .compactMap { read("\(folder)/\($0)") }
        }
    }
}
