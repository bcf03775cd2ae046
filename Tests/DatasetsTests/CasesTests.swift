import Datasets
import Tensor
import TestSupport
import Testing

/// The inputs from the field, row by row, for what this room decides.
@Suite struct CasesTests {
    private func load(_ name: String, label: String = "outcome", schema: DataSchema? = nil) throws -> Dataset
    {
        try Dataset.load(file: DataFile(Fixtures.fieldCase("\(name).csv"), label: label), schema: schema)
    }

    private func site(_ name: String, schema: DataSchema? = nil) throws -> Dataset {
        try load("sites/\(name)/patients", schema: schema)
    }

    private func rows(_ dataset: Dataset) throws -> [Float] {
        try dataset.train.values[0].floats + (dataset.test?.values[0].floats ?? [])
    }

    private func column(_ dataset: Dataset, _ index: Int = 0) throws -> [Double] {
        let width = dataset.train.values[0].shape[1]
        return try rows(dataset).enumerated().filter { $0.offset % width == index }.map { Double($0.element) }
    }

    private func expectFault(_ name: String, _ fault: CSVFault, line: Int, column: Int, columnName: String) {
        let position = CSVPosition(
            file: Fixtures.fieldCase("\(name).csv"), line: line, column: column, columnName: columnName)
        #expect(throws: DatasetError.csv(fault, at: position)) { try load(name) }
    }

    @Test("sites infer the same contract, and hold out a fifth each: 792 rows to learn from")
    func sites() throws {
        let sites = try ["north", "south", "west"].map { try site($0) }
        #expect(sites.map(\.train.rowCount).reduce(0, +) == 792)
        #expect(Set(sites.map(\.schema)).count == 1)
        #expect(sites[0].contract?.columnNames == ["age", "bp", "chol", "outcome"])
        #expect(sites[0].contract?.label.kind == .classes(["sick", "well"]))
        #expect(try site("east").train.rowCount == 240)
    }

    @Test("columns go by name, whatever the file's order", arguments: ["north", "south"])
    func reordered(name: String) throws {
        let (plain, swapped) = (try site(name), try site("\(name)_reordered"))
        #expect(plain.train.values == swapped.train.values)
        #expect(plain.test?.values == swapped.test?.values)
        let schema = try #require(plain.contract)
        #expect(try site("\(name)_reordered", schema: schema).train.values == plain.train.values)
    }

