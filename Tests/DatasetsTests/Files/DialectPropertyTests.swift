import TestSupport
import Testing

@testable import Datasets

@Suite struct DialectPropertyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("random tables written in every dialect are read the same")
    func dialects() throws {
        var generator = SplitMix64(seed: 51)
        for _ in 0..<40 {
            let count = Int.random(in: 1...30, using: &generator)
            let rows = (0..<count).map { _ in
                [
                    "\(Float.random(in: -1e6...1e6, using: &generator))",
                    "\(Int.random(in: 0...99, using: &generator)).5",
                    ["f", "m"].randomElement(using: &generator) ?? "f",
                    ["sick", "well"].randomElement(using: &generator) ?? "sick",
                ]
            }
            let records = [["age", "bp", "sex", "outcome"]] + rows
            let plain = try table(records, ",", ".", "\n", isQuoted: false)
            for delimiter in [",", ";", "\t"] {
                for (mark, ending) in [(".", "\r\n"), (".", "\r"), (",", "\n")] {
                    for isQuoted in [true, false] where isQuoted || mark != delimiter {
                        let read = try table(records, delimiter, mark, ending, isQuoted: isQuoted)
                        #expect(read.values == plain.values, "\(delimiter) \(mark) \(isQuoted)")
                    }
                }
            }
        }
    }

    private func table(
        _ records: [[String]], _ delimiter: String, _ mark: String, _ ending: String, isQuoted: Bool
    ) throws -> Table {
        let text = records.map { cells in
            cells.map { cell in
                let cell = String(cell.map { $0 == "." ? Character(mark) : $0 })
                return isQuoted ? "\"\(cell)\"" : cell
            }.joined(separator: delimiter) + ending
        }.joined()
        let path = try folder.write(text, to: "x.csv")
        let schema = try DataSchema(
            features: [
                DataSchema.Feature(name: "sex", kind: .categories(["f", "m"])),
                DataSchema.Feature(name: "age"),
                DataSchema.Feature(name: "bp"),
            ],
            label: DataSchema.Label(name: "outcome", kind: .classes(["sick", "well"])))
        return try Dataset.table(file: DataFile(path), schema: schema).table
    }

    @Test("numbers are the nearest float32, exactly as the standard library reads them")
    func numbers() {
        var generator = SplitMix64(seed: 52)
        for round in 0..<20_000 {
            let text: String =
                switch round % 4 {
                case 0: "\(Float(bitPattern: UInt32.random(in: 1...0x7F7F_FFFF, using: &generator)))"
                case 1: "\(Double.random(in: -1e9...1e9, using: &generator))"
                case 2:
                    "\(Int.random(in: -1_000_000_000...1_000_000_000, using: &generator))"
                        + "e\(Int.random(in: -40...25, using: &generator))"
                // Halfway between two neighbours, and a hair above it.
                default:
                    "\(Double(Float.random(in: 1...2, using: &generator)) + 0x1p-24)"
                        + (round % 8 == 3 ? "" : "00000000000001")
                }
            let bytes = Array(text.utf8)
            let expected = Float(text) ?? .nan
            switch NumberText.read(bytes, bytes.indices, mark: UInt8(ascii: ".")) {
            case .number(let number): #expect(number == expected, "\(text)")
            case .unholdable: #expect(!expected.isFinite || expected == 0, "\(text)")
            case .text: Issue.record("\(text) is a number")
            }
        }
    }

    @Test(
        "what is no number is none",
        arguments: ["", "-", ".", "1e", "e1", "0x10", "1 2", "1,2", "--1", "1e+", "nan", "1_0"])
    func texts(text: String) {
        let bytes = Array(text.utf8)
        guard case .text = NumberText.read(bytes, bytes.indices, mark: UInt8(ascii: ".")) else {
            Issue.record("\(text) is no number")
            return
        }
    }
}
