import Foundation
import Testing

@Suite("The style of the house")
struct HouseStyleTests {
    static let lineLengthMaximum = 120
    static let functionLengthMaximum = 70
    static let unsafeRooms = ["Sources/Ground/", "Sources/ZMQ/", "Sources/Tensor/Kernels/"]
    static let programs = ["broker", "worker", "trainer", "Console"]

    @Test("files are small enough to hold one idea", arguments: SourceTree.swiftFiles)
    func fileLength(_ file: SourceTree.File) {
        let limit = file.isTest ? 600 : 400
        #expect(
            file.lines.count <= limit, "\(file.path) has \(file.lines.count) lines, the limit is \(limit)")
    }

    @Test("lines fit a page", arguments: SourceTree.swiftFiles)
    func lineLength(_ file: SourceTree.File) {
        for (index, line) in file.lines.enumerated() where line.count > Self.lineLengthMaximum {
            Issue.record(
                "\(file.path):\(index + 1) has \(line.count) columns, the limit is \(Self.lineLengthMaximum)")
        }
    }

    @Test("functions are short", arguments: SourceTree.sources)
    func functionLength(_ file: SourceTree.File) {
        for function in Self.functions(of: file) where function.length > Self.functionLengthMaximum {
            Issue.record("\(file.path):\(function.line) is a function of \(function.length) lines")
        }
    }

    @Test("no two files of a target share a name")
    func uniqueNames() {
        let byTarget = Dictionary(grouping: SourceTree.swiftFiles) { "\($0.isTest)\($0.target)/\($0.name)" }
        for (name, files) in byTarget where files.count > 1 {
            Issue.record("\(name) is there \(files.count) times: \(files.map(\.path))")
        }
    }

    @Test("unsafe code stays in its three rooms", arguments: SourceTree.sources)
    func unsafeRooms(_ file: SourceTree.File) {
        guard !Self.unsafeRooms.contains(where: { file.path.hasPrefix($0) }) else { return }
        for (index, line) in Self.code(of: file) where line.contains(/\bunsafe\b|Unsafe[A-Z]|Unmanaged/) {
            Issue.record("\(file.path):\(index) is unsafe outside \(Self.unsafeRooms): \(line)")
        }
    }

    @Test("words that hide mistakes are not used", arguments: SourceTree.sources)
    func bannedWords(_ file: SourceTree.File) {
        var banned = ["try!", "fatalError(", "DispatchQueue", "Thread.sleep", "TODO", "FIXME"]
        if !Self.programs.contains(file.target) { banned.append("print(") }
        for (index, line) in Self.code(of: file) {
            for word in banned where line.contains(word) {
                Issue.record("\(file.path):\(index) uses \(word)")
            }
        }
    }

    @Test("what the compiler cannot check has a proof beside it", arguments: SourceTree.sources)
    func proofs(_ file: SourceTree.File) {
        let lines = file.lines
        for (index, line) in lines.enumerated()
        where line.contains(/@unchecked Sendable|nonisolated\(unsafe\)/) && !Self.isComment(line) {
            let nearby = lines[max(0, index - 8)..<min(lines.count, index + 9)]
            #expect(
                nearby.contains { $0.contains("roof") }, "\(file.path):\(index + 1) has no proof beside it")
        }
    }

    @Test("tests do not wait on time", arguments: SourceTree.swiftFiles.filter(\.isTest))
    func noSleeping(_ file: SourceTree.File) {
        // How long a byte takes is what the proxy is there for.
        guard file.target != "TidyTests", file.name != "TCPProxy.swift" else { return }
        for (index, line) in Self.code(of: file) where line.contains(/Task\.sleep|usleep\(|\bsleep\(/) {
            Issue.record("\(file.path):\(index) sleeps: \(line)")
        }
    }

    @Test("the sources are read: a rule for no file would always hold")
    func filesAreThere() {
        #expect(SourceTree.sources.count > 200)
        #expect(SourceTree.swiftFiles.filter(\.isTest).count > 100)
        for folder in ["Sources/", "Tests/", "Benchmarks/", "Fuzz/", "Examples/", "Snippets/"] {
            #expect(SourceTree.swiftFiles.contains { $0.path.hasPrefix(folder) }, "\(folder) was not read")
        }
        #expect(SourceTree.sources.flatMap(Self.functions).count > 1_000)
        for room in Self.unsafeRooms {
            #expect(SourceTree.sources.contains { $0.path.hasPrefix(room) }, "there is no \(room)")
        }
        for program in Self.programs {
            #expect(SourceTree.sources.contains { $0.target == program }, "there is no \(program)")
        }
    }

    // MARK: Reading Swift, roughly: enough for rules, not for a compiler

    static func isComment(_ line: Substring) -> Bool {
        line.drop { $0 == " " }.hasPrefix("//")
    }

    /// Lines that are not comments, with their numbers from 1.
    static func code(of file: SourceTree.File) -> [(Int, Substring)] {
        file.lines.enumerated().filter { !isComment($0.element) }.map { ($0.offset + 1, $0.element) }
    }

    /// Functions with their first line and length, found by indentation: the formatter keeps it honest.
    static func functions(of file: SourceTree.File) -> [(line: Int, length: Int)] {
        var functions: [(line: Int, length: Int)] = []
        var open: [(line: Int, indent: Int)] = []
        for (number, line) in code(of: file) {
            let indent = line.prefix { $0 == " " }.count
            let words = line.drop { $0 == " " }
            if let last = open.last, words.hasPrefix("}"), indent == last.indent {
                functions.append((last.line, number - last.line + 1))
                open.removeLast()
            }
            let starts = words.contains(/\bfunc |\binit[?(<]|^deinit/) && words.hasSuffix("{")
            if starts, !words.hasPrefix("}") { open.append((number, indent)) }
        }
        return functions
    }
}
