import TestSupport
import Testing

@testable import Datasets

@Suite struct CSVParserTests {
    private func records(_ bytes: [UInt8]) throws -> [[String]] {
        var parser = CSVParser(bytes, file: "x.csv")
        var cells: [CSVParser.Cell] = []
        var records: [[String]] = []
        while try parser.next(into: &cells) {
            records.append(
                try cells.enumerated().map { try parser.text(of: $0.element, column: $0.offset + 1) })
        }
        return records
    }

    private func records(_ text: String) throws -> [[String]] { try records(Array(text.utf8)) }

    @Test(
        "records are cut after RFC 4180",
        arguments: [
            ("", []),
            ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
            ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
            ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
            ("\u{feff}a,b\n", [["a", "b"]]),
            ("a\n\n\r\n\nb\n", [["a"], ["b"]]),
            (",\n,,\n", [["", ""], ["", "", ""]]),
            ("a,\n", [["a", ""]]),
            (" a ,\tb\n", [["a", "b"]]),
            ("\"a\",\"b\"\n", [["a", "b"]]),
            ("\"a,b\",c\n", [["a,b", "c"]]),
            ("\"a\nb\",c\n", [["a\nb", "c"]]),
            ("\"a\r\nb\"\r\nc\r\n", [["a\r\nb"], ["c"]]),
            ("\"say \"\"hi\"\"\"\n", [["say \"hi\""]]),
            ("\"\"\"\"\n", [["\""]]),
            ("\"\"\"\"\"\"\n", [["\"\""]]),
            ("\"\",\"\"\n", [["", ""]]),
            ("\" a \"\n", [[" a "]]),
            ("größe,日本\n", [["größe", "日本"]]),
            ("a,b\r1,2\r\r3,\"4\r5\"\r", [["a", "b"], ["1", "2"], ["3", "4\r5"]]),
        ] as [(String, [[String]])])
    func cutting(text: String, expected: [[String]]) throws {
        #expect(try records(text) == expected)
    }

    @Test(
        "quotation marks that do not match are refused with their position",
        arguments: [
            ("a\"b\n", CSVFault.strayQuote, 1, 1),
            ("x,\"a\"b\n", .strayQuote, 1, 2),
            ("x\n\"a\" ,b\n", .strayQuote, 2, 1),
            ("x\ny,\"a\n\n", .unclosedQuote, 2, 2),
            ("\"", .unclosedQuote, 1, 1),
            ("\"a\"\"", .unclosedQuote, 1, 1),
        ])
    func quotes(text: String, fault: CSVFault, line: Int, column: Int) {
        #expect(throws: DatasetError.csv(fault, at: CSVPosition(file: "x.csv", line: line, column: column))) {
            try records(text)
        }
    }

    @Test("lines are counted through quoted line breaks and empty lines")
    func lines() throws {
        var parser = CSVParser(Array("a\n\n\"b\nc\",d\ne".utf8), file: "x.csv")
        var cells: [CSVParser.Cell] = []
        var lines: [[Int]] = []
        while try parser.next(into: &cells) { lines.append(cells.map(\.line)) }
        #expect(lines == [[1], [3, 4], [5]])
    }

    @Test("a byte of zero is refused with its position, in quotation marks too")
    func zero() {
        for (bytes, column) in [([0x61, 0x2C, 0x31, 0], 2), ([0x22, 0x61, 0, 0x22], 1)] as [([UInt8], Int)] {
            let position = CSVPosition(file: "x.csv", line: 1, column: column)
            #expect(throws: DatasetError.csv(.nulByte, at: position)) { try records(bytes) }
        }
    }

    @Test("bytes that are not UTF-8 are refused with their position")
    func invalidText() {
        #expect(throws: DatasetError.csv(.invalidText, at: CSVPosition(file: "x.csv", line: 2, column: 2))) {
            try records(Array("a,b\n1,".utf8) + [0xff, 0x0a])
        }
    }

    @Test("more cells than a record may have are refused")
    func tooManyColumns() {
        let text = String(repeating: ",", count: DatasetLimits.csvColumnCountMaximum)
        #expect(throws: DatasetError.self) { try records(text) }
    }

    @Test("what a plain writer quotes is read back, whatever the text")
    func roundTrip() throws {
        var generator = SplitMix64(seed: 4)
        let letters = Array("ab,\"\n\r é")
        for _ in 0..<300 {
            let written = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                    let length = Int.random(in: 0...5, using: &generator)
                    return String((0..<length).compactMap { _ in letters.randomElement(using: &generator) })
                }
            }
            let text = written.map { record in
                record.map { "\"\(doublingQuotes($0))\"" }.joined(separator: ",") + "\r\n"
            }
            #expect(try records(text.joined()) == written)
        }
    }

    @Test("random bytes only throw or are read to their end")
    func randomBytes() {
        var generator = SplitMix64(seed: 6)
        let likely = Array("\",\n\r0a".utf8) + [0xff, 0x00]
        for _ in 0..<3_000 {
            let count = Int.random(in: 0...20, using: &generator)
            let bytes = (0..<count).compactMap { _ in likely.randomElement(using: &generator) }
            if let records = try? records(bytes) {
                #expect(records.allSatisfy { !$0.isEmpty })
            }
        }
    }
}

private func doublingQuotes(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] }))
}
