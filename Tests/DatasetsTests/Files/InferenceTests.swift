import Datasets
import Tensor
import TestSupport
import Testing

@Suite struct InferenceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func kind(_ labels: [String], _ kind: LabelKind = .automatic) throws -> DataSchema.Label.Kind {
        let path = try folder.write("x,y\n" + labels.map { "1,\($0)\n" }.joined(), to: "x.csv")
        return try DataSchema.infer(file: DataFile(path, label: "y", labelKind: kind)).schema.label.kind
    }

    private func indices(_ labels: [String], _ kind: LabelKind = .automatic) throws -> [Int32] {
        let path = try folder.write("x,y\n" + labels.map { "1,\($0)\n" }.joined(), to: "x.csv")
        return try Dataset.load(csv: path, label: "y", kind: kind).train.values[1].int32s
    }

    private func feature(_ cells: [String]) throws -> DataSchema.Feature.Kind {
        let path = try folder.write("x,y\n" + cells.map { "\($0),a\n" }.joined(), to: "x.csv")
        return try DataSchema.infer(file: DataFile(path, label: "y")).schema.features[0].kind
    }

    private func expectFault(_ fault: CSVFault, line: Int, in texts: [String], _ kind: LabelKind = .automatic)
    {
        let position = CSVPosition(
            file: "\(folder.path)/x.csv", line: line, column: 2, columnName: "y")
        #expect(throws: DatasetError.csv(fault, at: position)) { try self.indices(texts, kind) }
    }

    @Test("text labels are classes in the order of their names")
    func text() throws {
        #expect(try kind(["malignant", "benign", "Benign"]) == .classes(["Benign", "benign", "malignant"]))
        #expect(try indices(["malignant", "benign", "malignant", "Benign"]) == [2, 1, 2, 0])
        #expect(try kind(["0xb", "0xA"]) == .classes(["0xA", "0xb"]))
    }

    @Test("few whole numbers are classes in the order of their values, however written")
    func wholeNumbers() throws {
        #expect(try kind(["10", "9", "-1", "9.0", "010"]) == .classes(["-1", "9", "10"]))
        #expect(try indices(["10", "9", "-1", "9.0"]) == [2, 1, 0, 1])
        #expect(try indices(["1", "01", "2", "1.0"]) == [0, 0, 1, 0])
    }

    @Test("many whole numbers, and any that are not whole, are numbers, unless told otherwise")
    func regression() throws {
        #expect(try kind(["1", "2.5"]) == .number)
        #expect(try kind((0...20).map(String.init)) == .number)
        #expect(try kind((0..<20).map(String.init)) == .classes((0..<20).map(String.init)))
        #expect(try kind((0..<26).map(String.init), .classes(nil)) == .classes((0..<26).map(String.init)))
        #expect(try kind(["0", "1"], .number) == .number)
        #expect(try kind(["b", "b"], .classes(["a", "b"])) == .classes(["a", "b"]))
        #expect(try indices(["b", "b"], .classes(["a", "b"])) == [1, 1])
    }

    @Test("strays among numbers are refused with their line")
    func strays() {
        expectFault(.missingLabel, line: 3, in: ["1", "n/a", "3"])
        expectFault(.missingLabel, line: 3, in: ["1", "NaN"])
        expectFault(.notFinite("-inf"), line: 2, in: ["-inf", "2"])
        expectFault(.strayLabel("x"), line: 4, in: ["1", "2", "x"] + (3...40).map(String.init))
        expectFault(.textCell("x"), line: 2, in: ["x"], .number)
        expectFault(.unknownClass("c", classes: ["a", "b"]), line: 3, in: ["a", "c"], .classes(["a", "b"]))
        expectFault(
            .tooManyClasses(count: 1_001, limit: 1_000), line: 2, in: (0...1_000).map { "name \($0)" })
    }

    @Test("a feature is a number if every cell is, else categories if they are few, else refused")
    func features() throws {
        #expect(try feature(["1", "-2.5e3", ".5", "NA", "?"]) == .number)
        #expect(try feature(["1", "high", "1"]) == .categories(["1", "high"]))
        #expect(try feature(["inf", "lat", "ant"]) == .categories(["ant", "inf", "lat"]))
        let texts = (0...20).map { "word \($0)" }
        #expect(try feature(Array(texts.dropLast())) == .categories(texts.dropLast().sorted()))
        let position = CSVPosition(file: "\(folder.path)/x.csv", line: 3, column: 1, columnName: "x")
        #expect(throws: DatasetError.csv(.tooManyCategories("word 0", limit: 20), at: position)) {
            try feature(["1"] + texts)
        }
    }

    @Test("what could be read in two ways is refused, naming the flag that decides")
    func ambiguous() throws {
        let path = try folder.write("a,b;c\n1,5;2\n", to: "x.csv")
        let error = #expect(throws: DatasetError.self) { try Dataset.load(csv: path, label: "y") }
        #expect(try #require(error).description.contains("--delimiter"))
        #expect(try DataSchema.infer(file: DataFile(path, label: "c")).schema.features.map(\.name) == ["a,b"])
        let mixed = try folder.write("a;b\n1,5;x\n1.5;y\n", to: "y.csv")
        let position = CSVPosition(file: mixed, line: 3, column: 1)
        #expect(throws: DatasetError.csv(.unclearDecimal("1.5", other: "1,5"), at: position)) {
            try Dataset.load(csv: mixed, label: "b")
        }
        let comma = try folder.write("a|b\n1,5|x\n", to: "z.csv")
        let file = DataFile(comma, label: "b", delimiter: "|", decimalMark: ",")
        #expect(try Dataset.load(file: file).train.values[0].floats == [1.5])
    }

    @Test("a column without a name that does not count is refused")
    func index() throws {
        let path = try folder.write(",x,y\n0,1,a\n2,1,a\n", to: "x.csv")
        #expect(throws: DatasetError.csv(.unnamedColumn, at: CSVPosition(file: path, line: 1, column: 1))) {
            try Dataset.load(csv: path, label: "y")
        }
    }
}