    @Test("other columns, classes and counts of them are refused with both sides named")
    func misfits() throws {
        let schema = try #require(try site("north").contract)
        let renamed = #expect(throws: DatasetError.self) { try site("renamed", schema: schema) }
        let sentence = try #require(renamed).description
        #expect(
            sentence.hasSuffix(
                "age is missing, bp is missing, chol is missing, weight is new, height is new, glucose is new; "
                    + "the schema has age, bp, chol, outcome, the file weight, height, glucose, outcome"))
        let narrow = #expect(throws: DatasetError.self) { try site("narrow", schema: schema) }
        #expect(try #require(narrow).description.contains("chol is missing; the schema has"))
        for name in ["three", "west_yn", "south_yn"] {
            let error = #expect(throws: DatasetError.self) { try site(name, schema: schema) }
            #expect(try #require(error).description.contains("is none of the classes sick, well"))
        }
    }

    @Test(
        "columns of any size are read as float32 holds them",
        arguments: [
            ("num_lat", 46.7708524, 0.00304362), ("num_kelvin", 310.152538, 0.0828891),
            ("num_year", 2_020.045, 1.18447), ("num_epoch_s", 1.70000359e9, 243_604),
            ("num_tiny", 3.02005093e-24, 9.6776e-25), ("num_const", 5, 0),
        ])
    func numbers(name: String, mean: Double, deviation: Double) throws {
        let dataset = try load("numbers/\(name)")
        #expect(dataset.contract?.features.map(\.name) == ["bp", "chol", "x0"])
        let values = try column(dataset, 2)
        let found = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(values.count)
        #expect(abs(found - mean) <= max(abs(mean) * 1e-7, deviation * 0.01))
        #expect(abs(square.squareRoot() - deviation) <= deviation * 1e-2)
    }

    @Test(
        "labels are classes as the field writes them",
        arguments: [
            ("lab_inf", ["ant", "inf", "lat"]), ("lab_stage", ["1", "2", "3a", "3b"]),
            ("lab_yesno", ["no", "yes"]), ("lab_negative", ["-1", "1"]),
        ])
    func labels(name: String, classes: [String]) throws {
        #expect(try load("labels/\(name)").schema["outcome"]?.classes == classes)
    }

    @Test("a label without a value is refused with its line")
    func missingLabel() throws {
        expectFault("labels/lab_nan_text", .missingLabel, line: 202, column: 4, columnName: "outcome")
        let file = DataFile(Fixtures.fieldCase("labels/lab_nan_text.csv"), label: "outcome")
        let schema = try DataSchema.infer(file: file).schema.replacing(missing: .dropRow)
        let dataset = try Dataset.load(file: file, schema: schema)
        #expect(dataset.notices == ["1 row without outcome dropped"])
    }

    @Test("classes with line breaks and labels with quotation marks survive their schema's file")
    func odd() throws {
        let dataset = try load("labels/lab_odd", label: "the, \"label\"")
        let schema = try #require(dataset.contract)
        #expect(schema.label.classes?.contains("two\nlines") == true)
        #expect(try DataSchema(yaml: schema.yaml) == schema)
    }

    @Test(
        "dialects are found out and said",
        arguments: [
            ("semicolon", ["cells are separated by ';'"]), ("tab", ["cells are separated by tab"]),
            ("decimal_comma", ["cells are separated by ';'", "numbers have a decimal comma"]),
            ("cr_only", []),
            ("pandas_index", ["column 1 has no name and counts rows: ignored"]), ("bom_crlf", []),
        ])
    func dialects(name: String, notices: [String]) throws {
        let dataset = try load("dialects/\(name)")
        #expect(dataset.notices == notices)
        let plain = try load("dialects/tab")
        #expect(dataset.train.values == plain.train.values)
        #expect(dataset.test?.values == plain.test?.values)
    }

    @Test("a byte of zero and dates are refused with line and column")
    func refused() {
        let nul = CSVPosition(file: Fixtures.fieldCase("dialects/nul_inside.csv"), line: 2, column: 1)
        #expect(throws: DatasetError.csv(.nulByte, at: nul)) { try load("dialects/nul_inside") }
        expectFault("dialects/feat_date", .dateCell("2026-01-01"), line: 2, column: 1, columnName: "age")
    }

    @Test(
        "a missing cell is refused, or what the schema says",
        arguments: ["missing_q", "missing_NA", "missing_empty"])
    func missing(name: String) throws {
        expectFault("dialects/\(name)", .missingValue, line: 12, column: 1, columnName: "age")
        let file = DataFile(Fixtures.fieldCase("dialects/\(name).csv"), label: "outcome")
        let inference = try DataSchema.infer(file: file)
        #expect(
            inference.decisions.contains {
                $0.hasPrefix("1 cell of age has no value, the first in line 12")
            })
        let plain = try load("dialects/tab")
        let count = plain.train.rowCount + (plain.test?.rowCount ?? 0)
        for (missing, kept) in [(DataSchema.Missing.mean, count), (.zero, count), (.dropRow, count - 1)] {
            let table = try Dataset.table(file: file, schema: inference.schema.replacing(missing: missing))
                .table
            #expect(table.rowCount == kept)
            #expect(table.schema.missing == missing)
            let floats = try table.values[0].floats
            #expect(floats.filter(\.isNaN).count == (missing == .mean ? 1 : 0))
            #expect(missing != .zero || floats[30] == 0)
        }
    }

    @Test("M and F are categories, one number each in their order")
    func categories() throws {
        let dataset = try load("dialects/feat_sex")
        #expect(dataset.contract?.features.first?.kind == .categories(["F", "M"]))
        #expect(dataset.schema["features"]?.rowShape.dimensions == [4])
        #expect(dataset.schema["features"]?.features == dataset.contract?.features)
        let (female, male) = (try column(dataset, 0), try column(dataset, 1))
        #expect(zip(female, male).allSatisfy { $0 + $1 == 1 && $0 * $1 == 0 })
    }

    @Test("a column to hold out by that is not there is missing, not passed over")
    func heldOutByNothing() throws {
        let file = DataFile(Fixtures.fieldCase("sites/north/patients.csv"), label: "outcome")
        let schema = try DataSchema.infer(file: file).schema
        let other = try schema.replacing(test: .init(share: 0.2, by: "patient"))
        let error = #expect(throws: DatasetError.self) { try Dataset.load(file: file, schema: other) }
        #expect("\(try #require(error))".contains("patient is missing"))
        let columns: [String: ColumnValues] = [
            "age": [1, 2], "bp": [1, 2], "chol": [1, 2], "outcome": .texts(["sick", "well"]),
        ]
        #expect(throws: DatasetError.self) { try Dataset(name: "p", columns: columns, schema: other) }
    }
}
