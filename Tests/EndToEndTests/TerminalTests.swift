import Foundation
import TestSupport
import Testing

@Suite("On a terminal", .timeLimit(.minutes(5)))
struct TerminalTests {
    /// The lines that are left when a terminal has done what the bar asks of it; wide enough to break none.
    private static func rows(of text: String) -> [String] {
        var rows: [[Character]] = [[]]
        var column = 0
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "\r": column = 0
            case "\n", "\r\n":
                rows.append([])
                column = 0
            case "\u{1B}" where rest.hasPrefix("[K"):
                rest.removeFirst(2)
                rows[rows.count - 1] = Array(rows[rows.count - 1].prefix(column))
            default:
                rows[rows.count - 1] = rows[rows.count - 1].prefix(column) + [character]
                column += 1
            }
        }
        return rows.map { String($0) }.filter { !$0.isEmpty }
    }

    @Test("the bar of a narrow terminal never wraps and leaves nothing behind", arguments: [20, 45, 200])
    func bar(_ columns: Int) async throws {
        let folder = try TemporaryFolder()
        // script(1) makes a terminal; what is drawn there comes out of it.
        let trainer = try RunningProgram(
            "trainer",
            [
                "--embedded", "2", "--dataset", "digits", "--hidden", "16", "--epochs", "4", "--output",
                folder["run"],
            ],
            environment: ["TERM": "xterm", "SHELL": "/bin/bash"],
            shell: #"script -qec "stty cols \#(columns); $(printf '%q ' "$@")" /dev/null"#)
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        let drawn = trainer.lines.joined(separator: "\n") + "\n"
        #expect(drawn.contains("\u{1B}[K"), "there is no bar: \(drawn.debugDescription)")
        let rows = Self.rows(of: drawn)
        #expect(rows.filter { $0.hasPrefix("epoch") }.count == 4, "\(rows)")
        #expect(!rows.contains { $0.contains("[") || $0.contains("%") }, "\(rows)")
        // Pieces that are drawn over: all that is not ended by a line break.
        for piece in drawn.components(separatedBy: "\u{1B}[K") where !piece.contains("\n") {
            let text = piece.replacing("\r", with: "")
            #expect(text.count < columns, "\(text)")
        }
    }

    @Test(
        "names of classes do nothing to a terminal, and reach a program as they are",
        arguments: ["xterm", "dumb"])
    func classes(_ terminal: String) async throws {
        let folder = try TemporaryFolder()
        let name = "x\u{1B}]0;title\u{7}y"
        let rows = (0..<60).map { "\($0),\($0 % 7),\($0 % 2 == 0 ? name : "z")\n" }
        try ("a,b,class\n" + rows.joined()).write(
            toFile: folder["odd.csv"], atomically: true, encoding: .utf8)
        let trainer = try RunningProgram(
            "trainer",
            [
                "--embedded", "1", "--data", folder["odd.csv"], "--label", "class", "--model", "logistic",
                "--rounds", "1", "--output", folder["run"],
            ])
        #expect(await trainer.end() == 0, "\(trainer.errors)")
        let arguments = [
            "predict", "--model", folder["run/model.safetensors"], "--data", folder["odd.csv"],
        ]
        let shown = try RunningProgram(
            "trainer", arguments, environment: ["TERM": terminal, "SHELL": "/bin/bash"],
            shell: #"script -qec "$(printf '%q ' "$@")" /dev/null"#)
        #expect(await shown.end() == 0, "\(shown.errors)")
        #expect(shown.lines.count > 60 && !shown.lines.contains { $0.contains("\u{1B}") })
        #expect(shown.lines.contains { $0.contains(#"\u{1B}]0;title"#) })
        let piped = try RunningProgram("trainer", arguments)
        #expect(await piped.end() == 0, "\(piped.errors)")
        #expect(piped.lines.first == "row,class,probability:\(name),probability:z")
    }

    @Test("a failure after waiting has a line of its own")
    func failure() async throws {
        let trainer = try RunningProgram(
            "trainer", ["--broker", "tcp://127.0.0.1:1", "--timeout", "1"],
            environment: ["TERM": "xterm", "SHELL": "/bin/bash"],
            shell: #"script -qec "$(printf '%q ' "$@")" /dev/null"#)
        #expect(await trainer.end() == 69)
        let rows = Self.rows(of: trainer.lines.joined(separator: "\n"))
        #expect(
            rows.count == 1 && rows[0].contains("no broker answered at tcp://127.0.0.1:1 within 1 s"),
            "\(rows)")
    }
}
