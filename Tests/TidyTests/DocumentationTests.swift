import Foundation
import Testing

@testable import Protocol
@testable import Tensor

@Suite("The documents")
struct DocumentationTests {
    static let protocolRows: Set<String> = Set(
        (SourceTree.read("docs/PROTOCOL.md")?.lines ?? []).compactMap { line -> String? in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard line.hasPrefix("|"), cells.count >= 2 else { return nil }
            return cells[0] + " " + cells[1].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
        })

    @Test("PROTOCOL.md lists every command with its code", arguments: Command.allCases)
    func commands(_ command: Command) {
        #expect(Self.protocolRows.contains("\(command.rawValue) \(command)"))
    }

    @Test("PROTOCOL.md has the table of failure codes, row by row")
    func failureCodes() {
        let rows = (SourceTree.read("docs/PROTOCOL.md")?.lines ?? []).map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        for entry in FailureCode.table {
            let speakers = entry.speakers.map(\.rawValue).joined(separator: ", ")
            let row = ["\(entry.code.rawValue)", entry.name, speakers, entry.kind.rawValue]
            #expect(rows.contains { Array($0.prefix(4)) == row }, "\(row)")
        }
    }

    @Test("PROTOCOL.md lists every operation with its code")
    func operations() {
        for operation in Set(Operation.samples.map(\.operation.wireCode)).sorted() {
            let name = Operation.samples.first { $0.operation.wireCode == operation }?.operation.name ?? ""
            #expect(Self.protocolRows.contains("\(operation) \(name)"), "operation \(operation) \(name)")
        }
    }

    @Test("wire codes of operations are unique by name")
    func uniqueOperations() {
        let names = Dictionary(grouping: Operation.samples.map(\.operation), by: \.wireCode)
        for (code, operations) in names {
            #expect(
                Set(operations.map(\.name)).count == 1, "code \(code) stands for \(operations.map(\.name))")
        }
    }

    @Test("every link between pages leads somewhere", arguments: SourceTree.pages)
    func links(_ page: SourceTree.File) {
        let folder = page.path.split(separator: "/").dropLast().joined(separator: "/")
        for match in page.text.matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
            let target = String(match.output.1)
            guard !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
            let path = (folder.isEmpty ? "" : folder + "/") + target
            #expect(SourceTree.exists(path), "\(page.path) links to \(target)")
        }
    }

    @Test("every file the pages name is there", arguments: SourceTree.pages)
    func namedFiles(_ page: SourceTree.File) {
        for match in page.text.matches(
            of: /`((?:Sources|Tests|scripts|docs|Benchmarks|Fuzz|Examples|Snippets)\/[A-Za-z0-9_+\/.-]*)`/)
        {
            let path = String(match.output.1)
            #expect(SourceTree.exists(path), "\(page.path) names \(path)")
        }
    }

    @Test("the tutorial's code is the examples'", arguments: ["docs/tutorial.md", "docs/tutorial.ro.md"])
    func tutorialCode(_ path: String) throws {
        let page = try #require(SourceTree.read(path))
        let examples = SourceTree.swiftFiles.filter {
            $0.path.hasPrefix("Examples/") || $0.path.hasPrefix("Snippets/")
        }
        try #require(examples.count > 5, "the examples were not found")
        let known = Set(examples.flatMap(\.lines).map { $0.trimmingCharacters(in: .whitespaces) })
        var isSwift = false, count = 0
        for line in page.lines {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("```") {
                isSwift = text == "```swift"
            } else if isSwift, !text.isEmpty, !text.hasPrefix("//") {
                #expect(known.contains(text), "\(path): \(text)")
                count += 1
            }
        }
        #expect(count > 50, "\(path) has only \(count) lines of code")
    }

    @Test("code that is no program stands, line by line, where its page says", arguments: SourceTree.pages)
    func linesOf(_ page: SourceTree.File) throws {
        for match in page.text.matches(of: /<!-- lines of ([^ ]+) -->\n```[a-z]*\n(?<code>[^`]*)```/) {
            let path = String(match.output.1)
            let file = try #require(SourceTree.read(path), "\(page.path) names \(path)")
            let known = Set(file.lines.map { $0.trimmingCharacters(in: .whitespaces) })
            for line in match.output.code.split(separator: "\n") {
                #expect(known.contains(line.trimmingCharacters(in: .whitespaces)), "\(page.path): \(line)")
            }
        }
        let marks = page.text.matches(of: /<!--\s*(given|lines of)\b/).count
        let before = page.text.matches(of: /<!-- (given|lines of) [^\n]* -->\n```swift/).count
        #expect(marks == before, "\(page.path) has a mark that is not right above a block of Swift")
    }

    @Test("every snippet a page quotes is there, its slice too", arguments: SourceTree.pages)
    func snippets(_ page: SourceTree.File) throws {
        for match in page.text.matches(of: /@Snippet\(path: "fagure\/([^"]+)"(?:, slice: "([^"]+)")?\)/) {
            let path = "\(match.output.1).swift"
            let file = try #require(SourceTree.read(path), "\(page.path) quotes \(path)")
            guard let slice = match.output.2 else { continue }
            #expect(file.lines.contains("// snippet.\(slice)"), "\(page.path): \(path) has no \(slice)")
        }
    }

    @Test(
        "the pages quote snippets, link to others and name files: the tests above have something to look at")
    func pagesAreRead() {
        let text = SourceTree.pages.map(\.text).joined()
        #expect(SourceTree.pages.count > 15 && Self.protocolRows.count > 50)
        #expect(text.matches(of: /@Snippet\(path/).count > 5)
        #expect(text.matches(of: /\]\([^)#\s:]+\.md\)/).count > 10)
        #expect(text.matches(of: /`(Sources|Tests|scripts|docs)\/[^`]+`/).count > 20)
        #expect(Set(Operation.samples.map(\.operation.wireCode)).count > 40)
    }

    @Test("no page or script names one machine's folders")
    func noMachinePaths() {
        #expect(SourceTree.scripts.count > 5)
        for file in SourceTree.pages + SourceTree.scripts + SourceTree.swiftFiles
        where file.target != "TidyTests" {
            #expect(!file.text.contains(/(^|[\s"'`(])\/(work|root|home)\//), "\(file.path)")
        }
    }
}
