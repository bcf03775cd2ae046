import Foundation
import TestSupport
import Testing

@testable import Protocol

@Suite("The numbers of PROTOCOL.md")
struct ProtocolNumbersTests {
    /// A row of the table of limits: where the code has it, and what the document says.
    private struct Row {
        let room: String
        let name: String
        let text: String
    }

    private static let rows: [Row] = (SourceTree.read("docs/PROTOCOL.md")?.lines ?? []).flatMap {
        line -> [Row] in
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        guard line.hasPrefix("| `"), cells.count == 3,
            cells[0].contains("Limits.") || cells[0].hasPrefix("`Shape.")
        else { return [] }
        var room = ""
        return cells[0].matches(of: /`([A-Za-z.]*)\.([a-z][A-Za-z]*)`/).map { match in
            if !match.output.1.isEmpty { room = String(match.output.1) }
            return Row(room: room, name: String(match.output.2), text: cells[1])
        }
    }

    /// What the document says, as a number: `1,024`, `16 KiB`, `1,000 ms`, `2³¹ − 1`.
    private static func number(_ text: String) -> Int? {
        if text == "2³¹ − 1" { return Int(Int32.max) }
        let words = text.split(separator: " ")
        guard let first = words.first, let number = Int(first.filter { $0 != "," }) else { return nil }
        let shifts = ["KiB": 10, "MiB": 20, "GiB": 30]
        return words.count > 1 ? number << (shifts[String(words[1])] ?? 0) : number
    }

    /// What the code says, as a number: `1 << 20`, `65_536`, `Int(Int32.max)`.
    private static func value(_ text: Substring) -> Int? {
        if text == "Int(Int32.max)" { return Int(Int32.max) }
        let terms = text.filter { $0 != "_" }.components(separatedBy: " << ").map { Int($0) }
        guard let first = terms.first ?? nil else { return nil }
        return terms.count == 1 ? first : terms[1].map { first << $0 }
    }

    /// The line of a constant in the file that declares its room.
    private static func line(of row: Row) -> Substring? {
        let type = row.room.split(separator: ".").last.map(String.init) ?? ""
        let files = SourceTree.sources.filter { file in
            ["enum \(type) ", "struct \(type): "].contains { file.text.contains($0) }
        }
        return files.flatMap(\.lines).first {
            $0.contains("let \(row.name)") || $0.contains("var \(row.name) = ")
        }
    }

    @Test("limits are those of the code")
    func limits() throws {
        #expect(Self.rows.count > 45)
        for row in Self.rows {
            let line = try #require(Self.line(of: row), "\(row.room) has no \(row.name)")
            let right = line.split(separator: " = ").last ?? ""
            #expect(
                Self.number(row.text) == Self.value(right) && Self.value(right) != nil,
                "\(row.room).\(row.name) is \(right), the document says \(row.text)")
        }
    }

    @Test("the vector of a header is one")
    func header() throws {
        let text = SourceTree.read("docs/PROTOCOL.md")?.text ?? ""
        let digits = try #require(text.firstMatch(of: /`(4647520a[0-9a-f \n]+)`/)).output.1.filter(
            \.isHexDigit)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { offset in
            UInt8(digits.dropFirst(offset).prefix(2), radix: 16)
        }
        let header = try Header(decoding: bytes.span)
        var again: [UInt8] = []
        again.append(header, heard: 0x0102_0304)
        #expect(bytes.count == Header.byteCount && again == bytes)
        #expect(header.command == .submit && header.attempt == 0x6162_6364 && header.flags == .targetsSession)
        #expect(header.epoch == 0x1112_1314_1516_1718 && header.deadlineMilliseconds == 0x7172_7374)
    }
}
