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

    @Test("what is asked for as numbers or as certain classes is held against every label")
    func asked() {
        expectFault(.textCell("yes"), line: 3, in: ["1", "yes", "no"], .number)
        expectFault(.notFinite("1e999"), line: 3, in: ["1", "1e999"], .number)
        expectFault(.missingLabel, line: 2, in: ["NA", "?"], .number)
        for labels in [["sick", "well", "dead"], ["sick", "well", "7"], ["sick", "well", "inf"]] {
            expectFault(
                .unknownClass(labels[2], classes: ["well", "sick"]), line: 4, in: labels,
                .classes(["well", "sick"]))
        }
    }

    @Test("classes that no row has are said")
    func unseenClasses() throws {
        let path = try folder.write("x,y\n1,well\n2,well\n", to: "x.csv")
        let file = DataFile(path, label: "y", labelKind: .classes(["well", "sick"]))
        #expect(try DataSchema.infer(file: file).decisions.contains("no row of y is sick"))
    }

    @Test(
        "among numbers a cell that none can hold, or the column's own name, is no category",
        arguments: ["inf", "-Infinity", "+INF", "1e999", "-1e999"])
    func notNumbers(odd: String) throws {
        for cells in [["1", "2", odd], [odd, "1", "", "2"], ["1", odd, "x", "2"]] {
            let line = (cells.firstIndex(of: odd) ?? 0) + 2
            let position = CSVPosition(file: "\(folder.path)/x.csv", line: line, column: 1, columnName: "x")
            #expect(throws: DatasetError.csv(.notFinite(odd), at: position)) { try feature(cells) }
        }
        expectFault(.notFinite(odd), line: 3, in: ["1", odd])
        expectFault(.notFinite(odd), line: 3, in: ["1", odd], .classes(nil))
    }

    @Test("a header in the middle of a file is refused with its line, inferred or read by a schema")
    func repeatedHeader() throws {
        func position(_ line: Int, _ column: Int? = nil, _ name: String? = nil) -> CSVPosition {
            CSVPosition(file: "\(folder.path)/x.csv", line: line, column: column, columnName: name)
        }
        for text in ["x,y\n1,a\nx,y\n2,b\n", "x,y\nc,a\nx,y\nd,b\n"] {
            let path = try folder.write(text, to: "x.csv")
            #expect(throws: DatasetError.csv(.repeatedHeader(nil), at: position(3))) {
                try DataSchema.infer(file: DataFile(path, label: "y"))
            }
        }
        #expect(throws: DatasetError.csv(.repeatedHeader("x"), at: position(3, 1, "x"))) {
            try feature(["1", "x", "2"])
        }
        expectFault(.repeatedHeader("y"), line: 4, in: ["1", "2", "y"])
        expectFault(.repeatedHeader("y"), line: 4, in: ["1", "2", "y"], .classes(nil))
        #expect(try feature(["x", "lat", "ant"]) == .categories(["ant", "lat", "x"]))
        let path = try folder.write("x,y\n1,a\nx,y\n2,b\n", to: "x.csv")
        let schema = try DataSchema(
            features: [.init(name: "x")], label: .init(name: "y", kind: .classes(["a", "b"])))
        #expect(throws: DatasetError.csv(.repeatedHeader("x"), at: position(3, 1, "x"))) {
            try Dataset.load(file: DataFile(path), schema: schema)
        }
    }

    @Test("a name that is not there names the one that was meant")
    func nearNames() throws {
        let path = try folder.write("age,pulse,outcome\n1,2,a\n", to: "x.csv")
        func sentence(_ label: String, ignoring: [String] = [], schema: DataSchema? = nil) -> String {
            do {
                _ = try Dataset.load(file: DataFile(path, label: label, ignore: ignoring), schema: schema)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(sentence("Outcome").hasSuffix("did you mean 'outcome'?"))
        #expect(sentence("outcmoe").hasSuffix("did you mean 'outcome'?"))
        #expect(!sentence("result").contains("did you mean"))
        #expect(sentence("outcome", ignoring: ["Age"]).hasSuffix("did you mean 'age'?"))
        func schema(_ names: [String], by: String? = nil) throws -> DataSchema {
            try DataSchema(
                features: names.map { .init(name: $0) },
                label: .init(name: "outcome", kind: .classes(["a"])), test: .init(share: 0.2, by: by))
        }
        #expect(
            sentence("outcome", schema: try schema(["Age", "pulse"])).hasSuffix(
                "did you mean 'age' for 'Age'?"))
        #expect(
            sentence("outcome", schema: try schema(["age", "pulse"], by: "Pulse"))
                .hasSuffix("did you mean 'pulse'?"))
        #expect(!sentence("outcome", schema: try schema(["age", "pulse", "bp"])).contains("did you mean"))
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

    @Test(
        "a column that counts the rows is named; one that skips, stands still, lacks a cell or is short is not",
        arguments: [
            ("1 2 3 4 5", true), ("20000001 20000002 20000003 20000004 20000005", true),
            ("-2 -1 0 1.0 2", true),
            ("1 2 3 4", false), ("1 2 3 4 6", false), ("1 1 2 3 4 5", false), ("5 4 3 2 1", false),
            ("1 2 NA 4 5 6", false), ("1 2 NA 3 4 5", false), ("1.5 2.5 3.5 4.5 5.5", false),
        ])
    func identifiers(values: String, isNamed: Bool) throws {
        let cells = values.split(separator: " ")
        let rows = cells.enumerated().map { "\($1),\($0 % 3),\($0 % 2)\n" }
        let path = try folder.write("patient_id,age,y\n" + rows.joined(), to: "x.csv")
        let decisions = try DataSchema.infer(file: DataFile(path, label: "y")).decisions
        let line = "patient_id: a number that counts the rows; --ignore it if it is an identifier"
        #expect(decisions.contains(line) == isNamed, "\(decisions)")
        #expect(!decisions.contains { $0.hasPrefix("age: a number that") })
    }
}
