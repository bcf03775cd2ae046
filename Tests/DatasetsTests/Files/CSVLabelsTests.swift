import Testing

@testable import Datasets

@Suite struct CSVLabelsTests {
    private func labels(_ texts: [String], _ kind: LabelKind = .automatic) throws -> CSVLabels {
        let lines = texts.map { "1,\($0)\n" }.joined()
        return try CSVLabels(CSVRows(Array("x,y\n\(lines)".utf8), file: "x.csv", label: "y"), kind: kind)
    }

    private func classes(_ texts: [String], _ kind: LabelKind = .automatic) throws -> ([Int32], [String]) {
        guard case .classes(let indices, let names) = try labels(texts, kind) else { throw NotThatKind() }
        return (indices, names)
    }

    private func numbers(_ texts: [String], _ kind: LabelKind = .automatic) throws -> [Float] {
        guard case .numbers(let numbers) = try labels(texts, kind) else { throw NotThatKind() }
        return numbers
    }

    private func expectFault(_ fault: CSVFault, line: Int, in texts: [String], _ kind: LabelKind = .automatic)
    {
        let position = CSVPosition(file: "x.csv", line: line, column: 2, columnName: "y")
        #expect(throws: DatasetError.csv(fault, at: position)) { try labels(texts, kind) }
    }

    @Test("text labels are classes in the order of their names")
    func text() throws {
        let (indices, names) = try classes(["malignant", "benign", "malignant", "Benign"])
        #expect(names == ["Benign", "benign", "malignant"])
        #expect(indices == [2, 1, 2, 0])
        #expect(try classes(["0xb", "0xA"]).1 == ["0xA", "0xb"])
    }

    @Test("few whole numbers are classes in the order of their values, however written")
    func wholeNumbers() throws {
        let (indices, names) = try classes(["10", "9", "-1", "9.0", "010"])
        #expect(names == ["-1", "9", "10"])
        #expect(indices == [2, 1, 0, 1, 2])
    }

    @Test("many whole numbers, and any that are not whole, are numbers")
    func regression() throws {
        #expect(try numbers(["1", "2.5"]) == [1, 2.5])
        #expect(try numbers((0...20).map(String.init)).count == 21)
        #expect(try classes((0..<20).map(String.init)).1.count == 20)
    }

    @Test("told kinds are kept to")
    func told() throws {
        #expect(try numbers(["0", "1"], .numbers) == [0, 1])
        #expect(try classes((0...20).map(String.init), .classes(nil)).1.count == 21)
        #expect(try classes(["1.5", "x"], .classes(nil)).1 == ["1.5", "x"])
        let (indices, names) = try classes(["b", "b"], .classes(["a", "b", "c"]))
        #expect(names == ["a", "b", "c"])
        #expect(indices == [1, 1])
    }

    @Test("a stray word or NaN among numbers is a fault, not a class")
    func strays() {
        expectFault(.textCell("n/a"), line: 3, in: ["1", "n/a", "3"])
        expectFault(.textCell("n/a"), line: 2, in: ["n/a", "3"])
        expectFault(.notFinite("NaN"), line: 3, in: ["1", "NaN"])
        expectFault(.notFinite("-inf"), line: 2, in: ["-inf", "2"])
        expectFault(.textCell("x"), line: 2, in: ["x"], .numbers)
    }

    @Test("a label that is none of the classes named is refused")
    func unknownClass() {
        expectFault(.unknownClass("c", classes: ["a", "b"]), line: 3, in: ["a", "c"], .classes(["a", "b"]))
    }

    @Test("so many distinct texts are no classes")
    func tooManyClasses() {
        expectFault(
            .tooManyClasses(count: 1_001, limit: 1_000), line: 2, in: (0...1_000).map { "name \($0)" })
    }
}

private struct NotThatKind: Error {}
