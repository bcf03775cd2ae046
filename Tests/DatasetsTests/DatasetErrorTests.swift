import Datasets
import Testing

@Suite struct DatasetErrorTests {
    @Test(
        "errors name the thing, what was expected and what came",
        arguments: [
            (
                DatasetError.unknownDataset(name: "mnist", known: ["toy", "digits"]),
                "data set 'mnist' is unknown, built in are toy, digits"
            ),
            (.fileNotFound(path: "/x", advice: nil), "/x: no such file"),
            (.fileNotFound(path: "/x", advice: "Make it."), "/x: no such file. Make it."),
            (.unreadableFile(path: "/x", reason: "not a regular file"), "/x: not a regular file"),
            (.invalidFile(path: "/x", reason: "not an IDX file"), "/x: not an IDX file"),
            (.fileTooLarge(path: "/x", limit: 10), "/x: larger than the 10 bytes allowed"),
            (.invalidTable(reason: "no columns"), "table is invalid: no columns"),
            (
                .shardOutOfRange(index: 0, count: 0),
                "shard 0 of 0 is out of range, there must be at least one shard"
            ),
            (
                .tooFewRows(dataset: "toy", rowCount: 4, shardCount: 5),
                "data set 'toy' has 4 rows, too few for 5 shards"
            ),
            (
                .csv(
                    .textCell("high"), at: CSVPosition(file: "a.csv", line: 3, column: 2, columnName: "age")),
                "a.csv:3: column 2 (age): expected a number, got 'high'"
            ),
            (
                .csv(.raggedRow(cellCount: 3, columnCount: 4), at: CSVPosition(file: "a.csv", line: 9)),
                "a.csv:9: 3 cells where the header has 4 (if the cells are not separated as it seems, say how with "
                    + "--delimiter)"
            ),
            (
                .columnsDiffer(
                    file: "a.csv", missing: ["bp"], new: ["weight"], expected: ["age", "bp", "y"],
                    found: ["age", "weight", "y"]),
                "a.csv: bp is missing, weight is new; the schema has age, bp, y, the file age, weight, y"
            ),
            (.invalidSchema(file: "a.yaml", line: 3, reason: "missing: no"), "a.yaml:3: missing: no"),
            (
                .csv(.unknownLabel(name: "x", columns: ["a", "b"]), at: CSVPosition(file: "a.csv", line: 1)),
                "a.csv:1: no label column 'x', the columns are a, b"
            ),
        ])
    func sentences(error: DatasetError, sentence: String) {
        #expect(error.description == sentence)
    }

    @Test("long foreign text and long lists are cut, line breaks shown as escapes")
    func cut() {
        let long = CSVFault.textCell(String(repeating: "x", count: 1_000)).description
        #expect(long == "expected a number, got '\(String(repeating: "x", count: 40))…'")
        #expect(CSVFault.textCell("a\nb").description == "expected a number, got 'a\\nb'")
        #expect(
            DatasetError.unknownDataset(name: "\u{1b}[2J", known: []).description.hasPrefix(
                "data set '\\u{1B}[2J' is"))
        let header = CSVPosition(file: "a", line: 1, column: 1, columnName: String(repeating: "h", count: 99))
        #expect(header.description == "a:1: column 1 (\(String(repeating: "h", count: 40))…)")
        let many = CSVFault.unknownLabel(name: "x", columns: (0..<100).map { "c\($0)" }).description
        #expect(many.hasSuffix("c11 and 88 more"))
    }
}
