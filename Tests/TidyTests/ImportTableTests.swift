import Foundation
import Testing

@Suite("The import table of ARCHITECTURE.md")
struct ImportTableTests {
    /// Room → modules it may import, from the table in docs/ARCHITECTURE.md.
    static let table: [String: Set<String>] = {
        var table: [String: Set<String>] = [:]
        for line in SourceTree.read("docs/ARCHITECTURE.md")?.lines ?? [] where line.hasPrefix("| `") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 5 else { continue }
            let room = cells[1].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
            table[room] = Set(cells[3].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
        }
        return table
    }()

    @Test("names every folder of Sources, and no other")
    func roomsAreListed() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: SourceTree.root.appending(path: "Sources").path
        ).filter { !$0.hasPrefix(".") }
        #expect(Set(folders) == Set(Self.table.keys))
    }

    @Test("is kept by every source file", arguments: SourceTree.sources)
    func importsAreAllowed(_ file: SourceTree.File) {
        let allowed = Self.table[file.target] ?? []
        for imported in Self.imports(of: file) {
            #expect(allowed.contains(imported), "\(file.path) imports \(imported); \(file.target) may not")
        }
    }

    @Test("imports are found in the sources")
    func importsAreFound() {
        let imports = SourceTree.sources.flatMap(Self.imports)
        for room in ["Tensor", "Protocol", "ZMQ"] { #expect(imports.contains(room)) }
        #expect(imports.count > 300)
    }

    @Test("has no cycles")
    func tableIsAcyclic() {
        for room in Self.table.keys {
            #expect(!reaches(room, from: room, depth: 0), "\(room) reaches itself")
        }
    }

    private func reaches(_ goal: String, from room: String, depth: Int) -> Bool {
        guard depth < 20 else { return true }
        return (Self.table[room] ?? []).contains { $0 == goal || reaches(goal, from: $0, depth: depth + 1) }
    }

    private static func imports(of file: SourceTree.File) -> [String] {
        file.lines.compactMap { line in
            let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
            guard let position = words.firstIndex(of: "import"), position <= 1, position + 1 < words.count
            else {
                return nil
            }
            if position == 1, !["public", "package", "internal", "fileprivate", "private"].contains(words[0])
            {
                return nil
            }
            return words[position + 1].split(separator: ".").first.map(String.init)
        }
    }
}
